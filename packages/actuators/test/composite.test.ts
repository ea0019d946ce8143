import { type Actuator, type ActuatorCapabilities, defineActuator, type Plugin, use } from '@auspex/contracts';
import { fakeContext, ManualClock, runLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { composite } from '../src/composite/index.ts';
import { actuatorOver } from '../src/target/index.ts';
import { MemoryTarget } from './fakes/memory.ts';
import { MINUTE, never, order, START as STEP } from './orders.ts';

function part(id: string, target = new MemoryTarget(), lease: ActuatorCapabilities['lease'] = 'keeper') {
  const closed: string[] = [];
  const plugin = defineActuator({
    id,
    summary: 'A test.',
    config: z.strictObject({ name: z.string().default(id).describe('Any.') }),
    capabilities: { lease },
    create: (_, context) => ({
      ...bound(actuatorOver(target, { plugin: id, patience: 0, handsOff: 0 }, context)),
      close: async () => void closed.push(id),
    }),
  });
  return { plugin: plugin as unknown as Plugin<'actuator'>, target, closed };
}
const bound = (actuator: Actuator): Actuator => ({
  actuate: (...given) => actuator.actuate(...given),
  read: (...given) => actuator.read(...given),
  ...(actuator.restore ? { restore: (...given) => (actuator.restore as NonNullable<Actuator['restore']>)(...given) } : {}),
});

const create = (plugin: Plugin<'actuator'>): Actuator => plugin.create({}, fakeContext());

it('the laws hold for two parts', async () => {
  const { results } = await runLaws(() => {
    const [hosts, traffic] = [part('hosts'), part('traffic')];
    const both = (pool: string) => [hosts.target.held(pool), traffic.target.held(pool)];
    return {
      plugin: composite({ routes: [{ to: [use(hosts.plugin), use(traffic.plugin)] }] }),
      target: {
        state: (pool) => ({
          units: Math.min(...both(pool).map(({ units }) => units)),
          ready: Math.min(...both(pool).map(({ ready }) => ready)),
        }),
        settle: (pool) => {
          for (const held of both(pool)) held.ready = held.units;
        },
        changes: () => hosts.target.changes + traffic.target.changes,
        fail: (on) => {
          hosts.target.failing = on;
        },
      },
    };
  });
  const odd = results.filter(({ outcome }) => outcome !== 'holds').map(({ law, seen }) => ({ law, seen }));
  expect(odd).toEqual([{ law: 'a floor that is not renewed lapses', seen: 'it declares lease: keeper' }]);
});

describe('routes', () => {
  it('take pools to their actuators, the first that fits', async () => {
    const [web, rest] = [part('web'), part('rest')];
    const actuator = create(composite({ routes: [{ pools: ['web*', 'shop.1'], to: use(web.plugin) }, { to: use(rest.plugin) }] }));
    for (const [n, pool] of ['web-1', 'shop.1', 'shopx1', 'api'].entries()) await actuator.actuate(order(n, 5, { pool }), never);
    expect(web.target.written.map(({ pool }) => pool)).toEqual(['web-1', 'shop.1']);
    expect(rest.target.written.map(({ pool }) => pool)).toEqual(['shopx1', 'api']);
    const narrow = create(composite({ routes: [{ pools: ['web'], to: use(web.plugin) }] }));
    await expect(narrow.read('api', never)).rejects.toThrow('no route leads to pool "api"');
  });

  it('are somebody else’s where each part that refuses is, and refused where another part is broken', async () => {
    const refusing = (id: string, leftUntil?: number): Plugin<'actuator'> =>
      defineActuator({
        id,
        summary: 'A test.',
        config: z.strictObject({}),
        capabilities: { lease: 'none' },
        create: () => ({
          actuate: async ({ key, pool }) => ({
            key,
            pool,
            status: 'refused',
            units: 1,
            ready: 1,
            ...(leftUntil !== undefined && { leftUntil }),
          }),
          read: async () => ({ units: 1, ready: 1 }),
        }),
      }) as unknown as Plugin<'actuator'>;
    const answer = (...parts: Plugin<'actuator'>[]) =>
      create(composite({ routes: [{ to: parts.map((each) => use(each)) }] })).actuate(order(0, 5), never);
    expect(await answer(refusing('a', STEP + MINUTE), part('b').plugin, refusing('c', STEP + 2 * MINUTE))).toMatchObject({
      status: 'refused',
      leftUntil: STEP + MINUTE,
    });
    expect((await answer(refusing('a', STEP + MINUTE), refusing('b'))).leftUntil).toBeUndefined();
  });

  it('one that fails blocks no other, and is named', async () => {
    const [hosts, traffic] = [part('hosts'), part('traffic')];
    const actuator = create(composite({ routes: [{ to: [use(hosts.plugin), use(traffic.plugin)] }] }));
    hosts.target.failing = true;
    await expect(actuator.actuate(order(0, 5), never)).rejects.toThrow(/^hosts: the target is gone/);
    expect(traffic.target.held('web').units).toBe(5);
    await expect(actuator.read('web', never)).rejects.toThrow('hosts: the target is gone');
    hosts.target.failing = false;
    // The same order once more: the part that has it says so, the other gets it.
    expect(await actuator.actuate(order(0, 5), never)).toMatchObject({ status: 'applied', units: 5 });
    expect(hosts.target.held('web').units).toBe(5);
  });

  it('hold what the least of their parts holds, and one refusal is the answer', async () => {
    const [hosts, traffic] = [part('hosts'), part('traffic')];
    traffic.target.most = 3;
    const actuator = create(composite({ routes: [{ to: [use(hosts.plugin), use(traffic.plugin)] }] }));
    const receipt = await actuator.actuate(order(0, 5), never);
    expect(receipt).toMatchObject({ status: 'applied', units: 3, detail: 'traffic: 5 wanted, and the target allows 3 at most' });
    expect(await actuator.actuate(order(1, 5, { min: 4 }), never)).toMatchObject({ status: 'refused', units: 3 });
  });

  it('bring back what each part promised', async () => {
    const [hosts, traffic] = [part('hosts'), part('traffic')];
    const plugin = composite({ routes: [{ to: [use(hosts.plugin), use(traffic.plugin)] }] });
    const clock = new ManualClock(STEP);
    const made = (): Actuator => plugin.create({}, fakeContext({ clock }));
    await made().actuate(order(0, 5, { expires: STEP + MINUTE }), never);
    await clock.advance(2 * MINUTE);
    expect(await made().restore?.('web', never)).toEqual({ pool: 'web', from: 5, units: 1, expired: STEP + MINUTE });
    expect([hosts.target.held('web').units, traffic.target.held('web').units]).toEqual([1, 1]);
    expect(await made().restore?.('web', never)).toBeUndefined();
  });

  it('close all their parts', async () => {
    const [hosts, traffic] = [part('hosts'), part('traffic')];
    await create(composite({ routes: [{ to: [use(hosts.plugin), use(traffic.plugin)] }] })).close?.();
    expect([...hosts.closed, ...traffic.closed]).toEqual(['hosts', 'traffic']);
  });

  it.each([
    [['target', 'keeper'], 'keeper'],
    [['keeper', 'none'], 'none'],
    [['target', 'target'], 'target'],
  ] as const)('promise of %j no more than %s', (leases, least) => {
    const parts = leases.map((lease, n) => use(part(`p${n}`, new MemoryTarget(), lease).plugin));
    expect(composite({ routes: [{ to: parts }] }).capabilities.lease).toBe(least);
  });
});

describe('what is wrong with routes', () => {
  it.each([
    ['no route', [], 'CONFIG_INVALID', 'composite.routes: there is no route'],
    ['a route to nothing', [{ to: [] }], 'CONFIG_INVALID', 'composite.routes[0]: the route leads to nothing'],
    ['a name', [{ to: { use: 'kubernetes' } }], 'PLUGIN_INVALID', 'composite.routes[0].to: "kubernetes" is a name'],
    ['a wrong option', [{ to: [use(part('hosts').plugin, { nam: 'x' } as never)] }], 'CONFIG_INVALID', 'composite.routes[0].to[0](hosts)'],
  ])('%s', (_, routes, code, message) => {
    expect(() => composite({ routes: routes as never })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

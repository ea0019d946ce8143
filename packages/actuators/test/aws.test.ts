import { readdirSync, readFileSync } from 'node:fs';
import type { Actuator, Order, PluginContext } from '@auspex/contracts';
import { loadPeer } from '@auspex/contracts';
import { fakeContext, ManualClock, RecordingLogger, runLaws } from '@auspex/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientConfig } from '../src/aws/caller.ts';
import { awsError } from '../src/aws/errors.ts';
import { awsConfig } from '../src/aws/index.ts';
import { decodeMark, encodeMark, LIMIT } from '../src/aws/mark.ts';
import { createAwsActuator } from '../src/aws/plugin.ts';
import { SdkGroups } from '../src/aws/sdk-groups.ts';
import { Conflict, Refused, Unavailable } from '../src/target/index.ts';
import { FakeAws, makeAwsCase } from './fakes/aws.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);
const never = new AbortController().signal;

const order = (n: number, units: number, given: Partial<Order> = {}): Order => {
  const step = START + n * MINUTE;
  const pool = given.pool ?? 'web';
  const key = `${pool}@${new Date(step).toISOString().replace('.000Z', 'Z')}`;
  return { key, pool, pop: '*', units, min: 1, max: 20, epoch: 1, shadow: false, step, ...given };
};
const floor = (n: number, units: number, given: Partial<Order> = {}): Order =>
  order(n, units, { expires: START + (n + 3) * MINUTE, ...given });

/** A clock that goes on where somebody sleeps, and with the fake. */
class Clock extends ManualClock {
  override async sleep(ms: number): Promise<void> {
    await this.advance(ms);
  }
}

function setUp(pools: object = { web: { autoScalingGroup: 'web-asg' }, api: { ecsService: 'default/api' } }, more: object = {}) {
  const fake = new FakeAws();
  const [web, api] = [fake.add('web-asg', 'web'), fake.add('default/api', 'api')];
  const clock = new Clock(START);
  const logger = new RecordingLogger();
  const options = awsConfig.parse({ pools, patience: '2s', ...more });
  const context = fakeContext({ clock, logger });
  const create = (given: Partial<PluginContext> = {}): Actuator => createAwsActuator(options, { ...context, ...given }, fake);
  /** Both times go on together. */
  const reach = async (minutes: number): Promise<void> => {
    await clock.advance(START + minutes * MINUTE - clock.now());
    fake.reach(clock.now());
  };
  return { fake, web, api, clock, logger, create, reach, actuator: create() };
}

describe('laws of actuators', () => {
  const skipped = ['a keeper brings the original back'];
  it.each([
    ['group', 'min', skipped],
    ['group', 'desired', skipped],
    ['service', 'min', skipped],
    ['service', 'desired', ['a floor that is not renewed lapses', ...skipped]],
  ] as const)('hold for a %s by its %s', async (first, set, without) => {
    const { results } = await runLaws(() => makeAwsCase(first, set));
    expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ law }) => law)).toEqual(without);
  });
});

describe('a floor over a group', () => {
  it('arms the way back before it raises, and marks what was there', async () => {
    const { fake, web, actuator } = setUp();
    expect(await actuator.actuate(floor(0, 6), never)).toMatchObject({ status: 'applied', units: 6, ready: 2 });
    const changes = fake.calls.filter((call) => /^(schedule|tag|set)/.test(call));
    expect(changes).toEqual(['schedule web-asg', 'tag web-asg', 'setMin web-asg', 'tag web-asg']);
    expect(web.actions.get('auspex-restore')).toEqual({ name: 'auspex-restore', at: START + 3 * MINUTE, min: 2 });
    expect(web.group.tags['auspex:lease']).toBe(`units=6 original=2 step=${START} epoch=1 expires=${START + 3 * MINUTE}`);
  });

  it('is put off by each renewal, with two calls that change something', async () => {
    const { fake, web, actuator, reach } = setUp();
    await actuator.actuate(floor(0, 6), never);
    for (let minute = 1; minute <= 9; minute++) {
      await reach(minute);
      fake.calls.length = 0;
      expect((await actuator.actuate(floor(minute, 6), never)).status).toBe('applied');
      expect(fake.calls).toEqual(
        ['describe', 'schedule', 'tag', 'describe'].flatMap((call) => [
          `${call} web-asg`,
          ...(call === 'describe' ? ['trouble web-asg'] : []),
        ]),
      );
      expect(web.group.min).toBe(6);
    }
    await reach(12);
    expect(web.group.min).toBe(2);
    // Auspex is back: what AWS gave back is no change by somebody else.
    expect(await actuator.actuate(floor(12, 5), never)).toMatchObject({ status: 'applied', units: 5 });
    await reach(15);
    expect(web.group.min).toBe(2);
  });

  it('rounds its end up to the second', async () => {
    const { web, actuator } = setUp();
    await actuator.actuate(floor(0, 6, { expires: START + 90_001 }), never);
    expect([...web.actions.values()][0]?.at).toBe(START + 91_000);
  });

  it('that ends before it can be set is refused', async () => {
    const { web, actuator } = setUp();
    const receipt = await actuator.actuate(floor(0, 6, { expires: START + 1_000 }), never);
    expect(receipt).toMatchObject({ status: 'refused', detail: 'the floor ends at 2026-01-05T00:00:01.000Z, before it could be set' });
    expect(web.group.min).toBe(2);
  });

  it('never lowers the minimum that was there', async () => {
    const { web, actuator } = setUp();
    expect(await actuator.actuate(floor(0, 1), never)).toMatchObject({ status: 'applied', units: 2 });
    expect(web.group.min).toBe(2);
  });

  it('is cut at the maximum of the group', async () => {
    const { web, actuator } = setUp();
    web.group.max = 8;
    expect(await actuator.actuate(floor(0, 12), never)).toMatchObject({
      status: 'applied',
      units: 8,
      detail: '12 wanted, and the target allows 8 at most',
    });
  });

  it('is taken back where full control begins, with nothing left that would undo it', async () => {
    const { web, actuator, reach } = setUp();
    await actuator.actuate(floor(0, 6), never);
    await actuator.actuate(order(1, 5), never);
    expect(web.actions.size).toBe(0);
    await reach(60);
    expect(web.group.min).toBe(5);
  });

  it('leaves nothing behind that would undo full control, also where nobody knows of it', async () => {
    const { web, actuator, reach } = setUp();
    // A crash right after the way back was put: there is no mark yet.
    web.actions.set('auspex-restore', { name: 'auspex-restore', at: START + 3 * MINUTE, min: 2 });
    await actuator.actuate(order(0, 5), never);
    await reach(60);
    expect(web.group.min).toBe(5);
  });

  it('is refused while scheduled actions are suspended, and nothing is raised while launches are', async () => {
    const { web, actuator } = setUp();
    web.group.suspended = ['ScheduledActions'];
    expect((await actuator.actuate(floor(0, 6), never)).detail).toBe(
      'Auto Scaling group web-asg would keep a floor for ever: its process ScheduledActions is suspended',
    );
    web.group.suspended = ['Launch'];
    expect((await actuator.actuate(order(1, 6), never)).detail).toMatch(/starts nothing: its process Launch is suspended/);
    expect(web.group.min).toBe(2);
    // Fewer is possible.
    expect(await actuator.actuate(order(2, 1), never)).toMatchObject({ status: 'applied', units: 1 });
  });

  it('is refused where nobody would take the units out again', async () => {
    const { web, actuator } = setUp();
    web.policies = [{ name: 'forecast', kind: 'predictive' }];
    expect((await actuator.actuate(floor(0, 6), never)).detail).toMatch(/has no dynamic scaling policy: .* set: 'desired'/);
    expect([web.group.min, web.actions.size]).toEqual([2, 0]);
    const elsewhere = setUp({ web: { autoScalingGroup: 'web-asg', scaleIn: 'elsewhere' } });
    elsewhere.web.policies = [];
    expect((await elsewhere.actuator.actuate(floor(0, 6), never)).status).toBe('applied');
    // Fewer needs nobody.
    expect(await actuator.actuate(order(1, 1), never)).toMatchObject({ status: 'applied', units: 1 });
  });

  it('goes beside predictive scaling, and says so', async () => {
    const { web, actuator } = setUp();
    web.policies = [...web.policies, { name: 'forecast', kind: 'predictive' }];
    expect(await actuator.actuate(floor(0, 6), never)).toMatchObject({
      status: 'applied',
      detail: 'predictive scaling acts too (forecast)',
    });
    web.policies = [{ name: 'cpu', kind: 'dynamic' }];
    expect(await actuator.actuate(floor(1, 7), never)).not.toHaveProperty('detail');
  });
});

describe('a crash', () => {
  const calls = ['schedule', 'tag', 'setMin'];
  // The second tag is a later call of the same name.
  it.each([...calls.flatMap((call) => [[call, 'before', 1] as const, [call, 'after', 1] as const]), ['tag', 'before', 2] as const])(
    'at the call %s, %s its effect (%i.), is safe and nobody else’s change',
    async (call, when, nth) => {
      const { fake, web, create, reach } = setUp();
      let seen = 0;
      const die = (at: string): void => {
        if (at === call && ++seen === nth) throw new Error('the process is gone');
      };
      if (when === 'before') fake.fault = die;
      else fake.lost = die;
      await expect(create().actuate(floor(0, 6), never)).rejects.toThrow('the process is gone');
      fake.fault = undefined;
      fake.lost = undefined;
      // It is started again, is told the same, and goes on.
      const actuator = create();
      expect(['applied', 'duplicate']).toContain((await actuator.actuate(floor(0, 6), never)).status);
      expect(await actuator.actuate(floor(1, 7), never)).toMatchObject({ status: 'applied', units: 7 });
      await reach(30);
      expect(web.group.min).toBe(2);
    },
  );

  it.each(calls)('at the call %s with nobody coming back leaves no floor for ever', async (call) => {
    for (const hook of ['fault', 'lost'] as const) {
      const { fake, web, create, reach } = setUp();
      fake[hook] = (at) => {
        if (at === call) throw new Error('the process is gone');
      };
      await expect(create().actuate(floor(0, 6), never)).rejects.toThrow('the process is gone');
      fake[hook] = undefined;
      await reach(30);
      expect(web.group.min).toBe(2);
    }
  });
});

it('whatever is cut off, lost, or set by others: in the end no floor is left, and what is there somebody has set', async () => {
  const call = fc.constantFrom('describe', 'policies', 'schedule', 'unschedule', 'tag', 'setMin');
  const event = fc.record({
    wait: fc.integer({ min: 0, max: 5 }),
    units: fc.integer({ min: 1, max: 20 }),
    last: fc.integer({ min: 0, max: 4 }),
    cut: fc.option(fc.record({ call, nth: fc.integer({ min: 1, max: 2 }), lost: fc.boolean(), busy: fc.boolean() })),
    restart: fc.boolean(),
    human: fc.option(fc.integer({ min: 1, max: 20 }), { freq: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('web', 'api'), fc.array(event, { minLength: 1, maxLength: 15 }), async (pool, events) => {
      const world = setUp();
      const target = world[pool as 'web' | 'api'];
      const held = (): number | undefined => (pool === 'web' ? target.group.min : target.target?.min);
      const set = new Set([2]);
      let minute = 0;
      let actuator = world.create();
      for (const { wait, units, last, cut, restart, human } of events) {
        minute += wait;
        await world.reach(Math.max(minute, Math.ceil((world.clock.now() - START) / MINUTE)));
        if (human !== null) {
          target.min(human);
          set.add(human);
        }
        let seen = 0;
        const hook = (at: string): void => {
          if (cut && at === cut.call && ++seen === cut.nth) throw cut.busy ? new Unavailable('busy') : new Error('the process is gone');
        };
        world.fake.fault = cut?.lost === false ? hook : undefined;
        world.fake.lost = cut?.lost === true ? hook : undefined;
        if (restart) actuator = world.create();
        await actuator.actuate(floor(minute, units, { pool, expires: world.clock.now() + last * MINUTE }), never).catch(() => undefined);
        expect(target.group.min).toBeLessThanOrEqual(20);
      }
      world.fake.fault = undefined;
      world.fake.lost = undefined;
      await world.reach(minute + 600);
      expect([...set]).toContain(held());
      expect(target.actions.size).toBe(0);
    }),
    { numRuns: 400 },
  );
});

describe('somebody else', () => {
  it('who sets the minimum is seen, reported and left alone; nothing fires against it', async () => {
    const { web, actuator, logger, reach } = setUp();
    await actuator.actuate(floor(0, 6), never);
    web.min(9);
    const receipt = await actuator.actuate(floor(1, 6), never);
    expect(receipt).toMatchObject({ status: 'refused', units: 9 });
    expect(receipt.detail).toMatch(/somebody else set 9 where Auspex had set 6: left alone until 2026-01-05T01:00:00Z/);
    expect(logger.lines.some(({ message }) => /left alone/.test(message))).toBe(true);
    expect(web.actions.size).toBe(0);
    await reach(30);
    expect(web.group.min).toBe(9);
    // After that it is what a floor goes back to.
    await reach(61);
    expect(await actuator.actuate(floor(61, 12), never)).toMatchObject({ status: 'applied', units: 12 });
    await reach(90);
    expect(web.group.min).toBe(9);
  });

  it.each([
    [{ 'eks:nodegroup-name': 'workers' }, 'min', /belongs to the EKS managed node group workers \(tag eks:nodegroup-name\)/],
    [{ 'elasticbeanstalk:environment-name': 'shop' }, 'min', /the Elastic Beanstalk environment shop/],
    [{ 'k8s.io/cluster-autoscaler/enabled': 'true' }, 'desired', /belongs to the Kubernetes cluster autoscaler \(tag/],
    [{ AmazonECSManaged: '' }, 'desired', /belongs to an ECS capacity provider \(tag AmazonECSManaged\)/],
  ] as const)('who owns a group with the tags %j is named (%s)', async (tags, set, text) => {
    const { fake, web, actuator } = setUp({ web: { autoScalingGroup: 'web-asg', set } });
    web.policies = [];
    web.group.tags = tags;
    const receipt = await actuator.actuate(order(0, 6), never);
    expect(receipt).toMatchObject({ status: 'refused', units: 0, ready: 0 });
    expect(receipt.detail).toMatch(text);
    await expect(actuator.read('web', never)).rejects.toThrow(text);
    expect(fake.changes).toBe(0);
  });

  it('who sets only the desired count does not mind a minimum', async () => {
    const { web, actuator } = setUp();
    web.group.tags = { 'k8s.io/cluster-autoscaler/enabled': 'true', AmazonECSManaged: '' };
    expect((await actuator.actuate(floor(0, 6), never)).status).toBe('applied');
  });

  it.each(['dynamic', 'predictive'] as const)('a %s policy is in charge of the desired count', async (kind) => {
    const { web, actuator } = setUp({ web: { autoScalingGroup: 'web-asg', set: 'desired' } });
    web.policies = [{ name: 'cpu', kind }];
    expect((await actuator.actuate(order(0, 6), never)).detail).toMatch(/is set by its scaling policies \(cpu\): use set: 'min'/);
    expect(web.group.desired).toBe(2);
    web.policies = [{ name: 'cpu', kind: 'idle' }];
    expect((await actuator.actuate(order(1, 6), never)).status).toBe('applied');
  });

  it('instances of another epoch are refused, also where the store is another one', async () => {
    const { web, create } = setUp();
    await create().actuate(floor(0, 6, { epoch: 4 }), never);
    const paused = create({ store: fakeContext().store });
    expect((await paused.actuate(floor(1, 3, { epoch: 3 }), never)).detail).toMatch(
      /^epoch 3 is older than 4: another instance leads, or the store is another one/,
    );
    expect(web.group.min).toBe(6);
  });

  it('a tag that is no mark stops everything: the original is unknown', async () => {
    const { fake, web, actuator } = setUp();
    web.group.tags = { 'auspex:lease': 'mine' };
    expect((await actuator.actuate(floor(0, 6), never)).detail).toMatch(/the tag auspex:lease of Auto Scaling group web-asg is no record/);
    expect(fake.changes).toBe(0);
  });
});

describe('the desired count of a group', () => {
  const desired = { web: { autoScalingGroup: 'web-asg', set: 'desired' } };

  it('stays within its sizes, though the API of an emulator would take more', async () => {
    const { web, actuator } = setUp(desired);
    Object.assign(web, { policies: [] });
    Object.assign(web.group, { min: 2, max: 8 });
    expect(await actuator.actuate(order(0, 12), never)).toMatchObject({ units: 8, detail: '12 wanted, and the target allows 8 at most' });
    expect(await actuator.actuate(order(1, 1), never)).toMatchObject({ units: 2, detail: '1 wanted, and the target keeps 2 at least' });
    expect(await actuator.actuate(order(2, 20, { min: 10 }), never)).toMatchObject({ status: 'refused' });
    expect(web.group.desired).toBe(2);
  });

  it('goes back when its floor ends', async () => {
    const { web, actuator, reach } = setUp(desired);
    web.policies = [];
    await actuator.actuate(floor(0, 6), never);
    expect(web.actions.get('auspex-restore')).toEqual({ name: 'auspex-restore', at: START + 3 * MINUTE, desired: 2 });
    await reach(4);
    expect(web.group.desired).toBe(2);
  });
});

describe('an ECS service', () => {
  const api = { pool: 'api' };

  it('gets its minimum from a scalable target, and a way back', async () => {
    const { api: service, actuator, reach } = setUp();
    expect(await actuator.actuate(floor(0, 6, api), never)).toMatchObject({ status: 'applied', units: 6, ready: 2 });
    expect(service.service.tags['auspex:lease']).toMatch(/^units=6 original=2 /);
    await reach(4);
    expect(service.target?.min).toBe(2);
    await actuator.actuate(floor(4, 6, api), never);
    await actuator.actuate(order(5, 5, api), never);
    await reach(60);
    expect([service.target?.min, service.actions.size]).toEqual([5, 0]);
  });

  it('costs 8 calls a cycle, and 3 more where something changes', async () => {
    const { fake, api: service, actuator } = setUp();
    const cycle = async (n: number, units: number): Promise<number> => {
      fake.calls.length = 0;
      await actuator.read('api', never);
      expect((await actuator.actuate(floor(n, units, api), never)).status).toBe('applied');
      service.settle();
      return fake.calls.length;
    };
    expect([await cycle(0, 6), await cycle(1, 6), await cycle(2, 7)]).toEqual([11, 8, 11]);
  });

  it('is cut at the maximum of its scalable target, and may be deployed by anybody', async () => {
    const { api: service, actuator } = setUp();
    service.target = { min: 2, max: 8, noSchedule: false };
    service.service.controller = 'CODE_DEPLOY';
    expect(await actuator.actuate(floor(0, 12, api), never)).toMatchObject({
      units: 8,
      detail: '12 wanted, and the target allows 8 at most',
    });
  });

  it.each([
    ['has no scalable target', { target: undefined }, /has no scalable target: register one/],
    [
      'has scheduled scaling suspended',
      { target: { min: 2, max: 40, noSchedule: true } },
      /would keep a floor for ever: scheduled scaling/,
    ],
    ['has no policy', { policies: [] }, /has no dynamic scaling policy/],
    ['is gone', { gone: true }, /there is no ECS service default\/api/],
  ])('that %s is refused', async (_, broken, text) => {
    const { api: service, actuator } = setUp();
    Object.assign(service, broken);
    expect((await actuator.actuate(floor(0, 6, api), never)).detail).toMatch(text);
  });

  it.each([
    [{ status: 'DRAINING' }, /is being deleted/],
    [{ status: 'INACTIVE' }, /there is no ECS service/],
    [{ strategy: 'DAEMON' }, /one task on each instance/],
    [{ controller: 'CODE_DEPLOY' }, /is deployed by CODE_DEPLOY/],
    [{ controller: 'EXTERNAL' }, /is deployed by EXTERNAL/],
  ])('that is %j is refused', async (broken, text) => {
    const { api: service, actuator } = setUp({ api: { ecsService: 'default/api', set: 'desired' } });
    Object.assign(service.service, broken);
    expect((await actuator.actuate(order(0, 6, api), never)).detail).toMatch(text);
  });

  it('by its desired count needs no scalable target, minds one with policies, and takes no floor', async () => {
    const { api: service, fake, actuator } = setUp({ api: { ecsService: 'default/api', set: 'desired' } });
    expect((await actuator.actuate(order(0, 6, api), never)).detail).toMatch(/is set by its scaling policies \(cpu\)/);
    service.target = undefined;
    expect(await actuator.actuate(order(1, 6, api), never)).toMatchObject({ status: 'applied', units: 6 });
    expect((await actuator.actuate(floor(2, 8, api), never)).detail).toMatch(
      /would keep a floor for ever: ECS itself brings no desired count back/,
    );
    expect(service.service.desired).toBe(6);
    expect(fake.calls.filter((call) => /schedule/.test(call))).toEqual([]);
  });

  it('says why tasks do not start', async () => {
    const { api: service, actuator } = setUp();
    service.service.event = '(service api) was unable to place a task because no container instance met all of its requirements.';
    expect((await actuator.actuate(floor(0, 6, api), never)).detail).toMatch(/unable to place a task/);
    service.service.event = '(service api) has reached a steady state.';
    expect(await actuator.actuate(floor(1, 6, api), never)).not.toHaveProperty('detail');
  });
});

describe('units that do not come', () => {
  it('are explained by the latest activity, which is asked for only then', async () => {
    const { fake, web, actuator } = setUp();
    web.trouble = 'You have requested more vCPU capacity than your current vCPU limit of 32 allows (VcpuLimitExceeded)';
    web.group.warm = 3;
    expect((await actuator.actuate(floor(0, 6), never)).detail).toBe(`3 in the warm pool; ${web.trouble}`);
    web.settle();
    fake.calls.length = 0;
    expect(await actuator.actuate(floor(1, 6), never)).not.toHaveProperty('detail');
    expect(fake.calls).not.toContain('trouble web-asg');
  });
});

describe('failures', () => {
  it('that pass are asked again, within the patience', async () => {
    const { fake, web, actuator } = setUp();
    let left = 2;
    fake.fault = (call) => {
      if (call === 'setMin' && left-- > 0) throw new Unavailable('Throttling: Rate exceeded');
    };
    expect(await actuator.actuate(floor(0, 6), never)).toMatchObject({ status: 'applied', units: 6 });
    fake.fault = () => {
      throw new Unavailable('Throttling: Rate exceeded');
    };
    await expect(actuator.actuate(floor(1, 7), never)).rejects.toThrow(/Rate exceeded \(asked \d+ times/);
    expect(web.group.min).toBe(6);
  });

  it('by a quota or a right that is missing are refusals', async () => {
    const { fake, actuator } = setUp();
    fake.fault = (call) => {
      if (call === 'setMin')
        throw awsError(Object.assign(new Error('no'), { name: 'LimitExceededFault', $metadata: { httpStatusCode: 400 } }), 'a:b');
    };
    expect(await actuator.actuate(floor(0, 6), never)).toMatchObject({
      status: 'refused',
      units: 2,
      detail: 'a:b: LimitExceededFault: no',
    });
  });

  const error = (name: string, status?: number, more: object = {}): Error =>
    Object.assign(new Error('text'), { name, ...(status && { $metadata: { httpStatusCode: status } }), ...more });
  it.each([
    [error('Throttling', 400), Unavailable],
    [error('ThrottlingException', 400), Unavailable],
    [error('RequestLimitExceeded', 503), Unavailable],
    [error('ResourceContentionFault', 500), Unavailable],
    [error('ScalingActivityInProgressFault', 400), Unavailable],
    [error('ResourceInUseFault', 400), Unavailable],
    [error('Unknown', 429), Unavailable],
    [error('SyntaxError', 500), Unavailable],
    [error('TimeoutError'), Unavailable],
    [error('Error', undefined, { code: 'ECONNREFUSED' }), Unavailable],
    [error('Error', undefined, { code: 'EAI_AGAIN' }), Unavailable],
    [error('ConcurrentUpdateException', 400), Conflict],
    [error('AccessDenied', 403), Refused],
    [error('AccessDeniedException', 400), Refused],
    [error('UnauthorizedOperation', 403), Refused],
    [error('ExpiredToken', 403), Refused],
    [error('CredentialsProviderError'), Refused],
    [error('ValidationError', 400), Refused],
    [error('LimitExceededException', 400), Refused],
    [error('AlreadyExistsFault', 400), Refused],
  ])('%s become what they mean', (given, kind) => {
    expect(awsError(given, 'autoscaling:UpdateAutoScalingGroup')).toBeInstanceOf(kind);
  });

  it('name the IAM action, the wait that is asked for, and the region that is missing', () => {
    expect(awsError(error('AccessDenied', 403), 'autoscaling:UpdateAutoScalingGroup').message).toMatch(
      /^autoscaling:UpdateAutoScalingGroup is not allowed: add it to the policy/,
    );
    const throttled = awsError(error('Throttling', 400, { $response: { headers: { 'retry-after': '7' } } }), 'a:b');
    expect((throttled as Unavailable).after).toBe(7_000);
    expect(awsError(new Error('Region is missing'), 'a:b')).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(awsError(error('SyntaxError', 400, { message: `${'x'.repeat(999)}\nsee the raw response` }), 'a:b').message).toBe(
      `a:b: SyntaxError: ${'x'.repeat(300)}`,
    );
    // What is nobody's answer is a bug of ours.
    const bug = new TypeError('x is not a function');
    expect(awsError(bug, 'a:b')).toBe(bug);
  });

  it('of a group that is not there, or goes', async () => {
    const { web, actuator } = setUp();
    web.gone = true;
    expect((await actuator.actuate(order(0, 6), never)).detail).toBe(
      'there is no Auto Scaling group web-asg: correct its name or the region',
    );
    web.gone = false;
    web.group.status = 'Delete in progress';
    expect((await actuator.actuate(order(1, 6), never)).detail).toMatch(/is being deleted/);
    await expect(actuator.actuate(order(0, 6, { pool: 'db' }), never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      remedy: 'Add it; there are "web", "api".',
    });
  });
});

describe('restoring by a keeper', () => {
  it('brings the original back where AWS has not yet, and takes all traces away', async () => {
    const { web, create, reach, clock } = setUp();
    await create().actuate(floor(0, 6), never);
    expect(await create().restore?.('web', never)).toBeUndefined();
    await clock.advance(4 * MINUTE);
    expect(await create().restore?.('web', never)).toEqual({ pool: 'web', from: 6, units: 2, expired: START + 3 * MINUTE });
    expect([web.group.min, web.actions.size, web.group.tags]).toEqual([2, 0, {}]);
    await reach(5);
    expect(await create().restore?.('web', never)).toBeUndefined();
  });
});

describe('marks', () => {
  it('fit into a tag and come back', () => {
    const mark = { units: 123_456, original: 123_456, step: 1e13, epoch: 2 ** 53, expires: 1e13, was: 123_456, handsOff: 1e13 };
    expect(encodeMark(mark).length).toBeLessThan(LIMIT);
    expect(encodeMark(mark)).toMatch(/^[\w =]+$/);
    expect(decodeMark(encodeMark(mark), 'x')).toEqual(mark);
    expect(decodeMark('units=0 original=1 step=0 epoch=0', 'x')).toEqual({ units: 0, original: 1, step: 0, epoch: 0 });
  });

  it.each(['', 'units=1', 'units=1 original= step=1 epoch=1', 'units=1 original=1 step=1 epoch=1 other=1', '{"units":1}'])(
    '%j is none',
    (text) => {
      expect(() => decodeMark(text, 'x')).toThrow(Refused);
    },
  );
});

describe('the SDK', () => {
  const options = awsConfig.parse({ pools: { web: { autoScalingGroup: 'g' } }, timeLimit: '50ms' });

  it('asks once, within the time limit', () => {
    expect(clientConfig({ ...options, region: 'eu-central-1' })).toEqual({
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 50, requestTimeout: 50 },
      region: 'eu-central-1',
    });
  });

  it('that is not installed is named with the remedy', async () => {
    const missing = async () => {
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    };
    const groups = new SdkGroups(options, () => loadPeer('actuator(aws)', '@aws-sdk/client-auto-scaling', missing));
    await expect(groups.describe('g', never)).rejects.toMatchObject({
      code: 'PLUGIN_NOT_FOUND',
      remedy: 'Run: npm install @aws-sdk/client-auto-scaling',
    });
    await expect(
      loadPeer('actuator(aws)', 'x', async () => {
        throw new Error('broken');
      }),
    ).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
  });

  /** A module of the SDK whose client answers by `send`. */
  const sdkOf = (send: (input: object) => Promise<unknown>) => {
    class Command {
      readonly input: object;
      constructor(input: object) {
        this.input = input;
      }
    }
    const module = new Proxy({}, { get: (_, name) => (name === 'AutoScalingClient' ? Client : name === 'then' ? undefined : Command) });
    class Client {
      send = (command: Command) => send(command.input);
      destroy() {}
    }
    return new SdkGroups(options, async () => module as never);
  };

  it('that never answers is given up after the time limit, and stops when told to', async () => {
    const silent = sdkOf(() => new Promise(() => undefined));
    await expect(silent.describe('g', never)).rejects.toThrow('autoscaling:DescribeAutoScalingGroups: no answer within 50 ms');
    const stop = new AbortController();
    const asked = silent.describe('g', stop.signal);
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
  });

  it('counts what serves: InService and Healthy, by its weight', async () => {
    const instance = (LifecycleState: string, HealthStatus = 'Healthy', WeightedCapacity?: string) => ({
      LifecycleState,
      HealthStatus,
      WeightedCapacity,
    });
    const Instances = [
      instance('InService'),
      instance('InService', 'Healthy', '4'),
      instance('InService', 'Unhealthy'),
      instance('Pending'),
      instance('Warmed:Running'),
      instance('Standby'),
    ];
    const groups = sdkOf(async () => ({
      AutoScalingGroups: [
        { AutoScalingGroupName: 'g', MinSize: 1, MaxSize: 9, DesiredCapacity: 7, Instances, WarmPoolConfiguration: {}, WarmPoolSize: 1 },
      ],
    }));
    expect(await groups.describe('g', never)).toMatchObject({ inService: 5, warm: 1, min: 1, max: 9, desired: 7 });
    expect(await groups.describe('h', never)).toBeUndefined();
  });

  it('a second that a scheduled action of somebody else has is left to it', async () => {
    const starts: number[] = [];
    const groups = sdkOf(async (input) => {
      starts.push((input as { StartTime: Date }).StartTime.getTime());
      if (starts.length === 1) throw Object.assign(new Error('taken'), { name: 'AlreadyExistsFault', $metadata: { httpStatusCode: 400 } });
      return {};
    });
    await groups.schedule('g', { name: 'a', at: START, min: 1 }, never);
    expect(starts).toEqual([START, START + MINUTE]);
  });

  it('tells policies apart', async () => {
    const predictive = { PolicyType: 'PredictiveScaling' };
    const groups = sdkOf(async () => ({
      ScalingPolicies: [
        { PolicyName: 'a', PolicyType: 'TargetTrackingScaling', Enabled: true },
        { PolicyName: 'b', PolicyType: 'StepScaling' },
        { PolicyName: 'c', PolicyType: 'SimpleScaling', Enabled: false },
        { PolicyName: 'd', ...predictive, PredictiveScalingConfiguration: { Mode: 'ForecastAndScale' } },
        { PolicyName: 'e', ...predictive, PredictiveScalingConfiguration: { Mode: 'ForecastOnly' } },
      ],
    }));
    expect((await groups.policies('g', never)).map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'a dynamic',
      'b dynamic',
      'c idle',
      'd predictive',
      'e idle',
    ]);
  });
});

describe('configs', () => {
  it.each([
    [{}, 'pools'],
    [{ pools: {} }, 'names no pool'],
    [{ pools: { web: {} } }, 'give autoScalingGroup, or ecsService'],
    [{ pools: { web: { autoScalingGroup: 'a', ecsService: 'b/c' } } }, 'give autoScalingGroup, or ecsService'],
    [{ pools: { web: { ecsService: 'no-cluster' } } }, 'CLUSTER/SERVICE'],
    [{ pools: { web: { autoScalingGroup: 'a', set: 'max' } } }, 'pools'],
    [{ pools: { web: { autoScalingGroup: 'a' }, api: { autoScalingGroup: 'a' } } }, 'for two pools: they would undo each other'],
    [{ pools: { web: { autoScalingGroup: 'a' } }, accessKeyId: 'AKIA' }, 'accessKeyId'],
  ])('%j is refused', (given, text) => {
    const { success, error } = awsConfig.safeParse(given);
    expect(success).toBe(false);
    expect(JSON.stringify(error?.issues)).toContain(text);
  });
});

describe('the IAM policies of the page', () => {
  const page = readFileSync(new URL('../docs/aws.md', import.meta.url), 'utf8');
  const policies = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text as string));
  const folder = new URL('../src/aws/', import.meta.url);
  const source = readdirSync(folder)
    .filter((file) => file.startsWith('sdk-'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');
  const asked = [...source.matchAll(/#ask(Ecs|Scaling)?\(\s*'(\w+)'/g)].map(([, client, action]) => {
    return `${client === 'Ecs' ? 'ecs' : client === 'Scaling' ? 'application-autoscaling' : 'autoscaling'}:${action}`;
  });

  it('allow each call that is made, and no other', () => {
    const allowed = policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }: { Action: string[] }) => Action));
    expect([...new Set(allowed)].sort()).toEqual([...new Set(asked)].sort());
    expect(asked.length).toBeGreaterThan(15);
  });

  it('are policies, and let nothing be changed everywhere', () => {
    for (const { Version, Statement } of policies) {
      expect(Version).toBe('2012-10-17');
      for (const { Effect, Action, Resource, Condition } of Statement) {
        expect(Effect).toBe('Allow');
        const changes = Action.filter((action: string) => !/:Describe/.test(action));
        // Calls of Application Auto Scaling can be limited to a scalable target by a condition only.
        if (changes.length > 0) expect(Resource !== '*' || Condition !== undefined).toBe(true);
      }
    }
  });
});

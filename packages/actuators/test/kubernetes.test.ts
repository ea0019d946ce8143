import type { Actuator, Order, PluginContext } from '@auspex/contracts';
import { fakeContext, ManualClock, MapStore, RecordingLogger, runLaws } from '@auspex/testkit';
import { describe, expect, test } from 'vitest';
import { kubernetesConfig } from '../src/kubernetes/index.ts';
import { LEASE, ORIGINAL } from '../src/kubernetes/lease.ts';
import { Conflict, Refused, Unavailable } from '../src/target/index.ts';
import {
  addPool,
  budgets,
  countOf,
  deployment,
  deployments,
  FakeCluster,
  hpas,
  key,
  leases,
  makeKubernetesCase,
  overCluster,
  scaledObjects,
  type Way,
} from './fakes/kubernetes.ts';

const START = Date.UTC(2026, 0, 5);
const MINUTE = 60_000;
const never = new AbortController().signal;
const WAYS: readonly Way[] = ['hpa', 'scaledObject', 'scale'];

/** Where the count of each way stands. */
const fieldOf = {
  hpa: [hpas, 'minReplicas'],
  scaledObject: [scaledObjects, 'minReplicaCount'],
  scale: [deployments, 'replicas'],
} as const;

/** A cluster with the pool `web`, and a way to make actuators over it that share a store. */
class World {
  readonly cluster = new FakeCluster();
  readonly clock = new ManualClock(START);
  readonly store = new MapStore();
  readonly logger = new RecordingLogger();
  readonly pools: Record<string, object> = {};
  readonly way: Way;

  constructor(way: Way = 'hpa', units = 2) {
    this.way = way;
    this.pools['web'] = addPool(this.cluster, way, 'web', units);
  }

  actuator(given: Partial<PluginContext> = {}, options: object = {}): Actuator {
    const plugin = overCluster(this.cluster);
    const { clock, store, logger } = this;
    return plugin.create(
      kubernetesConfig.parse({ pools: this.pools, ...options }) as never,
      fakeContext({ clock, store, logger, ...given }),
    );
  }

  get units(): number {
    return countOf(this.cluster, this.way, 'web');
  }

  object(at: Parameters<typeof key>[0]) {
    return this.cluster.objects.get(key(at));
  }
}

function order(n: number, units: number, given: Partial<Order> = {}): Order {
  const step = START + n * MINUTE;
  return {
    key: `web@${n}`,
    pool: 'web',
    pop: '*',
    units,
    min: 1,
    max: 20,
    epoch: 1,
    shadow: false,
    step,
    expires: step + 3 * MINUTE,
    ...given,
  };
}

/** Lets the clock go on while somebody waits by it. */
async function meanwhile<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let done = false;
  const end = (): void => {
    done = true;
  };
  work.then(end, end);
  for (let i = 0; i < 400 && !done; i++) await clock.advance(100);
  return work;
}

describe('laws', () => {
  test.each(WAYS)('%s keeps them', async (way) => {
    const { results } = await runLaws(() => makeKubernetesCase(way));
    expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    const skipped = results.filter(({ outcome }) => outcome === 'skipped');
    expect(skipped.map(({ law, why, ...rest }) => [law, JSON.stringify(rest)])).toHaveLength(1);
    expect(skipped[0]?.law).toBe('a floor that is not renewed lapses');
  });
});

describe.each(WAYS)('a floor by %s', (way) => {
  test('is raised, renewed, and brought back by a keeper that was never told an order', async () => {
    const world = new World(way);
    const receipt = await world.actuator().actuate(order(0, 6), never);
    expect(receipt).toMatchObject({ status: 'applied', units: 6, ready: 2 });
    expect(world.units).toBe(6);
    await world.actuator().actuate(order(1, 6), never);
    expect(world.cluster.written.map(({ units }) => units)).toEqual([6]);
    world.clock.advance(3 * MINUTE);
    // Another store: the keeper goes by the mark alone.
    expect(await world.actuator({ store: new MapStore() }).restore?.('web', never)).toBeUndefined();
    await world.clock.advance(MINUTE + 10_000);
    const restored = await world.actuator({ store: new MapStore() }).restore?.('web', never);
    expect(restored).toEqual({ pool: 'web', from: 6, units: 2, expired: START + 4 * MINUTE });
    expect(world.units).toBe(2);
    const left = [...world.cluster.objects.values()].filter(({ metadata }) => metadata.annotations?.[LEASE] !== undefined);
    expect(left).toEqual([]);
    expect(world.object(leases('web'))).toBeUndefined();
  });

  test('never lowers what was there', async () => {
    const world = new World(way, 5);
    const receipt = await world.actuator().actuate(order(0, 3), never);
    expect([receipt.status, world.units]).toEqual(['applied', 5]);
  });

  test('is left alone, and reported, where somebody else has set the units', async () => {
    const world = new World(way);
    const actuator = world.actuator();
    await actuator.actuate(order(0, 6), never);
    const [at, field] = fieldOf[way];
    world.cluster.edit(at('web'), { spec: { [field]: 9 } });
    const seen = await actuator.actuate(order(1, 7), never);
    expect(seen.status).toBe('refused');
    expect(seen.detail).toContain('somebody else set 9 where Auspex had set 6: left alone until 2026-01-05T01:00');
    expect(world.logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect((await actuator.actuate(order(2, 7), never)).status).toBe('refused');
    expect(world.units).toBe(9);
    await world.clock.advance(2 * 60 * MINUTE);
    expect(await actuator.actuate(order(130, 11, { expires: START + 133 * MINUTE }), never)).toMatchObject({
      status: 'applied',
      units: 11,
    });
    await world.clock.advance(60 * MINUTE);
    expect(await actuator.restore?.('web', never)).toMatchObject({ units: 9 });
  });

  test('of two instances the one with the higher epoch wins, also where they share no store', async () => {
    const world = new World(way);
    const [old, young] = [world.actuator({ store: new MapStore() }), world.actuator({ store: new MapStore() })];
    await old.actuate(order(0, 4, { epoch: 1 }), never);
    await young.actuate(order(1, 8, { epoch: 2 }), never);
    const late = await old.actuate(order(2, 3, { epoch: 1 }), never);
    expect(late).toMatchObject({ status: 'refused', detail: expect.stringMatching(/^epoch 1 is older than 2: another instance leads/) });
    expect(world.units).toBe(8);
  });

  test('that two instances order at the same time has one effect', async () => {
    const world = new World(way);
    const receipts = await Promise.all(
      [1, 2, 3].map((epoch) =>
        meanwhile(world.clock, world.actuator({ store: new MapStore() }).actuate(order(epoch, 4 + epoch, { epoch }), never)),
      ),
    );
    expect(world.units).toBe(7);
    expect(receipts[2]?.status).toBe('applied');
  });

  test('who writes between the reading and the writing is not overwritten', async () => {
    const world = new World(way);
    const [at, field] = fieldOf[way];
    let written = false;
    world.cluster.before = (verb, { plural }, dryRun) => {
      if (verb !== 'patch' || dryRun || written || plural === 'leases') return;
      written = true;
      world.cluster.edit(at('web'), { spec: { [field]: 9 } });
    };
    const receipt = await meanwhile(world.clock, world.actuator().actuate(order(0, 6), never));
    expect(world.units).toBe(9);
    // Where the mark went first it is seen as a change by somebody else, otherwise as what a floor does not lower.
    expect(receipt.status).toBe(way === 'scale' ? 'refused' : 'applied');
  });

  test('a conflict is read again and written again', async () => {
    const world = new World(way);
    let conflicts = 0;
    world.cluster.before = (verb, _at, dryRun) => {
      if (verb === 'patch' && !dryRun && conflicts++ < 3) throw new Conflict('the object has been modified');
    };
    const receipt = await meanwhile(world.clock, world.actuator().actuate(order(0, 6), never));
    expect(receipt).toMatchObject({ status: 'applied', units: 6 });
    expect(conflicts).toBeGreaterThan(3);
  });

  test('an answer that is lost is no change by somebody else', async () => {
    for (let lost = 1; lost <= 6; lost++) {
      const world = new World(way);
      let writes = 0;
      const { patch, create } = world.cluster;
      const losing = async <T>(work: () => Promise<T>): Promise<T> => {
        const answer = await work();
        if (++writes === lost) throw new Unavailable('reset');
        return answer;
      };
      world.cluster.patch = ((...given: Parameters<typeof patch>) => losing(() => patch.apply(world.cluster, given))) as never;
      world.cluster.create = (...given) => losing(() => create.apply(world.cluster, given));
      const actuator = world.actuator();
      const receipt = await meanwhile(world.clock, actuator.actuate(order(0, 6), never));
      expect(receipt).toMatchObject({ status: 'applied', units: 6 });
      expect(world.units).toBe(6);
      expect(await meanwhile(world.clock, actuator.actuate(order(1, 7), never))).toMatchObject({ status: 'applied', units: 7 });
      await world.clock.advance(30 * MINUTE);
      expect(await meanwhile(world.clock, actuator.restore?.('web', never) as Promise<object>)).toMatchObject({ units: 2 });
    }
  });

  test('an engine that dies between two writes leaves what the keeper and the next one understand', async () => {
    for (let last = 1; last <= 4; last++) {
      const world = new World(way);
      let writes = 0;
      world.cluster.before = (verb, _at, dryRun) => {
        if ((verb === 'patch' || verb === 'create') && !dryRun && ++writes > last) throw new Refused('dead');
      };
      await world.actuator().actuate(order(0, 6), never);
      world.cluster.before = undefined;
      const next = world.actuator({ store: new MapStore() });
      if (last % 2 === 0) expect(await next.actuate(order(1, 7, { epoch: 2 }), never)).toMatchObject({ status: 'applied', units: 7 });
      await world.clock.advance(30 * MINUTE);
      const restored = await world.actuator({ store: new MapStore() }).restore?.('web', never);
      expect(restored).toMatchObject({ units: 2 });
      expect(world.units).toBe(2);
    }
  });

  test.each(['patch', 'get', 'list', 'create'] as const)(
    '%s is asked again while it fails, within the patience, then rejected',
    async (verb) => {
      const world = new World(way);
      let failures = 0;
      world.cluster.before = (asked) => {
        if (asked === verb && failures++ < 2) throw new Unavailable('too many requests (429)', { after: 1_000 });
      };
      const receipt = await meanwhile(world.clock, world.actuator().actuate(order(0, 6), never));
      expect(receipt.status).toBe('applied');
      if (failures === 0) return;
      expect(world.clock.now()).toBeGreaterThanOrEqual(START + 1_000);
      world.cluster.before = (asked) => {
        if (asked === verb) throw new Unavailable('the API server is away (503)');
      };
      if (verb === 'create') return;
      await expect(meanwhile(world.clock, world.actuator().actuate(order(1, 8), never))).rejects.toThrow(/503.*asked \d+ times/);
    },
  );

  test('a mark that is none is refused with what to do', async () => {
    const world = new World(way);
    await world.actuator().actuate(order(0, 6), never);
    const at = { hpa: hpas, scaledObject: scaledObjects, scale: leases }[way]('web');
    for (const text of ['{', '{"units": 6}', '[]']) {
      world.cluster.edit(at, { metadata: { annotations: { [LEASE]: text } } });
      await expect(world.actuator().read('web', never)).rejects.toThrow(
        /annotation auspex.dev\/lease of .* is no record of a lease: remove it/,
      );
      const receipt = await world.actuator().actuate(order(1, 7), never);
      expect(receipt.status).toBe('refused');
      expect(world.units).toBe(6);
    }
  });

  test('the mark of another object, that came with a copied manifest, says nothing', async () => {
    const world = new World(way);
    const at = { hpa: hpas, scaledObject: scaledObjects, scale: leases }[way]('web');
    await world.actuator().actuate(order(0, 6), never);
    const mark = JSON.parse(world.object(at).metadata.annotations[LEASE]);
    world.cluster.edit(at, { metadata: { annotations: { [LEASE]: JSON.stringify({ ...mark, original: 1, uid: 'another' }) } } });
    await world.clock.advance(10 * MINUTE);
    expect(await world.actuator().restore?.('web', never)).toBeUndefined();
    await world.actuator().actuate(order(10, 9), never);
    await world.clock.advance(10 * MINUTE);
    expect(await world.actuator().restore?.('web', never)).toMatchObject({ units: 6 });
  });

  test('a server-side applier of the field is refused by name, a plain write is not', async () => {
    const world = new World(way);
    const [at, field] = fieldOf[way];
    const managed = (manager: string, operation: string, name: string = field): object => ({
      metadata: { managedFields: [{ manager, operation, fieldsV1: { 'f:spec': { [`f:${name}`]: {} } } }] },
    });
    world.cluster.edit(at('web'), managed('argocd-controller', 'Apply'));
    const refused = await world.actuator().actuate(order(0, 6), never);
    expect(refused.status).toBe('refused');
    expect(refused.detail).toMatch(
      new RegExp(`"argocd-controller" applies spec.${field} and would set it back. Remove .*ignoreDifferences`),
    );
    await expect(world.actuator().actuate(order(0, 6, { shadow: true }), never)).rejects.toThrow(Refused);
    expect([world.units, world.cluster.changes]).toEqual([2, 0]);
    for (const fields of [managed('kubectl', 'Update'), managed('auspex', 'Apply'), managed('helm', 'Apply', 'maxReplicas')]) {
      world.cluster.edit(at('web'), fields);
      await world.actuator().read('web', never);
    }
  });

  test('another controller is refused by name', async () => {
    const world = new World(way);
    const at = { hpa: hpas, scaledObject: scaledObjects, scale: deployments }[way]('web');
    world.cluster.edit(at, { metadata: { ownerReferences: [{ kind: 'WebApp', name: 'shop', controller: true }] } });
    expect((await world.actuator().actuate(order(0, 6), never)).detail).toContain('is managed by WebApp "shop"');
    expect(world.units).toBe(2);
    // Who merely owns it, for garbage collection, controls nothing.
    world.cluster.edit(at, { metadata: { ownerReferences: [{ kind: 'WebApp', name: 'shop' }] } });
    expect((await world.actuator().actuate(order(1, 6), never)).status).toBe('applied');
  });

  test('an owner that comes while a floor holds stops orders, and the keeper still tidies up', async () => {
    const world = new World(way);
    await world.actuator().actuate(order(0, 6), never);
    const [at, field] = fieldOf[way];
    const managedFields = [{ manager: 'flux', operation: 'Apply', fieldsV1: { 'f:spec': { [`f:${field}`]: {} } } }];
    world.cluster.edit(at('web'), { spec: { [field]: 3 }, metadata: { managedFields } });
    expect((await world.actuator().actuate(order(1, 7), never)).detail).toContain('"flux" applies');
    expect(world.units).toBe(3);
    await world.clock.advance(10 * MINUTE);
    expect(await world.actuator().restore?.('web', never)).toMatchObject({ units: 3 });
    expect(world.units).toBe(3);
  });

  test('admission that changes the count is seen in the dry run', async () => {
    const world = new World(way);
    const { patch } = world.cluster;
    world.cluster.patch = (async (ref: never, body: { spec?: object }, how: never) => {
      const spec = body.spec && Object.fromEntries(Object.keys(body.spec).map((name) => [name, 3]));
      return patch.call(world.cluster, ref, { ...body, ...(spec && { spec }) }, how);
    }) as never;
    const receipt = await world.actuator().actuate(order(0, 6), never);
    expect(receipt.detail).toMatch(/admission makes 3 of/);
    expect(world.cluster.written).toEqual([]);
  });

  test('what is not there is named', async () => {
    const world = new World(way);
    world.cluster.objects.clear();
    expect((await world.actuator().actuate(order(0, 6), never)).detail).toMatch(/there is no .*shop\/web: create it/);
    expect((await world.actuator().actuate(order(0, 6, { pool: 'nowhere', key: 'nowhere@0' }), never)).detail).toContain(
      'no object is named for the pool "nowhere"',
    );
  });
});

describe('HorizontalPodAutoscaler', () => {
  test('one that KEDA made is refused, naming the ScaledObject', async () => {
    for (const metadata of [
      { ownerReferences: [{ kind: 'ScaledObject', name: 'web-so', controller: true }] },
      { labels: { 'scaledobject.keda.sh/name': 'web-so' } },
    ]) {
      const world = new World('hpa');
      world.cluster.edit(hpas('web'), { metadata });
      const { detail } = await world.actuator().actuate(order(0, 6), never);
      expect(detail).toContain('belongs to the ScaledObject "web-so" of KEDA');
      expect(detail).toContain('give scaledObject: "web-so"');
    }
  });

  test('its maximum cuts a floor, and it says so', async () => {
    const world = new World('hpa');
    world.cluster.edit(hpas('web'), { spec: { maxReplicas: 5 } });
    const receipt = await world.actuator().actuate(order(0, 9), never);
    expect(receipt).toMatchObject({ status: 'applied', units: 5, detail: '9 wanted, and the target allows 5 at most' });
  });

  test('0 is never asked for: full control ends at 1', async () => {
    const world = new World('hpa');
    const { expires: _, ...full } = order(0, 0, { min: 0 });
    expect(await world.actuator().actuate(full, never)).toMatchObject({ status: 'applied', units: 1 });
  });

  test('a minimum of 0, where the cluster has the gate for it, may stay', async () => {
    const world = new World('hpa');
    world.cluster.edit(hpas('web'), { spec: { minReplicas: 0 } });
    const { expires: _, ...full } = order(0, 0, { min: 0 });
    expect(await world.actuator().actuate(full, never)).toMatchObject({ status: 'applied', units: 0 });
  });

  test('without a minimum it counts as 1, and goes back to none', async () => {
    const world = new World('hpa');
    delete world.object(hpas('web')).spec.minReplicas;
    await world.actuator().actuate(order(0, 6), never);
    expect(world.object(hpas('web')).metadata.annotations[ORIGINAL]).toBe('unset');
    await world.actuator().actuate(order(1, 7), never);
    await world.clock.advance(10 * MINUTE);
    await world.actuator().restore?.('web', never);
    expect('minReplicas' in world.object(hpas('web')).spec).toBe(false);
    // What somebody sets meanwhile is the original then.
    await world.actuator().actuate(order(20, 6), never);
    world.cluster.edit(hpas('web'), { spec: { minReplicas: 3 } });
    await world.actuator().actuate(order(21, 6), never);
    expect(world.object(hpas('web')).metadata.annotations[ORIGINAL]).toBe('3');
  });

  test('why nothing comes of it is told', async () => {
    const world = new World('hpa');
    const actuator = world.actuator();
    world.cluster.edit(hpas('web'), { status: { conditions: [{ type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled' }] } });
    expect((await actuator.actuate(order(0, 6), never)).detail).toContain('off because its target has 0 replicas');
    world.cluster.edit(hpas('web'), { status: { conditions: [{ type: 'AbleToScale', status: 'False', message: 'no matches for kind' }] } });
    expect((await actuator.actuate(order(1, 7), never)).detail).toContain('cannot scale: no matches for kind');
    world.cluster.objects.delete(key(deployments('web')));
    expect(await actuator.actuate(order(2, 8), never)).toMatchObject({
      ready: 0,
      detail: expect.stringContaining('there is no Deployment'),
    });
  });

  test('quota and room are told of units that do not become ready', async () => {
    const world = new World('hpa');
    const message = 'pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2';
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];
    world.cluster.edit(deployments('web'), { status: { conditions } });
    const unscheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' };
    for (const n of [1, 2]) {
      const pod = { metadata: { labels: { app: 'web' } }, status: { conditions: [unscheduled] } };
      world.cluster.put({ group: '', plural: 'pods', namespace: 'shop', name: `web-${n}` }, pod);
    }
    const { detail, ready } = await world.actuator().actuate(order(0, 6), never);
    expect(ready).toBe(2);
    expect(detail).toContain('exceeded quota: small');
    expect(detail).toContain('2 pod(s) cannot be scheduled: 0/3 nodes are available');
  });

  test('pods are asked for only while units are missing, and a gated one is not without a place', async () => {
    const world = new World('hpa');
    await world.actuator().read('web', never);
    expect(world.cluster.calls).not.toContain('list pods');
    const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'wait' };
    const pod = { metadata: { labels: { app: 'web' } }, status: { conditions: [gated] } };
    world.cluster.put({ group: '', plural: 'pods', namespace: 'shop', name: 'web-1' }, pod);
    const receipt = await world.actuator().actuate(order(0, 6), never);
    expect(world.cluster.calls).toContain('list pods');
    expect(receipt.detail).toBeUndefined();
  });

  test('a target that names no selector has no pods of its own, and not those of all', async () => {
    const world = new World('hpa');
    world.cluster.put(
      { group: 'argoproj.io', plural: 'rollouts', namespace: 'shop', name: 'web' },
      { metadata: {}, spec: { replicas: 4 } },
    );
    world.cluster.edit(hpas('web'), { spec: { scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web' } } });
    const pod = { metadata: { labels: { app: 'web' } }, status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    world.cluster.put({ group: '', plural: 'pods', namespace: 'shop', name: 'web-1' }, pod);
    expect(await world.actuator().read('web', never)).toEqual({ units: 2, ready: 0 });
  });

  test('pods that may not be listed cost the word, not the order', async () => {
    const world = new World('hpa');
    world.cluster.before = (_verb, { plural }) => {
      if (plural === 'pods') throw new Refused('cannot list resource "pods"');
    };
    expect(await world.actuator().actuate(order(0, 6), never)).toMatchObject({ status: 'applied', units: 6 });
  });

  test('a target of another kind has its ready pods counted', async () => {
    const world = new World('hpa');
    const at = { group: 'argoproj.io', plural: 'rollouts', namespace: 'shop', name: 'web' };
    world.cluster.put(at, { kind: 'Rollout', metadata: {}, spec: { replicas: 4, selector: { matchLabels: { app: 'web' } } } });
    world.cluster.edit(hpas('web'), { spec: { scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web' } } });
    for (const [n, status] of ['True', 'True', 'False'].entries()) {
      const pod = { metadata: { labels: { app: 'web' } }, status: { conditions: [{ type: 'Ready', status }] } };
      world.cluster.put({ group: '', plural: 'pods', namespace: 'shop', name: `web-${n}` }, pod);
    }
    world.cluster.put(
      { group: '', plural: 'pods', namespace: 'shop', name: 'going' },
      {
        metadata: { labels: { app: 'web' }, deletionTimestamp: 'now' },
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      },
    );
    expect(await world.actuator().read('web', never)).toEqual({ units: 2, ready: 2 });
    world.cluster.plurals.clear();
    expect(await world.actuator().actuate(order(0, 6), never)).toMatchObject({
      detail: 'the cluster has no Rollout of argoproj.io/v1alpha1',
    });
  });
});

describe('ScaledObject', () => {
  test.each([
    ['autoscaling.keda.sh/paused', 'true'],
    ['autoscaling.keda.sh/paused-replicas', '0'],
  ])('%s is refused by name', async (name, value) => {
    const world = new World('scaledObject');
    world.cluster.edit(scaledObjects('web'), { metadata: { annotations: { [name]: value } } });
    const { detail } = await world.actuator().actuate(order(0, 6), never);
    expect(detail).toBe(`ScaledObject shop/web is paused: remove its annotation ${name} to have it scaled`);
    world.cluster.edit(scaledObjects('web'), { metadata: { annotations: { 'autoscaling.keda.sh/paused': 'false', [name]: null } } });
    expect((await world.actuator().actuate(order(1, 6), never)).status).toBe('applied');
  });

  test('that is paused while a floor holds gets back what was there: its pause must not keep the floor', async () => {
    const world = new World('scaledObject');
    await world.actuator().actuate(order(0, 6), never);
    world.cluster.edit(scaledObjects('web'), { metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } });
    expect((await world.actuator().actuate(order(1, 7), never)).detail).toContain('is paused');
    await world.clock.advance(10 * MINUTE);
    expect(await world.actuator().restore?.('web', never)).toMatchObject({ from: 6, units: 2 });
    expect(world.units).toBe(2);
    expect(world.object(scaledObjects('web')).metadata.annotations).not.toHaveProperty(['auspex.dev/lease']);
  });

  test('defaults are those of KEDA, and what was unset is unset again', async () => {
    const world = new World('scaledObject');
    world.cluster.put(scaledObjects('web'), {
      kind: 'ScaledObject',
      metadata: {},
      spec: { scaleTargetRef: { name: 'web' }, idleReplicaCount: 0 },
    });
    expect(await world.actuator().read('web', never)).toEqual({ units: 0, ready: 2 });
    const receipt = await world.actuator().actuate(order(0, 120, { max: 200 }), never);
    expect(receipt.units).toBe(100);
    expect(await world.actuator().actuate(order(1, 6), never)).toMatchObject({ detail: expect.stringContaining('idleReplicaCount: 0') });
    await world.clock.advance(10 * MINUTE);
    await world.actuator().restore?.('web', never);
    expect('minReplicaCount' in world.object(scaledObjects('web')).spec).toBe(false);
  });
});

describe('scale subresource', () => {
  test('an autoscaler with the same target is refused by name', async () => {
    const world = new World('scale');
    addPool(world.cluster, 'hpa', 'other');
    expect((await world.actuator().actuate(order(0, 4), never)).status).toBe('applied');
    const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } };
    world.cluster.put(hpas('web-hpa'), { metadata: {}, spec });
    expect((await world.actuator().actuate(order(1, 6), never)).detail).toContain('HorizontalPodAutoscaler "web-hpa": give hpa: "web-hpa"');
    world.cluster.put(scaledObjects('web-so'), { metadata: {}, spec: { scaleTargetRef: { name: 'web' } } });
    expect((await world.actuator().actuate(order(2, 6), never)).detail).toContain(
      'ScaledObject "web-so" of KEDA: give scaledObject: "web-so"',
    );
    expect(world.units).toBe(4);
  });

  test.each([
    ['minAvailable', 3, 3],
    ['minAvailable', '45%', 5],
    ['maxUnavailable', 2, 8],
    ['maxUnavailable', '25%', 7],
  ])('a budget with %s: %s keeps %i of 10', async (field, value, least) => {
    const world = new World('scale', 10);
    world.cluster.put(budgets('web'), { metadata: {}, spec: { selector: { matchLabels: { app: 'web' } }, [field]: value } });
    world.cluster.put(budgets('api'), { metadata: {}, spec: { selector: { matchLabels: { app: 'api' } }, minAvailable: 9 } });
    const { expires: _, ...full } = order(0, 1);
    const receipt = await world.actuator().actuate(full, never);
    expect(receipt).toMatchObject({ status: 'applied', units: least, detail: `1 wanted, and the target keeps ${least} at least` });
  });

  test('what the budget controller says counts before what is computed, while it is of today', async () => {
    const world = new World('scale', 10);
    const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'x'] }] };
    const status = { observedGeneration: 1, desiredHealthy: 6, expectedPods: 10 };
    world.cluster.put(budgets('web'), { metadata: {}, spec: { selector, minAvailable: '50%' }, status });
    const { expires: _, ...full } = order(0, 1);
    expect((await world.actuator().actuate(full, never)).units).toBe(6);
    // Ten pods are expected no more.
    const { expires: __, ...next } = order(1, 1);
    expect((await world.actuator().actuate(next, never)).units).toBe(3);
    // It has not seen the budget of now.
    world.cluster.edit(budgets('web'), { metadata: { generation: 2 }, status: { desiredHealthy: 3, expectedPods: 3 } });
    const { expires: ___, ...last } = order(2, 1);
    expect((await world.actuator().actuate(last, never)).units).toBe(2);
  });

  test('a budget is matched with the labels of the pods: those of the template, else those that the selector asks for', async () => {
    const world = new World('scale', 4);
    const { expires: _, ...full } = order(0, 1);
    world.cluster.edit(deployments('web'), { spec: { template: { metadata: { labels: { tier: 'front' } } } } });
    world.cluster.put(budgets('front'), { metadata: {}, spec: { selector: { matchLabels: { tier: 'front' } }, minAvailable: 3 } });
    expect((await world.actuator().actuate(full, never)).units).toBe(3);
    const rollout = { group: 'argoproj.io', plural: 'rollouts', namespace: 'shop', name: 'api' };
    world.cluster.put(rollout, { kind: 'Rollout', metadata: {}, spec: { replicas: 4, selector: { matchLabels: { app: 'api', x: 'y' } } } });
    world.cluster.put(budgets('api'), { metadata: {}, spec: { selector: { matchLabels: { app: 'api' } }, minAvailable: 2 } });
    world.pools['api'] = { scale: 'argoproj.io/v1alpha1/rollouts/api' };
    expect((await world.actuator().actuate({ ...full, pool: 'api', key: 'api@0' }, never)).units).toBe(2);
  });

  test('deployments of another group do not count themselves', async () => {
    const world = new World('scale');
    const at = { group: 'example.com', plural: 'deployments', namespace: 'shop', name: 'web' };
    world.cluster.put(at, deployment(4));
    world.pools['web'] = { scale: 'example.com/v1/deployments/web' };
    expect(await world.actuator().read('web', never)).toEqual({ units: 4, ready: 0 });
  });

  test('a budget that is not met orders nothing', async () => {
    const world = new World('scale', 2);
    world.cluster.put(budgets('web'), { metadata: {}, spec: { selector: {}, minAvailable: 8 } });
    const { expires: _, ...full } = order(0, 1);
    expect((await world.actuator().actuate(full, never)).units).toBe(2);
  });

  test('the mark is in a Lease of its own: the object is patched at its scale alone', async () => {
    const world = new World('scale');
    await world.actuator().actuate(order(0, 6), never);
    const writes = world.cluster.calls.filter((call) => /^(patch|create|remove)/.test(call));
    expect(writes).toEqual([
      'patch deployments/scale web (dry)',
      'create leases auspex.deployments.apps.web',
      'patch deployments/scale web',
      'patch leases auspex.deployments.apps.web',
    ]);
    const { metadata } = world.object(leases('web'));
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: world.object(deployments('web')).metadata.uid },
    ]);
    expect(metadata.annotations[ORIGINAL]).toBe('2');
  });

  test('the record that another instance writes in between is not overwritten', async () => {
    const world = new World('scale');
    await world.actuator().actuate(order(0, 6), never);
    const mark = JSON.parse(world.object(leases('web')).metadata.annotations[LEASE]);
    let written = false;
    world.cluster.before = (verb, { plural }) => {
      if (verb !== 'patch' || plural !== 'leases' || written) return;
      written = true;
      world.cluster.edit(leases('web'), { metadata: { annotations: { [LEASE]: JSON.stringify({ ...mark, epoch: 5 }) } } });
    };
    const receipt = await meanwhile(world.clock, world.actuator({ store: new MapStore() }).actuate(order(1, 9), never));
    expect(receipt).toMatchObject({ status: 'refused', detail: expect.stringContaining('epoch 1 is older than 5') });
    expect(world.units).toBe(6);
  });

  test('an autoscaler of another kind or group with the same name is nobody here', async () => {
    const world = new World('scale');
    const aim = (name: string, apiVersion: string, kind: string): unknown =>
      world.cluster.put(hpas(name), { metadata: {}, spec: { scaleTargetRef: { apiVersion, kind, name: 'web' } } });
    aim('a', 'apps/v1', 'StatefulSet');
    aim('b', 'example.com/v1', 'Deployment');
    expect((await world.actuator().actuate(order(0, 6), never)).status).toBe('applied');
    aim('c', 'apps/v1beta2', 'Deployment');
    expect((await world.actuator().actuate(order(1, 7), never)).status).toBe('refused');
  });

  test('one that was made anew under the same name begins anew', async () => {
    const world = new World('scale');
    await world.actuator().actuate(order(0, 6), never);
    world.cluster.put(deployments('web'), deployment(3));
    await world.actuator().actuate(order(1, 7), never);
    await world.clock.advance(10 * MINUTE);
    expect(await world.actuator().restore?.('web', never)).toMatchObject({ from: 7, units: 3 });
  });

  test('full control goes to 0 and comes back', async () => {
    const world = new World('scale');
    for (const [n, units] of [0, 3].entries()) {
      const { expires: _, ...full } = order(n, units, { min: 0 });
      expect(await world.actuator().actuate(full, never)).toMatchObject({ status: 'applied', units });
      expect((await world.actuator().read('web', never)).units).toBe(units);
    }
  });

  test('a pool of another namespace is found there', async () => {
    const world = new World('scale');
    const at = { ...deployments('web'), namespace: 'other' };
    world.cluster.put(at, deployment(4));
    world.pools['api'] = { scale: 'deployments/web', namespace: 'other' };
    await world.actuator().actuate(order(0, 7, { pool: 'api', key: 'api@0' }), never);
    expect([world.units, world.object(at).spec.replicas]).toEqual([2, 7]);
  });

  test('a kind without the subresource is refused', async () => {
    const world = new World('scale');
    const { get } = world.cluster;
    world.cluster.get = (async (ref: { sub?: string }) => (ref.sub ? undefined : get.call(world.cluster, ref as never))) as never;
    expect((await world.actuator().actuate(order(0, 6), never)).detail).toContain('has no scale subresource');
  });
});

test('how many requests an order makes, as the page says', async () => {
  const count = async (way: Way): Promise<number[]> => {
    const world = new World(way);
    const counts: number[] = [];
    for (const units of [6, 6]) {
      world.cluster.calls.length = 0;
      await world.actuator().actuate(order(counts.length, units), never);
      counts.push(world.cluster.calls.filter((call) => call !== 'list pods').length);
    }
    return counts;
  };
  expect(await count('hpa')).toEqual([6, 6]);
  expect(await count('scaledObject')).toEqual([6, 6]);
  expect(await count('scale')).toEqual([16, 13]);
});

describe('config', () => {
  const bad = (given: object): string =>
    kubernetesConfig
      .safeParse(given)
      .error?.issues.map(({ message }) => message)
      .join('; ') ?? 'taken';

  test('says what is wrong', () => {
    expect(bad({ pools: {} })).toBe('names no pool');
    expect(bad({ pools: { web: { hpa: 'web', scaledObject: 'web' } } })).toMatch(/give one of hpa: NAME/);
    expect(bad({ pools: { web: { hpa: 'Web' } } })).toMatch(/small letters|give one of/);
    expect(bad({ pools: { web: { scale: 'pods/web' } } })).toMatch(/deployments\/NAME/);
    expect(bad({ pools: { a: { hpa: 'web', namespace: 'x' }, b: { namespace: 'x', hpa: 'web' } } })).toMatch(/two pools/);
    expect(bad({ pools: { a: { hpa: 'web', namespace: 'x' }, b: { namespace: 'y', hpa: 'web' } } })).toBe('taken');
    expect(bad({ pools: { a: { scale: 'argoproj.io/v1alpha1/rollouts/web' } } })).toBe('taken');
  });
});

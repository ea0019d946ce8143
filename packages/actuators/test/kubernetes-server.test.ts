import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actuator, Clock, Order } from '@auspex/contracts';
import { fakeContext, MapStore, RecordingMeter } from '@auspex/testkit';
import { loadAllYaml } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { need, type Server } from '../../../test/servers/index.ts';
import { type FakeKubelet, NEVER, startFakeKubelet } from '../../../test/servers/recipes/kubernetes/fake-kubelet.ts';
import { type Json, Kube } from '../../../test/servers/recipes/kubernetes/kube.ts';
import { KubernetesApi } from '../src/kubernetes/api.ts';
import { kubernetes, kubernetesConfig } from '../src/kubernetes/index.ts';
import { LEASE } from '../src/kubernetes/lease.ts';
import { Refused, Unavailable } from '../src/target/index.ts';

/* Against a real API server with its controllers; a stand-in makes pods ready. */

const never = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), 'auspex-kubernetes-'));
let cluster: { server: Server; kubelet: FakeKubelet; kube: Kube } | undefined;
let missing: string | undefined;

beforeAll(async () => {
  const skip = (note?: boolean | string): never => {
    missing = String(note);
    return undefined as never;
  };
  const server: Server | undefined = await need('kubernetes', { skip }, { own: true });
  if (!server) return;
  cluster = { server, kubelet: startFakeKubelet(server), kube: new Kube(server.address, server.details['token']) };
  // Where it has to be built first.
}, 30 * 60_000);

afterAll(async () => {
  await cluster?.kubelet.stop();
  await cluster?.server.stop();
  rmSync(directory, { recursive: true, force: true });
});

let spaces = 0;

/** A namespace of the cluster that all tests of this file share. */
class Space {
  readonly server: Server;
  readonly kube: Kube;
  readonly name: string;

  constructor(server: Server, kube: Kube, name: string) {
    this.server = server;
    this.kube = kube;
    this.name = name;
  }

  static async make(context: TestContext, name = `space-${++spaces}`, labels: object = {}): Promise<Space> {
    if (!cluster) return context.skip(missing);
    const { server, kube } = cluster;
    await kube.create('/api/v1/namespaces', { metadata: { name, labels } });
    return new Space(server, kube, name);
  }

  path(kind: string, name?: string): string {
    const [group, plural] = kind.includes('/') ? [kind.slice(0, kind.lastIndexOf('/')), kind.slice(kind.lastIndexOf('/') + 1)] : ['', kind];
    return `/${group === '' ? 'api/v1' : `apis/${group}`}/namespaces/${this.name}/${plural}${name === undefined ? '' : `/${name}`}`;
  }

  readonly hpas = 'autoscaling/v2/horizontalpodautoscalers';
  readonly deployments = 'apps/v1/deployments';

  async deployment(name: string, replicas: number, labels: Record<string, string> = {}): Promise<void> {
    const own = { app: name };
    const containers = [{ name: 'c', image: 'c', resources: { requests: { cpu: '10m' } } }];
    const template = { metadata: { labels: { ...own, ...labels } }, spec: { containers } };
    await this.kube.create(this.path(this.deployments), {
      metadata: { name },
      spec: { replicas, selector: { matchLabels: own }, template },
    });
  }

  async hpa(name: string, min: number, max: number): Promise<void> {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    await this.kube.create(this.path(this.hpas), { metadata: { name }, spec: { scaleTargetRef, minReplicas: min, maxReplicas: max } });
  }

  actuator(pools: object, options: object = {}, given: { clock?: Clock; store?: MapStore; meter?: RecordingMeter } = {}): Actuator {
    const parsed = kubernetesConfig.parse({ pools, kubeconfig: this.kubeconfig(), patience: '20s', ...options });
    return kubernetes.create(parsed, fakeContext({ clock: new Wall(), store: new MapStore(), ...given }));
  }

  /** A kubeconfig whose namespace is this one. */
  kubeconfig(token = this.server.details['token']): string {
    const file = join(directory, `${this.name}-${String(token).slice(-8)}.json`);
    const cluster = { server: this.server.address, 'certificate-authority': this.server.details['ca'] };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'c', user: { token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'c', namespace: this.name } }],
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }
}

class Wall implements Clock {
  readonly #ahead: number;

  constructor(ahead = 0) {
    this.#ahead = ahead;
  }

  now(): number {
    return Date.now() + this.#ahead;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(ms, undefined, signal ? { signal } : {});
  }
}

const MINUTE = 60_000;
const begin = Date.now();

function order(n: number, units: number, given: Partial<Order> = {}): Order {
  const step = begin + n * MINUTE;
  return {
    key: `web@${n}`,
    pool: 'web',
    pop: '*',
    units,
    min: 0,
    max: 50,
    epoch: 1,
    shadow: false,
    step,
    expires: step + 3 * MINUTE,
    ...given,
  };
}

async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, ms = 20_000): Promise<T> {
  for (const end = performance.now() + ms; ; await sleep(100)) {
    const seen = await look();
    if (holds(seen) || performance.now() > end) return seen;
  }
}

const LIMIT = 90_000;
/** KEDA asks for one at least. */
const triggers = [{ type: 'cpu', metadata: { value: '60' } }];

describe('a real API server', () => {
  test(
    'the floor of an HPA: its controller raises the Deployment, pods become ready, and a keeper brings the original back',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 1);
      await space.hpa('web', 1, 20);
      const pools = { web: { hpa: 'web' } };
      const engine = space.actuator(pools);
      await until(
        () => engine.read('web', never),
        ({ ready }) => ready === 1,
      );
      const receipt = await engine.actuate(order(0, 6), never);
      expect(receipt).toMatchObject({ status: 'applied', units: 6, ready: 1 });
      expect(
        await until(
          () => engine.read('web', never),
          ({ ready }) => ready >= 6,
        ),
      ).toEqual({ units: 6, ready: 6 });
      expect((await space.kube.get(space.path(space.deployments, 'web'))).spec.replicas).toBe(6);
      expect(await engine.actuate(order(0, 6), never)).toMatchObject({ status: 'duplicate', units: 6, ready: 6 });

      // The engine gives no more orders; the keeper is another process, later.
      expect(await space.actuator(pools).restore?.('web', never)).toBeUndefined();
      const keeper = space.actuator(pools, {}, { clock: new Wall(10 * MINUTE) });
      expect(await keeper.restore?.('web', never)).toMatchObject({ pool: 'web', from: 6, units: 1 });
      const { metadata, spec } = await space.kube.get(space.path(space.hpas, 'web'));
      expect(spec.minReplicas).toBe(1);
      expect(metadata.annotations?.[LEASE]).toBeUndefined();
      expect(await keeper.restore?.('web', never)).toBeUndefined();
    },
    LIMIT,
  );

  test(
    'a ScaledObject is patched and brought back to what it was: without the field',
    async (context) => {
      const space = await Space.make(context);
      await scaledObjects(space.kube);
      await space.deployment('web', 2);
      const path = space.path('keda.sh/v1alpha1/scaledobjects');
      const object = {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: { name: 'web' },
        spec: { scaleTargetRef: { name: 'web' }, triggers },
      };
      await made(space.kube, path, object);
      const engine = space.actuator({ web: { scaledObject: 'web' } });
      expect(
        (
          await until(
            () => engine.read('web', never),
            ({ ready }) => ready === 2,
          )
        ).units,
      ).toBe(0);
      expect(await engine.actuate(order(0, 130, { max: 200 }), never)).toMatchObject({ status: 'applied', units: 100 });
      expect((await space.kube.get(`${path}/web`)).spec).toEqual({ scaleTargetRef: { name: 'web' }, triggers, minReplicaCount: 100 });
      const keeper = space.actuator({ web: { scaledObject: 'web' } }, {}, { clock: new Wall(10 * MINUTE) });
      expect(await keeper.restore?.('web', never)).toMatchObject({ from: 100, units: 0 });
      expect((await space.kube.get(`${path}/web`)).spec).toEqual({ scaleTargetRef: { name: 'web' }, triggers });
      await space.kube.merge(`${path}/web`, { metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } });
      expect((await engine.actuate(order(1, 4), never)).detail).toContain('is paused');
      const direct = space.actuator({ web: { scale: 'deployments/web' } });
      expect((await direct.actuate(order(1, 4), never)).detail).toContain('scaled by the ScaledObject "web"');
    },
    LIMIT,
  );

  test(
    'full control of a Deployment: up, down to what its disruption budget keeps, and the autoscaler that comes is named',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 2);
      const budget = { metadata: { name: 'web' }, spec: { minAvailable: '60%', selector: { matchLabels: { app: 'web' } } } };
      await space.kube.create(space.path('policy/v1/poddisruptionbudgets'), budget);
      const engine = space.actuator({ web: { scale: 'deployments/web' } });
      const full = (n: number, units: number): Order => {
        const { expires: _, ...rest } = order(n, units);
        return rest;
      };
      expect(await engine.actuate(full(0, 10), never)).toMatchObject({ status: 'applied', units: 10 });
      expect(
        (
          await until(
            () => engine.read('web', never),
            ({ ready }) => ready === 10,
          )
        ).ready,
      ).toBe(10);
      const observed = await until(
        () => space.kube.get(space.path('policy/v1/poddisruptionbudgets', 'web')),
        ({ status }) => status?.expectedPods === 10,
      );
      expect(observed.status.desiredHealthy).toBe(6);
      expect(await engine.actuate(full(1, 1), never)).toMatchObject({
        status: 'applied',
        units: 6,
        detail: '1 wanted, and the target keeps 6 at least',
      });
      expect(
        (
          await until(
            () => engine.read('web', never),
            ({ ready }) => ready === 6,
          )
        ).ready,
      ).toBe(6);
      await space.hpa('web', 1, 20);
      expect((await engine.actuate(full(2, 8), never)).detail).toContain('give hpa: "web" in place of scale');
    },
    LIMIT,
  );

  test(
    'a floor of replicas keeps its mark in a Lease, which the keeper takes away',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 2);
      const pools = { web: { scale: 'deployments/web' } };
      await space.actuator(pools).actuate(order(0, 5), never);
      const lease = space.path('coordination.k8s.io/v1/leases', 'auspex.deployments.apps.web');
      const { metadata } = await space.kube.get(lease);
      expect(JSON.parse(metadata.annotations[LEASE])).toMatchObject({ units: 5, original: 2 });
      expect(metadata.ownerReferences).toHaveLength(1);
      const keeper = space.actuator(pools, {}, { clock: new Wall(10 * MINUTE) });
      expect(await keeper.restore?.('web', never)).toMatchObject({ from: 5, units: 2 });
      await expect(space.kube.get(lease)).rejects.toThrow(/404/);
      expect(await keeper.read('web', never)).toMatchObject({ units: 2 });
    },
    LIMIT,
  );

  test(
    'a custom kind is scaled by its scale subresource, and its ready pods are counted',
    async (context) => {
      const space = await Space.make(context);
      const { kube } = space;
      const counts = { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } };
      const schema = { openAPIV3Schema: { type: 'object', properties: { spec: counts, status: counts } } };
      const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' };
      const versions = [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {}, scale } }];
      const names = { plural: 'fleets', singular: 'fleet', kind: 'Fleet', listKind: 'FleetList' };
      await kube.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        metadata: { name: 'fleets.example.com' },
        spec: { group: 'example.com', scope: 'Namespaced', names, versions },
      });
      const path = space.path('example.com/v1/fleets');
      const fleet = { apiVersion: 'example.com/v1', kind: 'Fleet', metadata: { name: 'web' }, spec: { replicas: 2 } };
      await made(kube, path, fleet);
      await kube.merge(`${path}/web/status`, { status: { replicas: 2, selector: 'app=web' } });
      const pod = (name: string, labels: object): Promise<Json> =>
        kube.create(space.path('pods'), { metadata: { name, labels }, spec: { containers: [{ name: 'c', image: 'c' }] } });
      await Promise.all([pod('a', { app: 'web' }), pod('b', { app: 'web', [NEVER]: 'ready' }), pod('c', { app: 'other' })]);
      const pools = { web: { scale: 'example.com/v1/fleets/web' } };
      const engine = space.actuator(pools);
      await until(
        () => engine.read('web', never),
        ({ ready }) => ready > 0,
      );
      expect(await engine.actuate(order(0, 5), never)).toMatchObject({ status: 'applied', units: 5, ready: 1 });
      expect((await kube.get(`${path}/web`)).spec.replicas).toBe(5);
      // An autoscaler that scales it counts the same.
      const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Fleet', name: 'web' };
      await kube.create(space.path(space.hpas), { metadata: { name: 'fleet' }, spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 9 } });
      expect((await engine.actuate(order(1, 6), never)).detail).toContain('give hpa: "fleet" in place of scale');
      expect(await space.actuator({ web: { hpa: 'fleet' } }).read('web', never)).toEqual({ units: 1, ready: 1 });
      const keeper = space.actuator(pools, {}, { clock: new Wall(10 * MINUTE) });
      await expect(keeper.restore?.('web', never)).rejects.toThrow(/scaled by the HorizontalPodAutoscaler "fleet"/);
      await kube.delete(space.path(space.hpas, 'fleet'));
      expect(await keeper.restore?.('web', never)).toMatchObject({ from: 5, units: 2 });
    },
    LIMIT,
  );

  test(
    'what the server does not take is refused in the dry run',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 1);
      await space.hpa('web', 1, 20);
      const api = new KubernetesApi({ kubeconfig: space.kubeconfig(), context: undefined, timeLimit: 5_000 });
      const ref = { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers', namespace: space.name, name: 'web' };
      const tooMany = api.patch(ref, { spec: { minReplicas: 50 } }, { dryRun: true }, never);
      await expect(tooMany).rejects.toThrow(/patch horizontalpodautoscalers.autoscaling .*maxReplicas.*\(422\)/);
      await expect(tooMany).rejects.toBeInstanceOf(Refused);
      expect(await api.patch(ref, { spec: { minReplicas: 4 } }, { dryRun: true }, never)).toMatchObject({ spec: { minReplicas: 4 } });
      expect((await space.kube.get(space.path(space.hpas, 'web'))).spec.minReplicas).toBe(1);
      await forbidAbove(space, 8);
      const nine = () => api.patch(ref, { spec: { minReplicas: 9 } }, { dryRun: true }, never);
      await until(
        () =>
          nine().then(
            () => false,
            () => true,
          ),
        (forbidden) => forbidden,
      );
      const engine = space.actuator({ web: { hpa: 'web' } });
      expect(await engine.actuate(order(0, 9), never)).toMatchObject({
        status: 'refused',
        units: 1,
        detail: expect.stringContaining('no more than 8'),
      });
      expect(await engine.actuate(order(1, 8), never)).toMatchObject({ status: 'applied', units: 8 });
    },
    LIMIT,
  );

  test(
    'true conflicts: somebody writes all the time, and each order comes through',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 1);
      await space.hpa('web', 1, 50);
      const meter = new RecordingMeter();
      const engine = space.actuator({ web: { hpa: 'web' } }, {}, { meter });
      let [writing, writes] = [true, 0];
      const writer = (async () => {
        for (; writing; await sleep(40)) {
          await space.kube.merge(space.path(space.hpas, 'web'), { metadata: { annotations: { busy: String(++writes) } } });
        }
      })();
      try {
        for (const n of [0, 1, 2, 3, 4]) {
          expect(await engine.actuate(order(n, 5 + n), never)).toMatchObject({ status: 'applied', units: 5 + n });
        }
      } finally {
        writing = false;
      }
      await writer;
      expect(meter.values.get('auspex_actuator_retries_total{plugin=kubernetes}')).toBeGreaterThan(0);
      expect((await space.kube.get(space.path(space.hpas, 'web'))).metadata.annotations.busy).toBe(String(writes));
    },
    LIMIT,
  );

  test(
    'what somebody sets with kubectl is seen and left alone; who applies the field is named',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 1);
      await space.hpa('web', 2, 20);
      const engine = space.actuator({ web: { hpa: 'web' } });
      await engine.actuate(order(0, 6), never);
      await space.kube.merge(space.path(space.hpas, 'web'), { spec: { minReplicas: 3 } });
      expect((await engine.actuate(order(1, 8), never)).detail).toMatch(/somebody else set 3 where Auspex had set 6: left alone until/);
      expect((await engine.actuate(order(2, 8), never)).status).toBe('refused');
      expect((await space.kube.get(space.path(space.hpas, 'web'))).spec.minReplicas).toBe(3);

      await space.deployment('api', 1);
      const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' };
      const apply = (spec: object): Promise<Json> =>
        space.kube.call(
          'PATCH',
          `${space.path(space.hpas, 'api')}?fieldManager=argocd-controller&force=true`,
          { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'api' }, spec },
          'application/apply-patch+yaml',
        );
      await apply({ scaleTargetRef, minReplicas: 2, maxReplicas: 20 });
      const api = space.actuator({ web: { hpa: 'api' } });
      expect((await api.actuate(order(0, 6), never)).detail).toContain('"argocd-controller" applies spec.minReplicas');
      await apply({ scaleTargetRef, maxReplicas: 20 });
      expect(await api.actuate(order(0, 6), never)).toMatchObject({ status: 'applied', units: 6 });
      // Applied again without the field, as ignoreDifferences has it: what Auspex set stays.
      await apply({ scaleTargetRef, maxReplicas: 20 });
      expect(await api.actuate(order(1, 7), never)).toMatchObject({ status: 'applied', units: 7 });
      await apply({ scaleTargetRef, minReplicas: 2, maxReplicas: 20 });
      expect((await api.actuate(order(2, 8), never)).detail).toContain('"argocd-controller" applies spec.minReplicas');
    },
    LIMIT,
  );

  test(
    'of two instances with two epochs one has an effect',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 1);
      await space.hpa('web', 1, 20);
      const pools = { web: { hpa: 'web' } };
      const [old, young] = [space.actuator(pools), space.actuator(pools)];
      const receipts = await Promise.all([
        old.actuate(order(0, 5, { epoch: 1 }), never),
        young.actuate(order(5, 9, { epoch: 2 }), never),
        old.actuate(order(2, 4, { epoch: 1 }), never),
      ]);
      expect(receipts[1]?.status).toBe('applied');
      expect((await old.actuate(order(6, 4, { epoch: 1 }), never)).detail).toContain('epoch 1 is older than 2');
      expect((await space.kube.get(space.path(space.hpas, 'web'))).spec.minReplicas).toBe(9);
    },
    LIMIT,
  );

  test(
    'units that never become ready are not counted, and why is told: no room, a quota, no word',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('slow', 1, { [NEVER]: 'ready' });
      await space.deployment('homeless', 1, { [NEVER]: 'scheduled' });
      const engine = space.actuator({ web: { scale: 'deployments/slow' }, api: { scale: 'deployments/homeless' } });
      await engine.actuate(order(0, 3), never);
      await engine.actuate(order(0, 3, { pool: 'api', key: 'api@0' }), never);
      const podsOf = (app: string): Promise<Json> => space.kube.get(`${space.path('pods')}?labelSelector=app=${app}`);
      await until(
        () => podsOf('slow'),
        ({ items }) => items.length === 3 && items.every(({ spec }: Json) => spec.nodeName),
      );
      await until(
        () => podsOf('homeless'),
        ({ items }) => items.length === 3 && items.every(({ status }: Json) => status.conditions?.length),
      );
      expect(await engine.actuate(order(1, 3), never)).toMatchObject({ status: 'applied', units: 3, ready: 0 });
      expect(await engine.actuate(order(1, 3, { pool: 'api', key: 'api@1' }), never)).toMatchObject({
        ready: 0,
        detail: '3 pod(s) cannot be scheduled: 0/3 nodes are available: 3 Insufficient cpu.',
      });

      const limited = await Space.make(context);
      await limited.kube.create(limited.path('resourcequotas'), { metadata: { name: 'small' }, spec: { hard: { pods: '2' } } });
      await until(
        () => limited.kube.get(limited.path('resourcequotas', 'small')),
        ({ status }) => status?.hard !== undefined,
      );
      await limited.deployment('web', 1);
      const within = limited.actuator({ web: { scale: 'deployments/web' } });
      await within.actuate(order(0, 5), never);
      const state = await until(
        () => within.read('web', never),
        ({ ready }) => ready === 2,
      );
      expect(state).toEqual({ units: 5, ready: 2 });
      let n = 1;
      const told = await until(
        () => within.actuate(order(n++, 5), never),
        ({ detail }) => detail !== undefined,
      );
      expect(told.detail).toContain('exceeded quota: small');
    },
    LIMIT,
  );
});

describe('manifests', () => {
  const documents = (file: string): Json[] => loadAllYaml(readFileSync(new URL(`../manifests/${file}`, import.meta.url), 'utf8')) as Json[];
  const PLURALS: Readonly<Record<string, string>> = {
    ServiceAccount: 'api/v1 serviceaccounts',
    Role: 'apis/rbac.authorization.k8s.io/v1 roles',
    RoleBinding: 'apis/rbac.authorization.k8s.io/v1 rolebindings',
    Deployment: 'apis/apps/v1 deployments',
  };
  const apply = async (kube: Kube, file: string): Promise<void> => {
    for (const document of documents(file)) {
      const [root, plural] = (PLURALS[document.kind] as string).split(' ');
      // The client library makes objects with fields that are undefined: JSON leaves them out.
      await kube.create(`/${root}/namespaces/${document.metadata.namespace}/${plural}?fieldValidation=Strict`, document);
    }
  };

  test(
    'the roles let engine and keeper do all they need, and nothing else',
    async (context) => {
      const home = await Space.make(context, 'auspex', { 'pod-security.kubernetes.io/enforce': 'restricted' });
      const shop = await Space.make(context, 'shop');
      const { kube } = shop;
      await scaledObjects(kube);
      await apply(kube, 'kubernetes-rbac.yaml');
      for (const name of ['by-hpa', 'by-keda', 'by-scale']) await shop.deployment(name, 1);
      await shop.hpa('by-hpa', 1, 20);
      const object = {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: { name: 'k' },
        spec: { scaleTargetRef: { name: 'by-keda' }, triggers },
      };
      await made(kube, shop.path('keda.sh/v1alpha1/scaledobjects'), object);
      const tokenOf = async (name: string): Promise<string> => {
        const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
        return (await kube.create(`${home.path('serviceaccounts', name)}/token`, request)).status.token;
      };
      const [engineToken, keeperToken] = [await tokenOf('auspex'), await tokenOf('auspex-keeper')];
      const pools = { hpa: { hpa: 'by-hpa' }, keda: { scaledObject: 'k' }, scale: { scale: 'deployments/by-scale' } };
      const engine = shop.actuator(pools, { kubeconfig: shop.kubeconfig(engineToken) });
      const keeper = shop.actuator(pools, { kubeconfig: shop.kubeconfig(keeperToken) }, { clock: new Wall(10 * MINUTE) });
      for (const pool of Object.keys(pools)) {
        const receipt = await engine.actuate(order(0, 4, { pool, key: `${pool}@0` }), never);
        expect(receipt).toMatchObject({ pool, status: 'applied', units: 4 });
        expect(await keeper.restore?.(pool, never)).toMatchObject({ pool, from: 4 });
      }

      const [asEngine, asKeeper] = [new Kube(shop.server.address, engineToken), new Kube(shop.server.address, keeperToken)];
      const replicas = { spec: { replicas: 9 } };
      for (const [who, act] of [
        ['engine', () => asEngine.merge(shop.path(shop.deployments, 'by-scale'), replicas)],
        ['keeper', () => asKeeper.merge(shop.path(shop.deployments, 'by-scale'), replicas)],
        ['engine', () => asEngine.delete(shop.path(shop.hpas, 'by-hpa'))],
        ['engine', () => asEngine.get(shop.path('secrets'))],
        ['engine', () => asEngine.get('/apis/apps/v1/namespaces/auspex/deployments/x')],
        ['keeper', () => asKeeper.create(shop.path('coordination.k8s.io/v1/leases'), { metadata: { name: 'x' } })],
      ] as const) {
        await expect(act(), who).rejects.toMatchObject({ status: 403 });
      }

      const elsewhere = shop.actuator({ web: { hpa: 'web', namespace: 'auspex' } }, { kubeconfig: shop.kubeconfig(engineToken) });
      const { detail } = await elsewhere.actuate(order(0, 4), never);
      expect(detail).toMatch(/cannot get resource "horizontalpodautoscalers" .*\(403\): grant it as kubernetes-rbac.yaml/);
      const stranger = shop.actuator({ web: { hpa: 'by-hpa' } }, { kubeconfig: shop.kubeconfig('nobody-knows-this') });
      expect((await stranger.actuate(order(0, 4), never)).detail).toMatch(/401.*credentials/);
    },
    LIMIT,
  );

  test(
    'the keeper is taken as it stands, and runs where pods are restricted',
    async (context) => {
      const { kube } = await Space.make(context);
      // Its namespace and service account are those of the test before, where that ran.
      await kube.create('/api/v1/namespaces', { metadata: { name: 'auspex' } }).catch(() => undefined);
      await apply(kube, 'kubernetes-keeper.yaml');
      const path = '/apis/apps/v1/namespaces/auspex/deployments/auspex-keeper';
      const seen = await until(
        () => kube.get(path),
        ({ status }) => status?.readyReplicas === 1,
      );
      expect(seen.status.readyReplicas).toBe(1);
    },
    LIMIT,
  );
});

/* The last: controllers take their time to come back. */
describe('an API server that is killed', () => {
  test(
    'the API server dies under an order and comes back: the order succeeds or fails, and the next one is right',
    async (context) => {
      const space = await Space.make(context);
      await space.deployment('web', 1);
      await space.hpa('web', 1, 40);
      const pools = { web: { hpa: 'web' }, api: { scale: 'deployments/api' } };
      await space.deployment('api', 1);
      const engine = space.actuator(pools, { timeLimit: '2s' });
      const impatient = space.actuator(pools, { patience: '500ms', timeLimit: '2s' });
      await engine.actuate(order(0, 5), never);
      for (const [n, wait] of [10].entries()) {
        const api = { pool: 'api', key: `api@${n + 1}` };
        const under = Promise.allSettled([engine.actuate(order(n + 1, 6 + n), never), engine.actuate(order(n + 1, 6 + n, api), never)]);
        await sleep(wait);
        await space.server.kill();
        if (n === 0) await expect(impatient.read('web', never)).rejects.toBeInstanceOf(Unavailable);
        await space.server.restart();
        for (const settled of await under) {
          if (settled.status === 'fulfilled') expect(settled.value).toMatchObject({ status: 'applied', units: 6 + n });
          else expect(settled.reason).toBeInstanceOf(Unavailable);
        }
        const later = { step: order(n + 1, 1).step + 1_000 };
        expect(await engine.actuate(order(n + 1, 20 + n, later), never)).toMatchObject({ status: 'applied', units: 20 + n });
        expect(await engine.actuate(order(n + 1, 20 + n, { ...api, ...later }), never)).toMatchObject({ status: 'applied', units: 20 + n });
      }
      const keeper = space.actuator(pools, {}, { clock: new Wall(20 * MINUTE) });
      expect(await keeper.restore?.('web', never)).toMatchObject({ units: 1 });
      expect(await keeper.restore?.('api', never)).toMatchObject({ units: 1 });
    },
    LIMIT,
  );
});

/** An object of a kind that was defined a moment ago. */
async function made(kube: Kube, path: string, object: object): Promise<void> {
  const create = (): Promise<boolean> =>
    kube.create(path, object).then(
      () => true,
      () => false,
    );
  expect(await until(create, (done) => done)).toBe(true);
}

const KEDA = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'auspex/servers/keda-2.18.1/crds/keda.sh_scaledobjects.yaml');

/** KEDA's own definition where KEDA was built on this machine, else the part of it that is used here. */
async function scaledObjects(kube: Kube): Promise<void> {
  const loose = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: loose, status: loose } } };
  const versions = [{ name: 'v1alpha1', served: true, storage: true, schema, subresources: { status: {} } }];
  const names = { plural: 'scaledobjects', singular: 'scaledobject', kind: 'ScaledObject', listKind: 'ScaledObjectList' };
  const part = { metadata: { name: 'scaledobjects.keda.sh' }, spec: { group: 'keda.sh', scope: 'Namespaced', names, versions } };
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const created = existsSync(KEDA) ? kube.call('POST', path, readFileSync(KEDA, 'utf8'), 'application/yaml') : kube.create(path, part);
  await created.catch((error) => {
    if (error.status !== 409) throw error;
  });
}

/** Admission in this namespace takes no minimum above `most`. */
async function forbidAbove({ kube, name }: Space, most: number): Promise<void> {
  const root = '/apis/admissionregistration.k8s.io/v1';
  const resourceRules = [
    { apiGroups: ['autoscaling'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['horizontalpodautoscalers'] },
  ];
  const validations = [{ expression: `object.spec.minReplicas <= ${most}`, message: `no more than ${most}` }];
  await kube.create(`${root}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules }, validations },
  });
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': name } };
  await kube.create(`${root}/validatingadmissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector } },
  });
}

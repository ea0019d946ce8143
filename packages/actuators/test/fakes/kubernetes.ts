import type { KubeObject, KubernetesClient, Place, Ref } from '../../src/kubernetes/client.ts';
import { kubernetes } from '../../src/kubernetes/index.ts';
import { createKubernetesActuator } from '../../src/kubernetes/plugin.ts';
import { selects } from '../../src/kubernetes/selector.ts';
import { Conflict, Refused, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, written as a manifest has them
type Json = any;

export type Verb = 'get' | 'list' | 'patch' | 'create' | 'remove';

/** What a kind's minimum or count is called, by its plural. */
const COUNTS: Readonly<Record<string, string>> = {
  horizontalpodautoscalers: 'minReplicas',
  scaledobjects: 'minReplicaCount',
  deployments: 'replicas',
  statefulsets: 'replicas',
  rollouts: 'replicas',
};

/** A cluster in memory: versions, merge patches, dry runs, scale subresources, and what an HPA's maximum forbids. Its controllers act in `settle`. */
export class FakeCluster implements KubernetesClient {
  readonly objects = new Map<string, Json>();
  /** Each count that was kept, oldest first. */
  readonly written: { name: string; units: number }[] = [];
  /** Requests that change something, refused and dry ones included. */
  changes = 0;
  /** Every call, oldest first: `patch deployments/scale api (dry)`. */
  readonly calls: string[] = [];
  /** Called before each request; what it throws is the answer. */
  before: ((verb: Verb, at: Place & Partial<Ref>, dryRun: boolean) => void) | undefined;
  /** Kinds that discovery tells of. */
  readonly plurals = new Map([['Rollout', 'rollouts']]);
  #version = 0;

  put(at: Omit<Place, 'version'> & { name: string }, object: Json): Json {
    const metadata = { ...object.metadata, name: at.name, namespace: at.namespace, uid: `uid-${++this.#version}`, generation: 1 };
    const kept = { ...object, metadata: { ...metadata, resourceVersion: String(this.#version) } };
    this.objects.set(key(at), kept);
    return kept;
  }

  /** Changes an object as somebody else does. */
  edit(at: Omit<Place, 'version'> & { name: string }, patch: Json): Json {
    const object = merge(this.objects.get(key(at)), patch);
    object.metadata.resourceVersion = String(++this.#version);
    this.objects.set(key(at), object);
    return object;
  }

  async namespace(): Promise<string> {
    return 'shop';
  }

  async get<T extends KubeObject>(ref: Ref): Promise<T | undefined> {
    this.#enter('get', ref);
    const object = this.objects.get(key(ref));
    return object && copy(ref.sub ? scaleOf(object) : object);
  }

  async list<T extends KubeObject>(place: Place, _signal: AbortSignal, selector?: string): Promise<readonly T[]> {
    this.#enter('list', place);
    const prefix = key({ ...place, name: '' });
    const wanted = Object.fromEntries(
      (selector ?? '').split(',').flatMap((part) => (part === '' ? [] : [part.split('=') as [string, string]])),
    );
    const found = [...this.objects].filter(
      ([at, object]) => at.startsWith(prefix) && selects({ matchLabels: wanted }, object.metadata.labels ?? {}),
    );
    return found.map(([, object]) => copy(object));
  }

  async patch<T extends KubeObject>(ref: Ref, body: Json, { dryRun }: { dryRun: boolean }): Promise<T> {
    this.#enter('patch', ref, dryRun);
    const old = this.objects.get(key(ref));
    if (!old) throw new Refused(`patch ${ref.plural} ${ref.name}: not found (404)`);
    const { resourceVersion } = body.metadata;
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw new Conflict('the object has been modified');
    const object = merge(old, ref.sub ? { spec: body.spec } : body);
    const { minReplicas = 1, maxReplicas = Number.POSITIVE_INFINITY } = object.spec ?? {};
    const fewest = old.spec?.minReplicas === 0 ? 0 : 1;
    if (minReplicas < fewest || minReplicas > maxReplicas) throw new Refused('patch: must be at most maxReplicas (422)');
    if (!dryRun) {
      object.metadata.resourceVersion = String(++this.#version);
      this.objects.set(key(ref), object);
      const count = COUNTS[ref.plural];
      if (count !== undefined && body.spec && count in body.spec) this.written.push({ name: ref.name, units: object.spec[count] ?? 0 });
    }
    return copy(ref.sub ? scaleOf(object) : object);
  }

  async create(place: Place, body: Json): Promise<KubeObject> {
    const ref = { ...place, name: body.metadata.name };
    this.#enter('create', ref);
    if (this.objects.has(key(ref))) throw new Conflict('it is there already');
    return copy(this.put(ref, copy(body)));
  }

  async remove(ref: Ref, resourceVersion: string): Promise<void> {
    this.#enter('remove', ref);
    const object = this.objects.get(key(ref));
    if (object && object.metadata.resourceVersion !== resourceVersion) throw new Conflict('the object has been modified');
    this.objects.delete(key(ref));
  }

  async pluralOf(_apiVersion: string, kind: string): Promise<string | undefined> {
    return this.plurals.get(kind);
  }

  /** What controllers and kubelets do in the end: replicas follow the minimum, and all are ready. */
  settle(): void {
    for (const [at, object] of this.objects) {
      const target = object.spec?.scaleTargetRef;
      if (!target) continue;
      const deployment = this.objects.get(
        key({ group: 'apps', plural: 'deployments', namespace: object.metadata.namespace, name: target.name }),
      );
      const min = object.spec[at.includes('scaledobjects') ? 'minReplicaCount' : 'minReplicas'] ?? 0;
      if (deployment) deployment.spec.replicas = Math.max(deployment.spec.replicas, min);
    }
    for (const object of this.objects.values()) {
      if (typeof object.spec?.replicas === 'number') object.status = { ...object.status, readyReplicas: object.spec.replicas };
    }
  }

  #enter(verb: Verb, at: Place & Partial<Ref>, dryRun = false): void {
    this.calls.push(
      `${verb} ${at.plural}${at.sub ? `/${at.sub}` : ''}${at.name === undefined ? '' : ` ${at.name}`}${dryRun ? ' (dry)' : ''}`,
    );
    if (verb === 'patch' || verb === 'create' || verb === 'remove') this.changes++;
    this.before?.(verb, at, dryRun);
  }
}

export const deployments = (name: string) => ({ group: 'apps', plural: 'deployments', namespace: 'shop', name });
export const hpas = (name: string) => ({ group: 'autoscaling', plural: 'horizontalpodautoscalers', namespace: 'shop', name });
export const scaledObjects = (name: string) => ({ group: 'keda.sh', plural: 'scaledobjects', namespace: 'shop', name });
export const leases = (name: string) => ({
  group: 'coordination.k8s.io',
  plural: 'leases',
  namespace: 'shop',
  name: `auspex.deployments.apps.${name}`,
});
export const budgets = (name: string) => ({ group: 'policy', plural: 'poddisruptionbudgets', namespace: 'shop', name });

export function deployment(replicas: number, labels: Readonly<Record<string, string>> = { app: 'web' }): Json {
  const spec = { replicas, selector: { matchLabels: labels }, template: { metadata: { labels } } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec, status: { readyReplicas: replicas } };
}

export type Way = 'hpa' | 'scaledObject' | 'scale';

/** A pool's object of one kind, with 20 units at most, and the Deployment behind it. */
export function addPool(cluster: FakeCluster, way: Way, name: string, units = 1): object {
  const labels = { app: name };
  cluster.put(deployments(name), deployment(Math.max(1, units), labels));
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  if (way === 'hpa') {
    cluster.put(hpas(name), {
      kind: 'HorizontalPodAutoscaler',
      metadata: {},
      spec: { scaleTargetRef, minReplicas: units, maxReplicas: 20 },
    });
    return { hpa: name };
  }
  if (way === 'scale') return { scale: `deployments/${name}` };
  cluster.put(scaledObjects(name), {
    kind: 'ScaledObject',
    metadata: {},
    spec: { scaleTargetRef, minReplicaCount: units, maxReplicaCount: 20 },
  });
  return { scaledObject: name };
}

export function countOf(cluster: FakeCluster, way: Way, name: string): number {
  if (way === 'hpa') return cluster.objects.get(key(hpas(name))).spec.minReplicas ?? 1;
  if (way === 'scale') return cluster.objects.get(key(deployments(name))).spec.replicas;
  return cluster.objects.get(key(scaledObjects(name))).spec.minReplicaCount ?? 0;
}

/** The plugin over a cluster in memory. */
export function overCluster(cluster: KubernetesClient): typeof kubernetes {
  return { ...kubernetes, create: (options, context) => createKubernetesActuator(options as never, context, cluster) };
}

/** Pools `web` and `api` of one kind. */
export function makeKubernetesCase(way: Way = 'hpa'): ActuatorCase {
  const cluster = new FakeCluster();
  const pools = Object.fromEntries(['web', 'api'].map((name) => [name, addPool(cluster, way, name)]));
  return {
    plugin: overCluster(cluster),
    with: { pools },
    target: {
      state: (pool) => ({
        units: countOf(cluster, way, pool),
        ready: cluster.objects.get(key(deployments(pool))).status.readyReplicas,
      }),
      settle: () => cluster.settle(),
      changes: () => cluster.changes,
      fail: (on) => {
        cluster.before = on
          ? () => {
              throw new Unavailable('the API server is being restarted (503)');
            }
          : undefined;
      },
    },
    get written() {
      return cluster.written.map(({ name, units }) => ({ pool: name, units }));
    },
  };
}

export function key({ group, plural, namespace, name }: Omit<Place, 'version'> & { name: string }): string {
  return `${group}/${plural}/${namespace}/${name}`;
}

const copy = <T>(value: T): T => structuredClone(value);

function scaleOf({ metadata, spec, status }: Json): Json {
  const selector = Object.entries(spec.selector?.matchLabels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  // As the API server has it: 0 is left out.
  return {
    metadata,
    spec: spec.replicas === 0 ? {} : { replicas: spec.replicas },
    status: { replicas: status?.readyReplicas ?? 0, selector },
  };
}

/** https://www.rfc-editor.org/rfc/rfc7386 */
function merge(target: Json, patch: Json): Json {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (value !== undefined) result[name] = merge(result[name], value);
  }
  return result;
}

import { Refused } from '../target/index.ts';
import { groupOf, type KubeObject, type KubernetesClient, type Ref } from './client.ts';
import { type LabelSelector, selectorText } from './selector.ts';

/** A Deployment, StatefulSet or ReplicaSet, or what resembles one. */
export interface Workload extends KubeObject {
  readonly spec?: {
    readonly selector?: LabelSelector;
    readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
  };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/autoscaling-resources/ */
export interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

interface Pod extends KubeObject {
  readonly status?: { readonly phase?: string; readonly conditions?: Required<Workload>['status']['conditions'] };
}

/** What a reference of an autoscaler points to. */
export interface TargetRef {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name: string;
}

/** Kinds of `apps/v1` that count their ready pods themselves. */
export const COUNTED: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  ReplicaSet: 'replicasets',
};

/** What serves, and why it is not more. */
export interface Served {
  readonly ready: number;
  readonly detail?: string;
}

/**
 * What serves behind a reference of an autoscaler.
 *
 * @param units how many there should be at least
 */
export async function servedBy(
  client: KubernetesClient,
  namespace: string,
  { apiVersion = 'apps/v1', kind = 'Deployment', name }: TargetRef,
  units: number,
  signal: AbortSignal,
): Promise<Served> {
  const { group, version } = groupOf(apiVersion);
  const known = group === 'apps' ? COUNTED[kind] : undefined;
  const plural = known ?? (await client.pluralOf(apiVersion, kind, signal));
  if (plural === undefined) return { ready: 0, detail: `the cluster has no ${kind} of ${apiVersion}` };
  const ref: Ref = { group, version, namespace, plural, name };
  const found = await client.get<Workload & Scale>(known ? ref : { ...ref, sub: 'scale' }, signal);
  if (!found) return { ready: 0, detail: `there is no ${kind} ${namespace}/${name} to scale` };
  return served(client, namespace, found, known ? undefined : (found.status?.selector ?? ''), units, signal);
}

/**
 * What serves of an object that is read already.
 *
 * @param query selector of its pods where it does not count them itself
 */
export async function served(
  client: KubernetesClient,
  namespace: string,
  object: Workload,
  query: string | undefined,
  units: number,
  signal: AbortSignal,
): Promise<Served> {
  if (query === undefined) {
    const ready = object.status?.readyReplicas ?? 0;
    if (ready >= units) return { ready };
    const failure = object.status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
    const pods = await podsOf(client, namespace, object.spec?.selector ? selectorText(object.spec.selector) : '', signal).catch((error) => {
      // Why they are not ready is worth a word, not the order.
      if (error instanceof Refused) return [];
      throw error;
    });
    return { ready, ...detailOf(pods, failure?.message) };
  }
  const pods = await podsOf(client, namespace, query, signal);
  const ready = pods.filter((pod) => !pod.metadata.deletionTimestamp && says(pod, 'Ready')?.status === 'True').length;
  return { ready, ...(ready < units ? detailOf(pods) : {}) };
}

/** Counts of built-in kinds are their own; of others the pods are counted. */
export const countsItself = ({ group, plural }: Ref): boolean => group === 'apps' && Object.values(COUNTED).includes(plural);

/** An empty query would take the pods of all others. */
async function podsOf(client: KubernetesClient, namespace: string, query: string, signal: AbortSignal): Promise<readonly Pod[]> {
  return query === '' ? [] : client.list<Pod>({ group: '', version: 'v1', plural: 'pods', namespace }, signal, query);
}

const says = (pod: Pod, type: string) => pod.status?.conditions?.find((condition) => condition.type === type);

function detailOf(pods: readonly Pod[], failure?: string): { detail?: string } {
  const homeless = pods
    .map((pod) => says(pod, 'PodScheduled'))
    .filter((said) => said?.status === 'False' && said.reason === 'Unschedulable');
  const words = [
    ...(failure === undefined ? [] : [failure]),
    ...(homeless.length === 0 ? [] : [`${homeless.length} pod(s) cannot be scheduled: ${homeless[0]?.message ?? 'no word why'}`]),
  ];
  return words.length === 0 ? {} : { detail: words.join('; ') };
}

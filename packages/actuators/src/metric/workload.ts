import { groupOf, type KubernetesClient, type Ref } from '../kubernetes/client.ts';
import { COUNTED, type Scale, servedBy, type TargetRef } from '../kubernetes/workload.ts';
import { Refused } from '../target/index.ts';

/** The workload that somebody else scales by the metric. */
export interface Workload {
  /** Units that it is to have, whoever decided that. */
  readonly units: number;
  /** Units that serve. */
  readonly ready: number;
  /** Most units that its scaler allows. */
  readonly most?: number;
  /** Why a floor must not be promised there: its scaler would not let go of it. Absent = it would. */
  readonly clings?: string;
  readonly detail?: string;
}

/** Replicas of what an autoscaler scales: asked for, and ready. @throws Refused where it is not there, Unavailable */
export async function replicasOf(
  client: KubernetesClient,
  namespace: string,
  { apiVersion = 'apps/v1', kind = 'Deployment', name }: TargetRef,
  signal: AbortSignal,
): Promise<{ readonly units: number; readonly ready: number; readonly detail?: string }> {
  const plural = (apiVersion === 'apps/v1' ? COUNTED[kind] : undefined) ?? (await client.pluralOf(apiVersion, kind, signal));
  if (plural === undefined) throw new Refused(`the cluster has no ${kind} of ${apiVersion}`);
  const ref: Ref = { ...groupOf(apiVersion), namespace, plural, name, sub: 'scale' };
  const scale = await client.get<Scale>(ref, signal);
  if (!scale) throw new Refused(`there is no ${kind} ${namespace}/${name} to scale`);
  const units = scale.spec?.replicas ?? 0;
  return { units, ...(await servedBy(client, namespace, { apiVersion, kind, name }, units, signal)) };
}

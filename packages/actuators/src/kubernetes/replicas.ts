import { type Mark, Refused, type Scaling, type Status } from '../target/index.ts';
import { HPA, SCALED_OBJECT } from './autoscalers.ts';
import { keptBy } from './budgets.ts';
import { groupOf, type KubeObject, type KubernetesClient, nameOf, type Ref } from './client.ts';
import { LEASE, markOf, ORIGINAL, textOf } from './lease.ts';
import type { AutoscalerObject } from './minimum.ts';
import { ownerOf } from './owners.ts';
import { labelsIn } from './selector.ts';
import { countsItself, type Scale, served, type Workload } from './workload.ts';

interface ReplicasStatus extends Status {
  readonly object: Workload;
  readonly scale: Scale;
  readonly lease?: KubeObject;
  readonly owner?: string;
}

/**
 * Sets `spec.replicas` of what has no autoscaler, through its scale subresource. The mark is an annotation of a Lease beside it: an annotation of the
 * object itself would ask for the right to patch it, and who may patch a Deployment may run any image with its service account. Two objects are not
 * written at once, so the mark goes first, with what was there.
 */
export class Replicas {
  readonly #client: KubernetesClient;

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  async status(ref: Ref, signal: AbortSignal): Promise<ReplicasStatus> {
    const client = this.#client;
    const [object, scale, lease, autoscaler] = await Promise.all([
      client.get<Workload>(ref, signal),
      client.get<Scale>({ ...ref, sub: 'scale' }, signal),
      client.get(leaseOf(ref), signal),
      this.#autoscalerOf(ref, signal),
    ]);
    const where = nameOf(ref);
    if (!object) throw new Refused(`there is no ${where}: create it, or correct the name or the namespace`);
    if (!scale) throw new Refused(`${where} has no scale subresource: Auspex cannot say how many it is to have`);
    const kind = object.kind ?? ref.plural;
    const named = `${kind} ${ref.namespace}/${ref.name}`;
    const owner = autoscaler(kind, named) ?? ownerOf(object, named, ['spec', 'replicas']);
    const mark = markOf(lease, object, nameOf(leaseOf(ref)));
    if (owner !== undefined && !mark) throw new Refused(owner);
    const units = scale.spec?.replicas ?? 0;
    const query = scale.status?.selector ?? '';
    const labels = object.spec?.template?.metadata?.labels ?? labelsIn(query);
    const [{ ready, detail }, kept] = await Promise.all([
      served(client, ref.namespace, object, countsItself(ref) ? undefined : query, units, signal),
      keptBy(client, ref.namespace, labels, units, signal),
    ]);
    return {
      object,
      scale,
      units,
      ready,
      // A budget that is not met already orders no more.
      least: Math.min(kept, units),
      ...(lease && { lease }),
      ...(mark && { mark }),
      ...(owner === undefined ? {} : { owner }),
      ...(detail === undefined ? {} : { detail }),
    };
  }

  async scale(ref: Ref, { units, mark, status }: Scaling & { status: ReplicasStatus }, signal: AbortSignal): Promise<void> {
    const { object, owner } = status;
    if (owner !== undefined && (mark || units !== status.units)) throw new Refused(owner);
    let { lease } = status;
    if (units !== status.units) {
      const to: Ref = { ...ref, sub: 'scale' };
      const body = { metadata: { resourceVersion: status.scale.metadata.resourceVersion }, spec: { replicas: units } };
      const tried = await this.#client.patch<Scale>(to, body, { dryRun: true }, signal);
      const would = tried.spec?.replicas ?? 0;
      if (would !== units) throw new Refused(`${nameOf(ref)}: admission makes ${would} of ${units} replicas`);
      if (mark) lease = await this.#write(ref, object, lease, { ...mark, was: status.units }, signal);
      await this.#client.patch(to, body, { dryRun: false }, signal);
    }
    if (mark) await this.#write(ref, object, lease, mark, signal);
    else if (lease?.metadata.resourceVersion !== undefined) await this.#client.remove(leaseOf(ref), lease.metadata.resourceVersion, signal);
  }

  #write(ref: Ref, object: Workload, lease: KubeObject | undefined, mark: Mark, signal: AbortSignal): Promise<KubeObject> {
    const { name, ...place } = leaseOf(ref);
    const { apiVersion, kind, metadata } = object;
    const written = {
      annotations: { [LEASE]: textOf(mark, object), [ORIGINAL]: String(mark.original) },
      // It goes with what it is about.
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }],
    };
    const { resourceVersion } = lease?.metadata ?? {};
    if (lease) return this.#client.patch({ ...place, name }, { metadata: { resourceVersion, ...written } }, { dryRun: false }, signal);
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: place.namespace, labels: { 'app.kubernetes.io/managed-by': 'auspex' }, ...written },
      spec: { holderIdentity: 'auspex' },
    };
    return this.#client.create(place, body, signal);
  }

  /** Whether an autoscaler of the namespace has this object for its target. */
  async #autoscalerOf(ref: Ref, signal: AbortSignal): Promise<(kind: string, where: string) => string | undefined> {
    const [scaledObjects, hpas] = await Promise.all(
      [SCALED_OBJECT, HPA].map(({ place }) => this.#client.list<AutoscalerObject>({ ...place, namespace: ref.namespace }, signal)),
    );
    return (kind, where) => {
      const aims = ({ spec: { scaleTargetRef: to } }: AutoscalerObject): boolean =>
        to.name === ref.name && (to.kind ?? 'Deployment') === kind && groupOf(to.apiVersion ?? 'apps/v1').group === ref.group;
      // KEDA first: its autoscaler is found too, and is not the one to name.
      const scaled = scaledObjects?.find(aims)?.metadata.name;
      if (scaled !== undefined)
        return `${where} is scaled by the ScaledObject "${scaled}" of KEDA: give scaledObject: "${scaled}" in place of scale`;
      const hpa = hpas?.find(aims)?.metadata.name;
      return hpa && `${where} is scaled by the HorizontalPodAutoscaler "${hpa}": give hpa: "${hpa}" in place of scale`;
    };
  }
}

/** Name of the Lease that holds the mark: `auspex.deployments.apps.web`. */
function leaseOf({ group, plural, namespace, name }: Ref): Ref {
  return { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespace, name: `auspex.${plural}.${group}.${name}` };
}

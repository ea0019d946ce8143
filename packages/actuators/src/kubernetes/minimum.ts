import { Refused, type Scaling, type Status } from '../target/index.ts';
import type { KubeObject, KubernetesClient, Place, Ref } from './client.ts';
import { LEASE, markOf, ORIGINAL, textOf } from './lease.ts';
import { ownerOf } from './owners.ts';
import { servedBy, type TargetRef } from './workload.ts';

/** What one kind of autoscaler calls its minimum, and who may not be spoken over. */
export interface Autoscaler {
  readonly kind: string;
  readonly place: Omit<Place, 'namespace'>;
  readonly min: string;
  /** What the minimum is where it is not given. */
  readonly unset: number;
  readonly max: string;
  /** What the maximum is where it is not given. */
  readonly most: number;
  /** Lowest that the API takes where the units found are not below it. */
  readonly least: number;
  /** Why this one is not to be set, beside what `ownerOf` sees. */
  owner(object: AutoscalerObject, where: string): string | undefined;
  /** Why an order would have no effect now: somebody has paused it. What was there before a floor may be brought back all the same. */
  paused(object: AutoscalerObject, where: string): string | undefined;
  /** What keeps its minimum from having an effect. */
  note(object: AutoscalerObject): string | undefined;
}

export interface AutoscalerObject extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>> & { readonly scaleTargetRef: TargetRef };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

interface AutoscalerStatus extends Status {
  readonly object: AutoscalerObject;
  readonly owner?: string;
  readonly paused?: string;
}

/** Sets the minimum of an autoscaler, which goes on to scale above it. The mark is an annotation of the same object, written in the same patch. */
export class Minimum {
  readonly #client: KubernetesClient;
  readonly #kind: Autoscaler;

  constructor(client: KubernetesClient, kind: Autoscaler) {
    this.#client = client;
    this.#kind = kind;
  }

  async status(namespace: string, name: string, signal: AbortSignal): Promise<AutoscalerStatus> {
    const kind = this.#kind;
    const where = `${kind.kind} ${namespace}/${name}`;
    const object = await this.#client.get<AutoscalerObject>(this.#ref(namespace, name), signal);
    if (!object) throw new Refused(`there is no ${where}: create it, or correct the name or the namespace`);
    const owner = kind.owner(object, where) ?? ownerOf(object, where, ['spec', kind.min]);
    const paused = kind.paused(object, where);
    const mark = markOf(object, object, where);
    // Where Auspex has left something the keeper has to be able to take it away, whoever is in charge now.
    const why = owner ?? paused;
    if (why !== undefined && !mark) throw new Refused(why);
    const units = numberOf(object.spec[kind.min], kind.unset);
    const { ready, detail } = await servedBy(this.#client, namespace, object.spec.scaleTargetRef, units, signal);
    const words = [kind.note(object), detail].filter((word) => word !== undefined);
    return {
      object,
      units,
      ready,
      most: numberOf(object.spec[kind.max], kind.most),
      least: Math.min(kind.least, units),
      ...(mark && { mark }),
      ...(owner === undefined ? {} : { owner }),
      ...(paused === undefined ? {} : { paused }),
      ...(words.length === 0 ? {} : { detail: words.join('; ') }),
    };
  }

  async scale(
    namespace: string,
    name: string,
    { units, mark, status }: Scaling & { status: AutoscalerStatus },
    signal: AbortSignal,
  ): Promise<void> {
    const { object, owner, paused } = status;
    if (owner !== undefined && (mark || units !== status.units)) throw new Refused(owner);
    if (paused !== undefined && mark) throw new Refused(paused);
    const { min, unset, kind } = this.#kind;
    const { annotations = {}, resourceVersion } = object.metadata;
    // Whether the field was there at all: a floor goes back to what was there, not to its meaning.
    const absent = status.mark ? annotations[ORIGINAL] === 'unset' : object.spec[min] === undefined;
    const original = mark && (absent && mark.original === unset ? 'unset' : String(mark.original));
    const body = {
      metadata: { resourceVersion, annotations: { [LEASE]: mark ? textOf(mark, object) : null, [ORIGINAL]: original ?? null } },
      ...(units === status.units ? {} : { spec: { [min]: !mark && absent && units === unset ? null : units } }),
    };
    const ref = this.#ref(namespace, name);
    const tried = await this.#client.patch<AutoscalerObject>(ref, body, { dryRun: true }, signal);
    const would = numberOf(tried.spec[min], unset);
    if (would !== units) throw new Refused(`${kind} ${namespace}/${name}: admission makes ${would} of ${min}: ${units}`);
    await this.#client.patch(ref, body, { dryRun: false }, signal);
  }

  #ref(namespace: string, name: string): Ref {
    return { ...this.#kind.place, namespace, name };
  }
}

const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** Objects of one kind in a namespace. The group of pods is the empty string. */
export interface Place {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string;
}

/** One of them, or its scale subresource. */
export interface Ref extends Place {
  readonly name: string;
  readonly sub?: 'scale';
}

/** What is read of every object. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: unknown;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
    readonly managedFields?: readonly {
      readonly manager?: string;
      readonly operation?: string;
      readonly fieldsV1?: Readonly<Record<string, unknown>>;
    }[];
  };
}

/** The part of the Kubernetes API that the actuator calls. Each method rejects with Refused, Unavailable or Conflict. */
export interface KubernetesClient {
  /** Namespace of the credentials. */
  namespace(): Promise<string>;
  /** undefined = there is none. */
  get<T extends KubeObject>(ref: Ref, signal: AbortSignal): Promise<T | undefined>;
  /** @param selector labels as in `app=web,tier in (a,b)`. Empty also where the cluster has no such kind. */
  list<T extends KubeObject>(place: Place, signal: AbortSignal, selector?: string): Promise<readonly T[]>;
  /** A JSON merge patch; with `dryRun` the server does all but keep it. Conflict where `metadata.resourceVersion` is not the one there. */
  patch<T extends KubeObject>(ref: Ref, body: object, how: { readonly dryRun: boolean }, signal: AbortSignal): Promise<T>;
  /** Conflict where there is one of that name. */
  create(place: Place, body: object, signal: AbortSignal): Promise<KubeObject>;
  /** Conflict where its version is another; done where there is none. */
  remove(ref: Ref, resourceVersion: string, signal: AbortSignal): Promise<void>;
  /** How the objects of a kind are called in a path: `rollouts`. undefined = the cluster has no such kind. */
  pluralOf(apiVersion: string, kind: string, signal: AbortSignal): Promise<string | undefined>;
  /** Ends the connections that are kept. Later calls open new ones. */
  close?(): void;
}

/** Group and version of `apps/v1`, `v1`. */
export function groupOf(apiVersion: string): Pick<Place, 'group' | 'version'> {
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  return { group, version };
}

/** For messages: `deployments.apps shop/web`. */
export function nameOf({ group, plural, namespace, name, sub }: Ref): string {
  return `${plural}${sub ? `/${sub}` : ''}${group && `.${group}`} ${namespace}/${name}`;
}

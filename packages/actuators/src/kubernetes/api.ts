import { groupOf, type KubeObject, type KubernetesClient, nameOf, type Place, type Ref } from './client.ts';
import type { KubernetesOptions } from './config.ts';
import { type KubeHttp, kubeHttp, MANAGER } from './http.ts';

/** The client of a real API server. Nothing is loaded or opened before the first call. */
export class KubernetesApi implements KubernetesClient {
  readonly #api: KubeHttp;
  /** Plurals of the kinds of a group, asked for once. */
  readonly #plurals = new Map<string, ReadonlyMap<string, string>>();

  /** @param plugin for errors */
  constructor(options: Pick<KubernetesOptions, 'kubeconfig' | 'context' | 'timeLimit'>, plugin = 'actuator(kubernetes)') {
    const { kubeconfig, context, timeLimit } = options;
    this.#api = kubeHttp({ plugin, kubeconfig, context, timeLimit });
  }

  namespace(): Promise<string> {
    return this.#api.namespace();
  }

  get<T extends KubeObject>(ref: Ref, signal: AbortSignal): Promise<T | undefined> {
    return this.#api.call('GET', pathOf(ref), signal, { what: `get ${nameOf(ref)}`, absent: [404] });
  }

  async list<T extends KubeObject>(place: Place, signal: AbortSignal, selector?: string): Promise<readonly T[]> {
    const query = selector === undefined ? {} : { labelSelector: selector };
    const what = `list ${kindOf(place)} in ${place.namespace}`;
    const answer = await this.#api.call<{ items: T[] } | undefined>('GET', pathOf(place), signal, { query, what, absent: [404] });
    return answer?.items ?? [];
  }

  patch<T extends KubeObject>(ref: Ref, body: object, { dryRun }: { dryRun: boolean }, signal: AbortSignal): Promise<T> {
    const query = { fieldManager: MANAGER, ...(dryRun ? { dryRun: 'All' } : {}) };
    const type = 'application/merge-patch+json';
    return this.#api.call('PATCH', pathOf(ref), signal, { query, body, type, what: `patch ${nameOf(ref)}` });
  }

  create(place: Place, body: object, signal: AbortSignal): Promise<KubeObject> {
    const what = `create ${kindOf(place)} in ${place.namespace}`;
    return this.#api.call('POST', pathOf(place), signal, { query: { fieldManager: MANAGER }, body, what });
  }

  async remove(ref: Ref, resourceVersion: string, signal: AbortSignal): Promise<void> {
    const body = { preconditions: { resourceVersion } };
    await this.#api.call('DELETE', pathOf(ref), signal, { body, what: `delete ${nameOf(ref)}`, absent: [404] });
  }

  async pluralOf(apiVersion: string, kind: string, signal: AbortSignal): Promise<string | undefined> {
    let plurals = this.#plurals.get(apiVersion);
    if (!plurals?.has(kind)) {
      const { group, version } = groupOf(apiVersion);
      const options = { what: `get the kinds of ${apiVersion}`, absent: [404] };
      const answer = await this.#api.call<{ resources: { name: string; kind: string }[] } | undefined>(
        'GET',
        rootOf(group, version),
        signal,
        options,
      );
      const resources = (answer?.resources ?? []).filter(({ name }) => !name.includes('/'));
      plurals = new Map(resources.map((found) => [found.kind, found.name]));
      this.#plurals.set(apiVersion, plurals);
    }
    return plurals.get(kind);
  }

  close(): void {
    this.#api.close();
  }
}

const kindOf = ({ plural, group }: Place): string => `${plural}${group && `.${group}`}`;

const rootOf = (group: string, version: string): string => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`);

function pathOf({ group, version, namespace, plural, name, sub }: Place & Partial<Ref>): string {
  const parts = ['namespaces', namespace, plural, ...(name === undefined ? [] : [name]), ...(sub ? [sub] : [])];
  return `${rootOf(group, version)}/${parts.map(encodeURIComponent).join('/')}`;
}

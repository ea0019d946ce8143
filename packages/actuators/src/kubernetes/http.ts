import { AuspexError, formatDuration, loadPeer } from '@auspex/contracts';
import type { KubeConfig } from '@kubernetes/client-node';
import { Unavailable } from '../target/index.ts';
import { Agents } from './agents.ts';
import { answered, unanswered } from './errors.ts';

type Sdk = typeof import('@kubernetes/client-node');

/** Who writes, as the API server names it in `managedFields`. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
export const MANAGER = 'auspex';

export interface HttpOptions {
  /** For errors: `actuator(kubernetes)`. */
  readonly plugin: string;
  /** Path of a kubeconfig. Absent = KUBECONFIG, then ~/.kube/config, then the service account of the pod. */
  readonly kubeconfig?: string | undefined;
  /** Context of the kubeconfig. Absent = its current one. */
  readonly context?: string | undefined;
  /** Longest wait for one answer, milliseconds. */
  readonly timeLimit: number;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Content type of the body. Default `application/json`. */
  readonly type?: string;
  /** For messages: `patch deployments.apps shop/web`. Default: method and path. */
  readonly what?: string;
  /** Statuses that are answered with undefined. Default none. */
  readonly absent?: readonly number[];
}

/** The API server of a cluster, by paths, in JSON. */
export interface KubeHttp {
  /** Namespace of the context or of the service account, else `default`. */
  namespace(): Promise<string>;
  /** @throws Refused, Unavailable, Conflict; AuspexError PLUGIN_NOT_FOUND without the SDK, CONFIG_INVALID without credentials */
  call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, signal: AbortSignal, options?: CallOptions): Promise<T>;
  /** Ends the connections that are kept. Later calls open new ones. */
  close(): void;
}

/**
 * The API server that the credentials lead to. From `@kubernetes/client-node` come the credentials and the transport; paths are plain, so that each kind
 * that has a scale subresource can be reached. Nothing is loaded or opened before the first call.
 */
export function kubeHttp(options: HttpOptions): KubeHttp {
  return new Http(options);
}

interface Cluster {
  readonly sdk: Sdk;
  readonly config: KubeConfig;
  readonly server: string;
}

class Http implements KubeHttp {
  readonly #options: HttpOptions;
  #loaded: Promise<Cluster> | undefined;
  readonly #agents = new Agents();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  async namespace(): Promise<string> {
    const { config } = await this.#load();
    return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  }

  async call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, signal: AbortSignal, options: CallOptions = {}): Promise<T> {
    const { query = {}, body, type = 'application/json', what = `${method} ${path}`, absent = [] } = options;
    const { sdk, config, server } = await this.#load();
    const { timeLimit } = this.#options;
    const limit = AbortSignal.timeout(timeLimit);
    const context = new sdk.RequestContext(`${server}${path}`, method as never);
    for (const [name, value] of Object.entries(query)) context.setQueryParam(name, value);
    context.setHeaderParam('Accept', 'application/json');
    context.setHeaderParam('User-Agent', MANAGER);
    if (body) {
      context.setHeaderParam('Content-Type', type);
      context.setBody(JSON.stringify(body));
    }
    const ends = AbortSignal.any([signal, limit]);
    context.setSignal(ends as never);
    let answer: { status: number; headers: Readonly<Record<string, string>>; text: string };
    try {
      await orAbort(config.applySecurityAuthentication(context), ends);
      context.setAgent(this.#agents.keep(context.getAgent()) as never);
      signal.throwIfAborted();
      const response = await new sdk.IsomorphicFetchHttpLibrary().send(context).toPromise();
      answer = { status: response.httpStatusCode, headers: response.headers, text: await response.body.text() };
    } catch (cause) {
      signal.throwIfAborted();
      if (limit.aborted) throw new Unavailable(`${what}: no answer of ${server} within ${formatDuration(timeLimit)}`, { cause });
      throw unanswered(cause, what);
    }
    if (absent.includes(answer.status)) return undefined as T;
    if (answer.status < 200 || answer.status > 299) throw answered(answer, what);
    try {
      return JSON.parse(answer.text) as T;
    } catch (cause) {
      throw new Unavailable(`${what}: ${server} answers no JSON: ${answer.text.slice(0, 80)}`, { cause });
    }
  }

  close(): void {
    this.#agents.close();
  }

  #load(): Promise<Cluster> {
    this.#loaded ??= load(this.#options).catch((error) => {
      // A file that is not there yet may be there at the next order.
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }
}

/** A program that gives credentials (`exec` in the kubeconfig) may hang, and takes no signal. */
async function orAbort(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  await Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop));
}

async function load(options: HttpOptions): Promise<Cluster> {
  const { plugin } = options;
  const sdk = await loadPeer(plugin, '@kubernetes/client-node', () => import('@kubernetes/client-node'));
  const config = new sdk.KubeConfig();
  const wrong = (message: string, key: string, remedy: string, cause?: unknown): AuspexError =>
    new AuspexError('CONFIG_INVALID', message, { path: `${plugin}.${key}`, remedy, ...(cause === undefined ? {} : { cause }) });
  try {
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
  } catch (cause) {
    const { message } = cause as Error;
    throw wrong(`the kubeconfig cannot be read: ${message}`, 'kubeconfig', 'Give the path of a kubeconfig that this user may read.', cause);
  }
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const name = config.getCurrentContext();
  const server = config.getContextObject(name) ? config.getCurrentCluster()?.server : undefined;
  if (server === undefined) {
    const known = config.getContexts().map((context) => context.name);
    throw wrong(
      `there is no context "${name || 'none'}" with a cluster`,
      'context',
      `Name one of: ${known.join(', ') || 'there are none'}.`,
    );
  }
  // What the SDK falls back to where it finds nothing.
  if (name === 'loaded-context' && server === 'http://localhost:8080') {
    const remedy = 'Set KUBECONFIG or kubeconfig, or run in a pod with a service account.';
    throw wrong('no credentials: KUBECONFIG is not set, and there is no ~/.kube/config and no service account', 'kubeconfig', remedy);
  }
  return { sdk, config, server: server.replace(/\/+$/, '') };
}

import { AuspexError, CONTRACT_VERSION, formatDuration, type PluginContext, type PluginKind } from '@auspex/contracts';
import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { type ServiceError, status } from '@grpc/grpc-js';
import { Plugin } from '../gen/auspex/v1/auspex_pb.ts';
import { type RestartOptions, Restarts } from '../process/restarts.ts';
import { after, every, within } from '../process/timers.ts';
import { type ClientStream, methodDefinition, type ServerStream, type Unary } from '../wire/methods.ts';
import { fromStatus } from '../wire/status.ts';
import { type Channel, openChannel, type Target } from './channel.ts';

/** What one instance of a remote plugin is. Times in milliseconds. */
export interface SessionOptions {
  readonly kind: PluginKind;
  readonly id: string;
  readonly target: Target;
  /** Options of the instance, as JSON text. */
  readonly options: string;
  /** Were they validated already? */
  readonly validated: boolean;
  /** What the engine was told. */
  readonly capabilities: object;
  /** How long one call may take. */
  readonly deadline: number;
  /** How long start, description and creation may take, each. */
  readonly startLimit: number;
  readonly restart: RestartOptions;
}

/** A plugin that was started and holds our instance. */
export interface Live extends Channel {
  readonly instance: string;
}

interface CallOptions {
  readonly signal?: AbortSignal;
  /** Default: the session's deadline. */
  readonly limit?: number;
}

/** How long a process whose call broke with a status has to be seen ending, so that the message can say how; ms. */
const OBITUARY: Readonly<Record<number, number>> = {
  [status.UNAVAILABLE]: 500,
  [status.CANCELLED]: 500,
  // May be an answer as well.
  [status.INTERNAL]: 100,
  [status.UNKNOWN]: 100,
};

/** How long the farewell to an instance may take, ms. */
const FAREWELL = 1_000;

/**
 * One instance of a plugin that runs elsewhere: started at the first call, started again after a crash, ended by `close` or by
 * the context's signal. Every call that does not succeed rejects with an AuspexError that names the plugin:
 * `PLUGIN_CRASHED` when its process ended, was killed for time or memory, or is not yet started again; what it said, otherwise.
 */
export class Session {
  readonly who: string;
  readonly #options: SessionOptions;
  readonly #context: PluginContext;
  readonly #restarts: Restarts;
  readonly #seed: bigint;
  readonly #ending = new AbortController();
  #live: Promise<Live> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: SessionOptions, context: PluginContext) {
    this.who = `${options.kind}(${options.id})`;
    this.#options = options;
    this.#context = context;
    this.#restarts = new Restarts(options.restart, context.clock, context.random.fork('restarts'));
    this.#seed = BigInt(Math.floor(context.random.fork('seed').next() * 2 ** 53));
    context.signal.addEventListener('abort', () => void this.close(), { once: true, signal: this.#ending.signal });
  }

  /** The instance, started where it does not run. Rejects at once while it is too early for another start. */
  async ready(): Promise<Live> {
    if (this.#closed || this.#context.signal.aborted) {
      throw new AuspexError('LIFECYCLE', 'is closed', { path: this.who });
    }
    if (this.#live === undefined) {
      this.#restarts.check(this.who);
      this.#live = this.#connect();
    }
    return await this.#live;
  }

  async #connect(): Promise<Live> {
    let channel: Channel | undefined;
    try {
      channel = await openChannel(this.#options.target, this.who, this.#context, this.#ending.signal);
      const live = { ...channel, instance: await this.#create(channel) };
      this.#restarts.started();
      void live.child?.ended.then((how) => this.#lost(live, how));
      return live;
    } catch (error) {
      channel?.client.close();
      channel?.child?.kill('could not be used: killed');
      await channel?.child?.ended;
      this.#live = undefined;
      if (!this.#closed) this.#restarts.failed((error as Error).message);
      throw error;
    }
  }

  async #create(channel: Channel): Promise<string> {
    const { kind, options, validated, capabilities, startLimit: limit } = this.#options;
    const { signal } = this.#ending;
    const bare: Live = { ...channel, instance: '' };
    const about = await this.unary(bare, Plugin.method.describe, {}, { limit, signal });
    if (about.contract !== CONTRACT_VERSION) {
      throw new AuspexError('PLUGIN_VERSION', `is built for contract version ${about.contract}, not ${CONTRACT_VERSION}`, {
        path: this.who,
      });
    }
    if (about.kind !== kind)
      throw new AuspexError('PLUGIN_INVALID', `says that it is of the kind ${about.kind}, not ${kind}`, { path: this.who });
    const told = about.capabilitiesJson || '{}';
    for (const [name, value] of Object.entries(capabilities)) {
      const own = (JSON.parse(told) as Record<string, unknown>)[name];
      // How its series are asked is our business, whatever it can do inside.
      if (name === 'batch' || own === undefined || own === value) continue;
      this.#context.logger.warn({ plugin: this.who }, `${this.who} says ${name}: ${own}, but was declared with ${name}: ${value}`);
    }
    const request = { optionsJson: options, validated, seed: this.#seed };
    return (await this.unary(bare, Plugin.method.create, request, { limit, signal })).instance;
  }

  /** The instance is gone: the next call starts it again, once it is time. */
  #lost(live: Live, how: string): void {
    live.client.close();
    this.#live = undefined;
    if (this.#closed) return;
    const wait = this.#restarts.failed(how);
    const when = formatDuration(Math.ceil(wait));
    this.#context.meter.count('auspex_plugin_crashes_total', 1, { plugin: this.who });
    this.#context.logger.warn({ plugin: this.who, lines: live.child?.tail ?? [] }, `${this.who}: ${how}; it is started again in ${when}`);
  }

  /** Starts what does not run and makes one call. @param build the request for an instance's handle */
  async request<I extends DescMessage, O extends DescMessage>(
    method: Unary<I, O>,
    build: (instance: string) => MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    return await this.knowing(
      () => this.ready(),
      (live) => this.unary(live, method, build(live.instance), options),
    );
  }

  /** Makes a call, and once more where a process that somebody else runs was started anew and does not know our instance. */
  async knowing<T>(ready: () => Promise<Live>, call: (live: Live) => Promise<T>): Promise<T> {
    const live = await ready();
    try {
      return await call(live);
    } catch (error) {
      const { cause } = error as { cause?: Partial<ServiceError> };
      if (live.child || cause?.code !== status.NOT_FOUND) throw error;
      return await call(await ready());
    }
  }

  /** One call of one message. */
  unary<I extends DescMessage, O extends DescMessage>(
    live: Live,
    method: Unary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition<I, O>(method);
    return this.#call(live, method.name, options, (done) =>
      live.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(method.input, request), live.metadata, done),
    );
  }

  /** One call of many messages, answered by one. Between two of them the engine's own work goes on. */
  upload<I extends DescMessage, O extends DescMessage>(
    live: Live,
    method: ClientStream<I, O>,
    requests: Iterable<MessageInitShape<I>>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition<I, O>(method);
    return this.#call(live, method.name, options, (told) => {
      let over = false;
      const done: typeof told = (...answer) => {
        over = true;
        told(...answer);
      };
      const call = live.client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, live.metadata, done);
      const rest = requests[Symbol.iterator]();
      const push = (): void => {
        if (over) return;
        const next = rest.next();
        if (next.done) call.end();
        else if (call.write(create(method.input, next.value))) after(0, push);
        else call.once('drain', push);
      };
      push();
      return call;
    });
  }

  /** One call that is answered by a stream. Ends without a word when `signal` aborts. */
  async *stream<I extends DescMessage, O extends DescMessage>(
    method: ServerStream<I, O>,
    build: (instance: string) => MessageInitShape<I>,
    signal: AbortSignal,
  ): AsyncGenerator<MessageShape<O>> {
    if (signal.aborted) return;
    const live = await this.ready();
    const { path, requestSerialize, responseDeserialize } = methodDefinition<I, O>(method);
    const request = create(method.input, build(live.instance));
    const call = live.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, live.metadata);
    const free = live.child?.busy();
    let verdict: unknown;
    // Silence may be a stream without news or a process that hangs: asked every now and then, one that lives answers.
    const pulse = every(this.#options.deadline, () => {
      this.unary(live, Plugin.method.describe, {}).catch((error: unknown) => {
        verdict ??= error;
        call.cancel();
      });
    });
    const onAbort = (): void => call.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    call.on('error', () => {});
    try {
      for await (const message of call) {
        if (signal.aborted) return;
        yield message as MessageShape<O>;
      }
    } catch (error) {
      if (!signal.aborted) throw verdict ?? (await this.#explain(live, method.name, error as ServiceError));
    } finally {
      pulse.stop();
      free?.();
      signal.removeEventListener('abort', onAbort);
      call.cancel();
    }
  }

  async #call<T>(
    live: Live,
    what: string,
    { signal, limit = this.#options.deadline }: CallOptions,
    begin: (done: (error: ServiceError | null, value?: T) => void) => { cancel(): void },
  ): Promise<T> {
    signal?.throwIfAborted();
    const free = live.child?.busy();
    let late = false;
    let timer: { cancel(): void } | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        const call = begin((error, value) => (error ? reject(error) : resolve(value as T)));
        timer = after(limit, () => {
          late = true;
          call.cancel();
        });
        onAbort = () => call.cancel();
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw late ? await this.#late(live, what, limit) : await this.#explain(live, what, error as ServiceError);
    } finally {
      timer?.cancel();
      if (onAbort) signal?.removeEventListener('abort', onAbort);
      free?.();
    }
  }

  async #late(live: Live, what: string, limit: number): Promise<AuspexError> {
    const text = `did not answer ${what} within ${formatDuration(limit)}`;
    if (live.child) {
      live.child.kill(`${text}: killed`);
      return new AuspexError('PLUGIN_CRASHED', await live.child.ended, { path: this.who });
    }
    return new AuspexError('PLUGIN_FAILED', text, { path: this.who, remedy: 'Raise its deadline, or make it answer sooner.' });
  }

  /** The error of a call that failed: how the process ended, where it did, else what it said. */
  async #explain(live: Live, what: string, error: ServiceError): Promise<unknown> {
    if (this.#closed) return new AuspexError('LIFECYCLE', `was closed during ${what}`, { path: this.who });
    if (live.child) {
      const how = await within(OBITUARY[error.code] ?? 0, live.child.ended);
      if (how !== undefined) return new AuspexError('PLUGIN_CRASHED', `${how} (during ${what})`, { path: this.who, cause: error });
      if (error.code === status.UNAVAILABLE) {
        live.child.kill(`no longer talks: ${error.details}: killed`);
        return new AuspexError('PLUGIN_CRASHED', await live.child.ended, { path: this.who, cause: error });
      }
    } else if (error.code === status.UNAVAILABLE) {
      if (this.#live) this.#lost(live, `cannot be reached: ${error.details}`);
      return new AuspexError('PLUGIN_CRASHED', `cannot be reached: ${error.details}`, {
        path: this.who,
        remedy: 'Start the process at this address; it is connected again by itself.',
        cause: error,
      });
    } else if (error.code === status.NOT_FOUND && live.instance !== '') {
      live.client.close();
      this.#live = undefined;
    }
    return fromStatus(error, this.who, what);
  }

  /** Ends the instance, and its process where it is ours. Resolves when it is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    // The first statement of `close` must have set its mark before anything here looks at it.
    await Promise.resolve();
    this.#ending.abort(new AuspexError('LIFECYCLE', 'was closed while it started', { path: this.who }));
    const live = await this.#live?.catch(() => undefined);
    if (!live) return;
    const { path, requestSerialize, responseDeserialize } = methodDefinition(Plugin.method.close);
    const request = create(Plugin.method.close.input, { instance: live.instance });
    const closed = new Promise<void>((resolve) => {
      live.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, live.metadata, () => resolve());
    });
    await within(Math.min(this.#options.deadline, FAREWELL), closed);
    live.client.close();
    await live.child?.stop();
  }
}

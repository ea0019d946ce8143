import type { IncomingMessage } from 'node:http';
import { AuspexError, type PluginContext, type Source, type SourceBatch } from '@auspex/contracts';
import { Malformed } from '../records/index.ts';
import { Acks } from './acks.ts';
import type { HttpOptions } from './config.ts';
import { EventQueue } from './queue.ts';
import { BodyReader } from './records.ts';
import { type Answer, listen, type Receiver, type Server } from './server.ts';

const PARTITION = 'http';
/** Bad records that one answer shows. */
const SHOWN = 100;

/** Takes events that are posted to it. One partition; its position is the number of events given so far. */
export class HttpSource implements Source {
  readonly #options: HttpOptions;
  readonly #context: PluginContext;
  #receiving: Receiving | undefined;

  /** @throws AuspexError CONFIG_INVALID where the variable that `tokenEnv` names holds none */
  constructor(options: HttpOptions, context: PluginContext) {
    // Looked at before anything runs: an engine that has started must not end for it.
    tokenOf(options);
    this.#options = options;
    this.#context = context;
  }

  async *open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<SourceBatch> {
    if (signal.aborted) return;
    const receiving = new Receiving(this.#options, this.#context, positionOf(from[PARTITION]));
    this.#receiving = receiving;
    yield* receiving.batches(signal);
  }

  async commit(positions: Readonly<Record<string, string>>): Promise<void> {
    const position = positions[PARTITION];
    if (position !== undefined) this.#receiving?.acks.commit(positionOf(position));
  }

  async close(): Promise<void> {
    await this.#receiving?.stop();
  }
}

/** One run of the server. */
class Receiving implements Receiver {
  readonly acks: Acks;
  readonly #options: HttpOptions;
  readonly #context: PluginContext;
  readonly #reader: BodyReader;
  readonly #queue: EventQueue;
  readonly #malformed: Malformed;
  readonly #stopped = new AbortController();
  #server: Server | undefined;
  #stopping: Promise<void> | undefined;
  /** Events accepted, and events given, from the first ever. */
  #accepted: number;
  #given: number;
  /** Requests so far: where a bad record stands. */
  #requests = 0;

  constructor(options: HttpOptions, context: PluginContext, position: number) {
    this.#options = options;
    this.#context = context;
    this.#reader = new BodyReader(options);
    this.#queue = new EventQueue(options.queue, options.queueBytes);
    this.#malformed = new Malformed(context.logger);
    this.acks = new Acks(position);
    this.#accepted = position;
    this.#given = position;
  }

  full(): boolean {
    return this.#queue.full;
  }

  health(): Readonly<Record<string, unknown>> {
    const { queue } = this.#options;
    return { status: this.#queue.full ? 'full' : 'ok', queued: this.#queue.size, queue, waiting: this.acks.waiting };
  }

  async receive(body: Buffer, { headers }: IncomingMessage, lines: boolean): Promise<Answer> {
    const { events, malformed } = this.#reader.read(body, headers);
    const { meter } = this.#context;
    if (!this.#queue.canHold(events.length)) {
      return { status: 413, body: { error: `a batch of ${events.length} events; the queue holds ${this.#options.queue}` } };
    }
    if (!this.#queue.offer(events, body.length, malformed.length)) {
      meter.count('auspex_http_refused_total', 1);
      return { status: 429, body: { error: 'the queue is full' }, retry: true };
    }
    const request = ++this.#requests;
    for (const { line, reason, text } of malformed) this.#malformed.add(`request ${request}`, line, text, reason);
    this.#accepted += events.length;
    const upTo = this.#accepted;
    meter.gauge('auspex_http_queued_events', this.#queue.size);
    const counts = {
      accepted: events.length,
      malformed: malformed.length,
      ...(lines && { lines: malformed.slice(0, SHOWN).map(({ line, reason }) => ({ line, reason })) }),
    };
    if (events.length === 0 && malformed.length > 0) return { status: 400, body: { error: malformed[0]?.reason, ...counts } };
    if (this.#options.ack === 'durable' && !(await this.#durable(upTo))) {
      return { status: 503, body: { error: 'not durable yet: send again', ...counts }, retry: true };
    }
    return { status: 202, body: counts };
  }

  async #durable(upTo: number): Promise<boolean> {
    const done = new AbortController();
    const late = this.#context.clock.sleep(this.#options.ackTimeout, done.signal).then(
      () => done.abort(),
      () => undefined,
    );
    const durable = await this.acks.wait(upTo, AbortSignal.any([done.signal, this.#stopped.signal]));
    done.abort();
    await late;
    return durable;
  }

  async *batches(signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const server = await listen(this.#options, tokenOf(this.#options), this);
    this.#server = server;
    const stop = () => void this.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      this.#told(server);
      // Says at once that it listens: the engine waits for a first word of every source.
      yield this.#take();
      while (!signal.aborted) {
        await this.#somethingOrTick();
        if (signal.aborted || this.#stopped.signal.aborted) return;
        yield this.#take();
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await this.stop();
      const left = this.#queue.size;
      if (left > 0) {
        this.#context.logger.warn(
          { events: left, ack: this.#options.ack },
          'events that were queued and not taken are gone with this process',
        );
      }
    }
  }

  #told({ url, port }: Server): void {
    const { path, host, ack } = this.#options;
    this.#context.meter.gauge('auspex_http_port', port);
    this.#context.logger.info({ url: `${url}${path}`, port, ack }, 'listening for events');
    const local = host === 'localhost' || host === '::1' || host.startsWith('127.');
    if (!local && tokenOf(this.#options) === undefined) {
      this.#context.logger.warn({ host }, 'events are taken from anybody who reaches this address: set tokenEnv');
    }
  }

  #ticking: Promise<void> | undefined;

  /** Resolves when there are events, when a tick has passed, or at the end. */
  async #somethingOrTick(): Promise<void> {
    this.#ticking ??= this.#context.clock.sleep(this.#options.tick, this.#stopped.signal).then(
      () => this.#ticked(),
      () => undefined,
    );
    await Promise.race([this.#queue.arrival(), this.#ticking]);
  }

  #ticked(): void {
    this.#ticking = undefined;
  }

  #take(): SourceBatch {
    const { events, malformed } = this.#queue.take(this.#options.batch);
    this.#given += events.length;
    this.#context.meter.gauge('auspex_http_queued_events', this.#queue.size);
    // While events wait, nothing can be said about the time that they are of.
    const quiet = this.#queue.size === 0;
    return {
      partition: PARTITION,
      events,
      position: String(this.#given),
      ...(quiet && { watermark: this.#context.clock.now() - this.#options.delay }),
      ...(malformed > 0 && { malformed }),
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#stopped.abort(new Error('stopped'));
    await this.#server?.close();
  }
}

function positionOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const position = Number(text);
  if (Number.isSafeInteger(position) && position >= 0) return position;
  throw new AuspexError('SOURCE_POSITION_LOST', `the checkpoint holds no position of this source: ${text.slice(0, 80)}`, {
    path: PARTITION,
    remedy: 'Remove the checkpoint: this source cannot go back anyway.',
  });
}

/** @throws AuspexError CONFIG_INVALID when the named variable is empty */
function tokenOf({ token, tokenEnv }: HttpOptions): string | undefined {
  if (tokenEnv === undefined) return token;
  const found = process.env[tokenEnv];
  if (found !== undefined && found.length >= 8) return found;
  throw new AuspexError('CONFIG_INVALID', `the environment variable ${tokenEnv} holds no token of at least 8 characters`, {
    path: 'http.tokenEnv',
    remedy: `Set ${tokenEnv}, or leave tokenEnv out.`,
  });
}

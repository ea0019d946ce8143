import { AuspexError, type Logger, type Meter, type Source, type SourceBatch, type Usage } from '@auspex/contracts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Failures } from '../stages/failures.ts';
import { mergeUsage } from '../usage/merge.ts';
import { Shard, type ShardOptions } from './shard.ts';

export interface SourceSlot {
  /** Unique, and the same after a restart: its checkpoints are found by it. Holds no colon. */
  readonly name: string;
  readonly source: Pick<Source, 'open' | 'commit'>;
  readonly silence: 'zero' | 'gap';
}

export interface IngestOptions extends ShardOptions {
  readonly failures: Failures;
  /** Longest wait for a source to note that its positions are durable; Infinity = no limit. */
  readonly limitMs: number;
}

/** One closed step, summed over all shards. */
export interface ClosedStep {
  readonly step: number;
  /** Sorted by POP and group. */
  readonly usage: readonly Usage[];
  /** Nothing is known of the step: a gap, or a table without a row for it. */
  readonly missing: boolean;
  /** A group found no room and was counted as `other`. */
  readonly overflowed?: boolean;
  /** From history: units that each pool had ready then. */
  readonly ready?: Readonly<Record<string, number>>;
}

interface Running {
  readonly slot: SourceSlot;
  readonly index: number;
  readonly iterator: AsyncIterator<SourceBatch>;
  /** The batch that is being waited for. */
  next: Promise<{ running: Running; result: IteratorResult<SourceBatch> }> | undefined;
  /** Lowest watermark of its shards; how far ahead of the others it is decides whether it is read on. */
  watermark: number;
  done: boolean;
}

/** Sources that are further than this many steps ahead of the slowest wait. */
const AHEAD_STEPS = 60;
/** An empty span longer than this is not walked through step by step: nothing is remembered beyond it anyway. */
const SKIP_MS = 31 * 86_400_000;

/**
 * Reads every source, keeps a shard for each partition, and says which steps are closed. A step is closed when every
 * shard's watermark has passed it; what arrives for it later is late.
 */
export class Ingest {
  readonly shards = new Map<string, Shard>();
  readonly #sources: readonly SourceSlot[];
  readonly #options: IngestOptions;
  readonly #logger: Logger;
  readonly #meter: Meter;
  readonly #silence = new Map<string, 'zero' | 'gap'>();
  /** Sources that have said nothing yet: the first step cannot be known before all were heard. */
  readonly #unheard: Set<number>;
  /** Start of the next step to close; NaN before the first event. */
  #next = Number.NaN;

  constructor(sources: readonly SourceSlot[], options: IngestOptions, logger: Logger, meter: Meter) {
    this.#sources = sources;
    this.#options = options;
    this.#logger = logger;
    this.#meter = meter;
    // A counter that begins with its first count hides that one from whoever looks at its increase.
    for (const name of ['events_late', 'records_malformed', 'events_ahead']) meter.count(`auspex_${name}_total`, 0);
    this.#unheard = new Set(sources.keys());
  }

  get next(): number {
    return this.#next;
  }

  /** Goes on after a checkpoint: steps before `next` are closed for good. */
  resume(next: number): void {
    this.#next = next;
    for (const shard of this.shards.values()) shard.beginAt(next);
    this.#unheard.clear();
  }

  /** The shard of a source's partition; makes it at first sight. */
  shard(source: string, partition: string): Shard {
    const name = `${source}:${partition}`;
    let shard = this.shards.get(name);
    if (!shard) {
      shard = new Shard(name, this.#options);
      if (!Number.isNaN(this.#next)) shard.beginAt(this.#next);
      this.shards.set(name, shard);
      this.#silence.set(name, this.#sources.find((slot) => slot.name === source)?.silence ?? 'zero');
    }
    return shard;
  }

  /** Is there a source of this name? */
  has(source: string): boolean {
    return this.#sources.some((slot) => slot.name === source);
  }

  /** Positions by partition of a source, for `open` and `commit`. */
  positions(source: string): Record<string, string> {
    const positions: Record<string, string> = {};
    const prefix = `${source}:`;
    for (const [name, shard] of this.shards) {
      if (name.startsWith(prefix) && shard.position !== undefined) positions[name.slice(prefix.length)] = shard.position;
    }
    return positions;
  }

  /**
   * Reads until all sources end or `signal` aborts; yields after every batch. Between two yields nothing changes, so what
   * is checkpointed there is consistent.
   */
  async *read(signal: AbortSignal): AsyncGenerator<void> {
    const running = this.#sources.map((slot, index): Running => {
      const iterator = slot.source.open(this.positions(slot.name), signal)[Symbol.asyncIterator]();
      return { slot, index, iterator, next: undefined, watermark: Number.NEGATIVE_INFINITY, done: false };
    });
    try {
      for (;;) {
        const active = running.filter((source) => !source.done);
        if (active.length === 0 || signal.aborted) return;
        const lowest = Math.min(...active.map((source) => source.watermark));
        const limit = lowest + AHEAD_STEPS * this.#options.stepMs;
        for (const source of active) {
          if (source.next === undefined && !(source.watermark > limit)) {
            source.next = source.iterator.next().then((result) => ({ running: source, result }));
          }
        }
        const waiting = active.flatMap((source) => (source.next ? [source.next] : []));
        const { running: from, result } = await this.#first(waiting, signal);
        if (from === undefined) return;
        from.next = undefined;
        this.#unheard.delete(from.index);
        if (result?.done) this.#done(from);
        else if (result) this.#add(from, result.value);
        yield;
      }
    } finally {
      for (const source of running) if (!source.done) void source.iterator.return?.()?.catch(() => undefined);
    }
  }

  async #first(
    waiting: readonly NonNullable<Running['next']>[],
    signal: AbortSignal,
  ): Promise<{ running: Running | undefined; result?: IteratorResult<SourceBatch> }> {
    const { promise, resolve } = withResolvers<{ running: undefined }>();
    const stop = (): void => resolve({ running: undefined });
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([...waiting, promise]);
    } catch (error) {
      if (signal.aborted) return { running: undefined };
      if (error instanceof AuspexError) throw error;
      throw new AuspexError('SOURCE_FAILED', (error as Error).message, { cause: error });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** A source that has ended says nothing more for any of its partitions, whether it said so or not. */
  #done(from: Running): void {
    from.done = true;
    for (const [name, shard] of this.shards) if (name.startsWith(`${from.slot.name}:`)) shard.finish();
  }

  #add(from: Running, batch: SourceBatch): void {
    const shard = this.shard(from.slot.name, batch.partition);
    const before = { ...shard.counts };
    shard.add(batch);
    this.#meter.count('auspex_events_total', shard.counts.events - before.events, { source: from.slot.name });
    if (shard.counts.late > before.late) this.#meter.count('auspex_events_late_total', shard.counts.late - before.late);
    if (shard.counts.malformed > before.malformed)
      this.#meter.count('auspex_records_malformed_total', shard.counts.malformed - before.malformed);
    if (shard.counts.ahead > before.ahead) {
      this.#meter.count('auspex_events_ahead_total', shard.counts.ahead - before.ahead);
      this.#logger.warn({ shard: shard.name, events: shard.counts.ahead }, 'events more than 31 days ahead of all others were left out');
    }
    const own = [...this.shards].filter(([name]) => name.startsWith(`${from.slot.name}:`));
    from.watermark = Math.min(...own.map(([, each]) => (each.ended ? Number.POSITIVE_INFINITY : each.watermark)));
  }

  /** Start of the step that `take` would return, or undefined when no further one is closed yet. */
  peek(): number | undefined {
    return this.#advance(this.#inOrder());
  }

  #inOrder(): (readonly [string, Shard])[] {
    return [...this.shards.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Moves to the next step, over a long silence where there is one; undefined when it is not closed yet. */
  #advance(shards: readonly (readonly [string, Shard])[]): number | undefined {
    if (this.#unheard.size > 0 || shards.length === 0) return undefined;
    let closed = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    let first = Number.POSITIVE_INFINITY;
    for (const [, shard] of shards) {
      if (!shard.ended) closed = Math.min(closed, shard.boundary);
      end = Math.max(end, shard.boundary);
      if (Number.isNaN(this.#next)) for (const step of shard.open.keys()) first = Math.min(first, step);
    }
    if (Number.isNaN(this.#next) && Number.isFinite(first)) this.#next = first;
    if (Number.isNaN(this.#next) || this.#next >= Math.min(closed, end)) return undefined;
    this.#skipEmpty(shards, Math.min(closed, end));
    return this.#next;
  }

  /** The next closed step, or undefined when no further one is closed yet. */
  take(): ClosedStep | undefined {
    const shards = this.#inOrder();
    if (this.#advance(shards) === undefined) return undefined;
    const step = this.#next;
    this.#next += this.#options.stepMs;
    const byKey = new Map<string, Usage>();
    let missing = false;
    let overflowed = false;
    for (const [name, shard] of shards) {
      const taken = shard.take(step);
      if (shard.inGap(step) || (taken.length === 0 && this.#silence.get(name) === 'gap' && !(shard.ended && shard.boundary <= step)))
        missing = true;
      overflowed = shard.takeOverflow(step) || overflowed;
      for (const usage of taken) {
        const key = `${usage.pop}\0${usage.group}`;
        const present = byKey.get(key);
        byKey.set(key, present ? mergeUsage(present, usage) : usage);
      }
    }
    const usage = [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
    return { step, usage, missing, overflowed };
  }

  /** A log that ended long ago and is followed today: its silence is skipped but for the last month. */
  #skipEmpty(shards: readonly (readonly [string, Shard])[], until: number): void {
    const to = until - SKIP_MS;
    if (this.#next >= to || shards.some(([, shard]) => [...shard.open.keys()].some((step) => step < to))) return;
    this.#logger.warn(
      { from: this.#next, to },
      'more than a month without any event: it is skipped, not learnt as silence; groups unused for longer than forgetAfter are forgotten (for a log that has ended, use backtest or follow: false)',
    );
    this.#next = to;
  }

  /** Removes usage that arrived after its step was closed: for history only. */
  takeLate(): Usage[] {
    return [...this.shards.values()].flatMap((shard) => {
      const late = [...shard.late.values()];
      shard.late.clear();
      return late;
    });
  }

  /** Tells sources that their positions are durable. One that cannot take note reads again from an older place after a restart, no more. */
  async commit(): Promise<void> {
    for (const { name, source } of this.#sources) {
      if (!source.commit) continue;
      try {
        await withTimeLimit(Promise.resolve(source.commit(this.positions(name))), this.#options.limitMs, `commit(${name})`);
        this.#options.failures.recovered('source', name, 'commit');
      } catch (error) {
        this.#options.failures.report('source', name, 'commit', error, 'its positions stand in the checkpoint');
      }
    }
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

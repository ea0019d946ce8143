import type { PluginContext, Shards, Source, SourceBatch, UsageEvent } from '@auspex/contracts';
import { AuspexError } from '@auspex/contracts';
import { type ConsumerLike, type EachBatch, type KafkaLike, kafkaError, openClient, type ProducerLike } from './client.ts';
import type { KafkaOptions } from './config.ts';
import { Dealer, type Dealing } from './dealer.ts';
import { Owned, type Range, Ranges } from './owned.ts';
import { type Decode, decoder, type Fetched, type FetchedBatch } from './reading.ts';

/** How long a shard may keep a partition's worker waiting: after that the partition is paused, and the others are read. */
const PATIENCE_MS = 1_000;

/** A message that cannot be read, and why. */
interface Poison {
  readonly message: Fetched;
  readonly why: string;
}

/** What is handed to a shard at once. */
interface Portion {
  readonly events: UsageEvent[];
  readonly poison: Poison[];
  /** Index of the message after the last one. */
  readonly to: number;
}

/**
 * A topic, shared by the instances of a consumer group.
 *
 * The broker deals the partitions; where to go on is what the shard's checkpoint says, never what the group has committed: offsets
 * are committed after the checkpoint that holds them, for lag monitors and for people. kafkajs rebalances eagerly, so every deal
 * names all partitions anew; one that stays ours keeps its shard and is only sought.
 */
export class KafkaSource implements Source {
  readonly #options: KafkaOptions;
  readonly #context: PluginContext;
  readonly #decode: Decode;
  #consumer: ConsumerLike | undefined;
  #deadLetters: ProducerLike | undefined;
  #dealer: Dealer<Owned> | undefined;
  #ranges: Ranges | undefined;
  /** Ends the sharing with an error. */
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: KafkaOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
    this.#decode = decoder(options);
  }

  // biome-ignore lint/correctness/useYield: it refuses
  async *open(): AsyncGenerator<SourceBatch> {
    throw new AuspexError('SUPPORT', 'a topic has no end, and is read in live or shadow mode', {
      path: 'source(kafka)',
      remedy: 'Export what is to be replayed to a file, or use `auspex run`.',
    });
  }

  async commit(positions: Readonly<Record<string, string>>): Promise<void> {
    const { topic } = this.#options;
    const offsets = Object.entries(positions).map(([partition, offset]) => ({ topic, partition: Number(partition), offset }));
    // One that was just dealt to somebody else too: he waits for its shard, which is not let go before this.
    await this.#consumer?.commitOffsets(offsets);
  }

  async share(shards: Shards, signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (signal.aborted) return;
    const client = await openClient(this.#options, this.#context.logger);
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    failed.catch(() => undefined);
    try {
      await this.#begin(client, shards, signal);
      await Promise.race([ended, failed, this.#idle(shards, signal)]);
    } finally {
      // Each shard is drained, checkpointed, committed and let go, and then the group is left.
      await this.#dealer?.close();
      const consumer = this.#consumer;
      // What is checkpointed after this is not told to the broker: where to go on is in the checkpoint.
      this.#consumer = undefined;
      await consumer?.disconnect().catch(() => undefined);
      await this.#deadLetters?.disconnect().catch(() => undefined);
      await this.#ranges?.close();
    }
  }

  /** Connects, checks the topics, joins the group. */
  async #begin(client: KafkaLike, shards: Shards, signal: AbortSignal): Promise<void> {
    const { topic, group, session, startLimit, deadLetter } = this.#options;
    const ranges = new Ranges(client, topic);
    this.#ranges = ranges;
    await this.#limited(startLimit, signal, topic, async () => ranges.ask());
    if (deadLetter !== undefined)
      await this.#limited(startLimit, signal, deadLetter, async () => this.#openDeadLetters(client, deadLetter));
    const consumer = client.consumer({
      groupId: group,
      sessionTimeout: session,
      rebalanceTimeout: session * 2,
      heartbeatInterval: Math.min(3_000, session / 3),
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      // A broker that is down is no end: it is asked again until it is there.
      retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 10, restartOnFailure: async () => !signal.aborted },
    });
    this.#consumer = consumer;
    const dealer = new Dealer<Owned>(this.#dealing(consumer, shards, signal), (error) => this.#fail(error));
    this.#dealer = dealer;
    consumer.on('consumer.group_join', ({ payload }) => {
      if (signal.aborted) return;
      const dealt = ((payload['memberAssignment'] as Record<string, number[]> | undefined)?.[topic] ?? []).map(Number);
      // Before the first fetch of this deal: nothing may come for a shard that is not here yet.
      if (dealt.length > 0) consumer.pause([{ topic, partitions: dealt }]);
      void dealer.deal(dealt).then(() => {
        if (!signal.aborted)
          this.#context.logger.info({ topic, partitions: [...dealer.held.keys()].sort((a, b) => a - b) }, 'partitions were dealt');
      });
    });
    consumer.on('consumer.end_batch_process', ({ payload }) => this.#skipped(payload));
    consumer.on('consumer.crash', ({ payload }) => {
      if (payload['restart'] !== true && !signal.aborted) this.#fail(kafkaError(payload['error'], this.#options));
    });
    try {
      await this.#limited(startLimit, signal, topic, async () => consumer.connect());
      await consumer.subscribe({ topics: [topic], fromBeginning: this.#options.beginning });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 4,
        eachBatch: (payload) => this.#batch(payload, shards, signal),
      });
    } catch (error) {
      throw kafkaError(error, this.#options);
    }
  }

  async #limited<T>(ms: number, signal: AbortSignal, topic: string, act: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const stop = (): void => over.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const limit = this.#context.clock.sleep(ms, over.signal).then(() => {
        throw new Error(`no answer within ${ms} ms`);
      });
      limit.catch(() => undefined);
      return await Promise.race([act(), limit]);
    } catch (error) {
      throw kafkaError(error, { ...this.#options, topic });
    } finally {
      signal.removeEventListener('abort', stop);
      over.abort();
    }
  }

  /** A topic that is not there would be found out with the first record that cannot be read, and hold its partition up. */
  async #openDeadLetters(client: KafkaLike, topic: string): Promise<void> {
    const there = new Ranges(client, topic);
    await there.ask();
    await there.close();
    this.#deadLetters = client.producer({ allowAutoTopicCreation: false });
    await this.#deadLetters.connect();
  }

  #dealing(consumer: ConsumerLike, shards: Shards, signal: AbortSignal): Dealing<Owned> {
    return {
      take: (partition, waiting) => this.#take(partition, shards, AbortSignal.any([waiting, signal])),
      give: async (partition) => {
        // What the shard has not taken yet it now refuses: whoever is dealt the partition reads it again.
        await shards.release([String(partition)]);
        this.#tellLag(partition, 0);
      },
      ready: async (_, owned) => {
        // What was on its way when the deal came is in the shard, or is read again.
        await owned.pending;
        this.#readOn(consumer, owned);
      },
    };
  }

  /** Reading goes on where the shard stands. */
  #readOn(consumer: ConsumerLike, { partition, next }: Owned): void {
    const { topic } = this.#options;
    consumer.seek({ topic, partition, offset: String(next) });
    consumer.resume([{ topic, partitions: [partition] }]);
  }

  async #take(partition: number, shards: Shards, signal: AbortSignal): Promise<Owned> {
    const position = await shards.take(String(partition), signal);
    try {
      let range = await this.#range(partition, signal);
      // A leader that has just become one may lag for a moment behind what was read from the last.
      for (let tries = 0; tries < 10 && position !== undefined && BigInt(position) > range.high; tries++) {
        await this.#context.clock.sleep(500, signal);
        range = await this.#range(partition, signal);
      }
      if (position === undefined) return new Owned(partition, this.#options.beginning ? range.low : range.high, range.high);
      return new Owned(partition, this.#within(partition, BigInt(position), range), range.high);
    } catch (error) {
      // Nobody else could take it before this instance ends.
      await shards.release([String(partition)]);
      throw error;
    }
  }

  /** Where to go on at `next`. @throws where the partition does not reach that far */
  #within(partition: number, next: bigint, { low, high }: Range): bigint {
    if (next > high) {
      throw new AuspexError(
        'SOURCE_FAILED',
        `partition ${partition} ends at ${high}, and ${next} was read to: it lost messages, or was made anew`,
        {
          path: `source(kafka) ${this.#options.topic}`,
          remedy: 'Give a topic that was made anew a store of its own; nothing says which of its messages are counted already.',
        },
      );
    }
    if (next >= low) return next;
    this.#context.logger.error(
      { topic: this.#options.topic, partition, from: String(next), to: String(low) },
      'messages that were not read are gone from the topic: a gap',
    );
    return low;
  }

  /** Asked until the broker answers: a partition that nobody can read yet is no reason to end. @throws where `signal` aborts */
  async #range(partition: number, signal: AbortSignal): Promise<Range> {
    for (;;) {
      signal.throwIfAborted();
      try {
        const range = (await this.#ranges?.ask())?.get(partition);
        if (range) return range;
        // A partition that was added lately: the connection does not know it yet.
        await this.#ranges?.close();
        throw new Error('the broker does not name the partition yet');
      } catch (error) {
        this.#context.logger.debug({ partition, error: (error as Error).message }, 'no answer as to where the partition begins and ends');
        await this.#context.clock.sleep(1_000, signal);
      }
    }
  }

  /** kafkajs goes on by itself over what holds no messages: markers of transactions, and what was aborted. */
  #skipped({ partition, batchSize, firstOffset, lastOffset }: Record<string, unknown>): void {
    const owned = this.#dealer?.get(Number(partition));
    if (batchSize !== 0 || !owned || typeof firstOffset !== 'string' || BigInt(firstOffset) !== owned.next) return;
    owned.next = BigInt(lastOffset as string) + 1n;
  }

  async #batch(payload: EachBatch, shards: Shards, signal: AbortSignal): Promise<void> {
    const { isRunning, heartbeat, resolveOffset } = payload;
    const batch: FetchedBatch = payload.batch;
    const messages: readonly Fetched[] = batch.messages;
    const { partition } = batch;
    const owned = this.#dealer?.get(partition);
    const isOurs = (): boolean => isRunning() && !signal.aborted && this.#dealer?.get(partition) === owned;
    if (!owned || !(await this.#continues(owned, batch, signal))) return;
    owned.high = BigInt(batch.highWatermark);
    // What is read already: it was fetched before the deal, and is in the shard since.
    let from = messages.findIndex(({ offset }) => BigInt(offset) >= owned.next);
    while (from >= 0 && from < messages.length) {
      if (!isOurs()) return;
      const { events, poison, to } = this.#portion(messages, from, partition);
      if (poison.length > 0) {
        await this.#bury(poison, partition);
        // That may have taken long: the shard may have been lost and taken anew, and stand elsewhere.
        if (!isOurs()) return;
      }
      const last = (messages[to - 1] as Fetched).offset;
      // At the end of a batch the markers after its last message are behind us too.
      const next = BigInt(to === messages.length ? (batch.lastOffset?.() ?? last) : last) + 1n;
      const handed = shards
        .push({ partition: String(partition), events, position: String(next), malformed: poison.length })
        .then((taken) => {
          if (taken) owned.next = next;
          return taken;
        });
      owned.pending = handed;
      const taken = await this.#patiently(handed);
      if (taken === undefined) return this.#park(owned, handed);
      if (!taken) return this.#lose(owned);
      resolveOffset(last);
      from = to;
      await heartbeat();
    }
    this.#tellLag(partition, owned.lag);
  }

  /** The next messages, as many as hold `batch` events. */
  #portion(messages: readonly Fetched[], from: number, partition: number): Portion {
    const events: UsageEvent[] = [];
    const poison: Poison[] = [];
    let to = from;
    for (; to < messages.length && events.length < this.#options.batch; to++) {
      const message = messages[to] as Fetched;
      const why = this.#decode(message, partition, events);
      if (why !== undefined) poison.push({ message, why });
    }
    return { events, poison, to };
  }

  /**
   * Does the batch go on where the shard stands? Where the broker no longer has what was asked for, kafkajs goes on somewhere else
   * without a word.
   */
  async #continues(owned: Owned, { fetchedOffset, highWatermark }: FetchedBatch, signal: AbortSignal): Promise<boolean> {
    if (fetchedOffset === undefined) return true;
    const isBehind = BigInt(highWatermark) < owned.next;
    if (BigInt(fetchedOffset) <= owned.next && !isBehind) return true;
    try {
      owned.next = this.#within(owned.partition, owned.next, await this.#range(owned.partition, signal));
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
      return false;
    }
    if (BigInt(fetchedOffset) <= owned.next) return !isBehind;
    this.#consumer?.seek({ topic: this.#options.topic, partition: owned.partition, offset: String(owned.next) });
    return false;
  }

  /** Undefined = the shard makes us wait. */
  async #patiently(handed: Promise<boolean>): Promise<boolean | undefined> {
    const over = new AbortController();
    const turn = this.#context.clock.sleep(PATIENCE_MS, over.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      return await Promise.race([handed, turn]);
    } finally {
      over.abort();
    }
  }

  /** A shard that is slow holds up its partition alone: it is read again from where the shard stands, once that has taken what it has. */
  #park(owned: Owned, handed: Promise<boolean>): void {
    const consumer = this.#consumer as ConsumerLike;
    consumer.pause([{ topic: this.#options.topic, partitions: [owned.partition] }]);
    handed.then(
      (taken) => {
        if (this.#dealer?.get(owned.partition) !== owned) return;
        if (taken) this.#readOn(consumer, owned);
        else this.#lose(owned);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** The shard's lease went to another instance, and the broker may still say that the partition is ours. */
  #lose(owned: Owned): void {
    if (this.#dealer?.get(owned.partition) !== owned) return;
    this.#consumer?.pause([{ topic: this.#options.topic, partitions: [owned.partition] }]);
    this.#dealer.lost(owned.partition, owned);
  }

  /** Before the shard is told: in a crash between the two a record is sent twice rather than never. */
  async #bury(poison: readonly Poison[], partition: number): Promise<void> {
    const { topic, deadLetter } = this.#options;
    const { logger, meter } = this.#context;
    for (const { message, why } of poison) logger.warn({ topic, partition, offset: message.offset, why }, 'a record cannot be read');
    if (deadLetter !== undefined) {
      try {
        await this.#deadLetters?.send({ topic: deadLetter, messages: poison.map((each) => letter(each, topic, partition)) });
      } catch (error) {
        logger.error({ topic: deadLetter, error: (error as Error).message }, 'what cannot be read could not be sent on: it is tried again');
        throw error;
      }
    }
    meter.count('auspex_kafka_poison_total', poison.length, { topic });
  }

  #tellLag(partition: number, lag: number): void {
    this.#context.meter.gauge('auspex_kafka_lag', lag, { topic: this.#options.topic, partition: String(partition) });
  }

  /**
   * Partitions that are read to their end vouch for the time that has passed. Their leaders are asked where the end is: silence of a
   * broker that does not answer, or of a fetch that is late, is not silence of the topic.
   */
  async #idle(shards: Shards, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { idle } = this.#options;
    /** Told, and not taken yet. */
    const telling = new Set<Owned>();
    while (!signal.aborted) {
      await clock.sleep(Math.max(1_000, idle / 2), signal).catch(() => undefined);
      if (signal.aborted) return;
      const asked = clock.now();
      const ranges = await this.#ranges?.ask().catch(() => undefined);
      for (const owned of this.#dealer?.held.values() ?? []) {
        const range = ranges?.get(owned.partition);
        if (!range) continue;
        owned.high = range.high;
        this.#tellLag(owned.partition, owned.lag);
        if (!owned.isCaughtUp || telling.has(owned)) continue;
        const partition = String(owned.partition);
        telling.add(owned);
        const handed = shards.push({ partition, events: [], position: String(owned.next), watermark: asked - idle }).then(
          (taken) => {
            telling.delete(owned);
            if (!taken) this.#lose(owned);
          },
          (error: unknown) => this.#fail(error),
        );
        owned.pending = Promise.all([owned.pending, handed]);
      }
    }
  }
}

/** The record as it is, and where it came from. */
function letter({ message, why }: Poison, topic: string, partition: number) {
  const { key, value, headers, offset } = message;
  const from = { 'auspex-topic': topic, 'auspex-partition': String(partition), 'auspex-offset': offset, 'auspex-why': why };
  // Headers of kafkajs are bytes as they come, and may be sent so.
  return { key, value, headers: { ...(headers as Record<string, string> | undefined), ...from } };
}

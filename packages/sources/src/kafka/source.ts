import type { PluginContext, Shards, Source, SourceBatch, UsageEvent } from '@auspex/contracts';
import { AuspexError } from '@auspex/contracts';
import { type ConsumerLike, type EachBatch, type KafkaLike, kafkaError, type Message, openClient, type ProducerLike } from './client.ts';
import type { KafkaOptions } from './config.ts';
import { Dealer, type Dealing } from './dealer.ts';
import { Owned } from './owned.ts';
import { type Decode, jsonDecoder } from './reading.ts';

/** How long a wait for the shard may last before the broker is told that we live. */
const HEARTBEAT_MS = 1_000;

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
  /** When the broker last answered a fetch, by the context's clock. */
  #healthyAt = Number.NEGATIVE_INFINITY;

  constructor(options: KafkaOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
    this.#decode = jsonDecoder(options);
  }

  // biome-ignore lint/correctness/useYield: it refuses
  async *open(): AsyncGenerator<SourceBatch> {
    throw new AuspexError('SUPPORT', 'a topic is shared by instances, and read by a sharded engine', {
      path: 'source(kafka)',
      remedy: 'Use `auspex run`, or createShardedEngine.',
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
    try {
      const { failed } = await this.#begin(client, shards, signal);
      await Promise.race([ended, failed, this.#idle(shards, signal)]);
    } finally {
      // Each shard is drained, checkpointed, committed and let go, and then the group is left.
      await this.#dealer?.close();
      await this.#consumer?.disconnect().catch(() => undefined);
      await this.#deadLetters?.disconnect().catch(() => undefined);
    }
  }

  /** Connects, checks the topic, joins the group. `failed` rejects where the consumer or a shard gives up for good. */
  async #begin(client: KafkaLike, shards: Shards, signal: AbortSignal): Promise<{ failed: Promise<never> }> {
    const { topic, group, session, startLimit, deadLetter } = this.#options;
    await this.#limited(startLimit, signal, async () => this.#offsets(client));
    if (deadLetter !== undefined) {
      this.#deadLetters = client.producer({ allowAutoTopicCreation: false });
      await this.#limited(startLimit, signal, async () => this.#deadLetters?.connect());
    }
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
    let fail: (error: unknown) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => undefined);
    const dealer = new Dealer<Owned>(this.#dealing(client, consumer, shards, signal), fail);
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
    consumer.on('consumer.fetch', () => {
      this.#healthyAt = this.#context.clock.now();
    });
    consumer.on('consumer.crash', ({ payload }) => {
      if (payload['restart'] !== true && !signal.aborted) fail(kafkaError(payload['error'], this.#options));
    });
    try {
      await this.#limited(startLimit, signal, async () => consumer.connect());
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
    return { failed };
  }

  async #limited<T>(ms: number, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
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
      throw kafkaError(error, this.#options);
    } finally {
      signal.removeEventListener('abort', stop);
      over.abort();
    }
  }

  async #offsets(client: KafkaLike): Promise<Map<number, { low: bigint; high: bigint }>> {
    const admin = client.admin({ retry: { retries: 2 } });
    await admin.connect();
    try {
      const all = await admin.fetchTopicOffsets(this.#options.topic);
      return new Map(all.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
    } finally {
      await admin.disconnect();
    }
  }

  #dealing(client: KafkaLike, consumer: ConsumerLike, shards: Shards, signal: AbortSignal): Dealing<Owned> {
    const { topic } = this.#options;
    return {
      take: (partition, waiting) => this.#take(partition, client, shards, AbortSignal.any([waiting, signal])),
      give: async (partition, owned) => {
        await owned.pending;
        await shards.release([String(partition)]);
      },
      ready: async (partition, owned) => {
        // What was on its way when the deal came is in the shard, or is read again.
        await owned.pending;
        consumer.seek({ topic, partition, offset: String(owned.next) });
        consumer.resume([{ topic, partitions: [partition] }]);
      },
    };
  }

  async #take(partition: number, client: KafkaLike, shards: Shards, signal: AbortSignal): Promise<Owned> {
    const position = await shards.take(String(partition), signal);
    const { low, high } = await this.#range(partition, client, signal);
    if (position === undefined) return new Owned(partition, this.#options.beginning ? low : high, high);
    const next = BigInt(position);
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
    if (next < low)
      this.#context.logger.error(
        { partition, from: position, low: String(low) },
        'messages that were not read are gone from the topic: a gap',
      );
    return new Owned(partition, next < low ? low : next, high);
  }

  /** Asked until the broker answers: a partition that nobody can read yet is no reason to end. @throws where `signal` aborts */
  async #range(partition: number, client: KafkaLike, signal: AbortSignal): Promise<{ low: bigint; high: bigint }> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return (await this.#offsets(client)).get(partition) ?? { low: 0n, high: 0n };
      } catch (error) {
        this.#context.logger.debug({ partition, error: (error as Error).message }, 'no answer as to where the partition begins and ends');
        await this.#context.clock.sleep(1_000, signal);
      }
    }
  }

  async #batch({ batch, resolveOffset, heartbeat, isRunning }: EachBatch, shards: Shards, signal: AbortSignal): Promise<void> {
    const owned = this.#dealer?.get(batch.partition);
    if (!owned) return;
    owned.high = BigInt(batch.highWatermark);
    const { batch: most } = this.#options;
    for (let from = 0; from < batch.messages.length; ) {
      if (!isRunning() || signal.aborted || this.#dealer?.get(batch.partition) !== owned) return;
      const messages: Message[] = [];
      const events: UsageEvent[] = [];
      let malformed = 0;
      while (from < batch.messages.length && events.length < most) {
        const message = batch.messages[from++] as Message;
        // Read before the deal, and in the shard since.
        if (BigInt(message.offset) < owned.next) continue;
        messages.push(message);
        const decoded = this.#decode(message);
        if (typeof decoded !== 'string') events.push(...decoded);
        else {
          malformed++;
          await this.#poison(message, batch.partition, decoded);
        }
      }
      const last = messages.at(-1);
      if (!last) continue;
      const next = BigInt(last.offset) + 1n;
      const handed = shards.push({ partition: String(batch.partition), events, position: String(next), malformed }).then((taken) => {
        if (taken) owned.next = next;
        return taken;
      });
      owned.pending = handed;
      if (!(await this.#patiently(handed, heartbeat))) {
        // The shard's lease went to another instance, and the broker may still say that the partition is ours.
        this.#consumer?.pause([{ topic: this.#options.topic, partitions: [batch.partition] }]);
        this.#dealer?.lost(batch.partition, owned);
        return;
      }
      resolveOffset(last.offset);
    }
    this.#context.meter.gauge('auspex_kafka_lag', owned.lag, { topic: this.#options.topic, partition: String(batch.partition) });
    await heartbeat();
  }

  /** Waits for the shard, telling the broker meanwhile that we live. @throws where the group is dealt anew */
  async #patiently(handed: Promise<boolean>, heartbeat: () => Promise<void>): Promise<boolean> {
    for (;;) {
      const over = new AbortController();
      const turn = this.#context.clock.sleep(HEARTBEAT_MS, over.signal).then(
        () => undefined,
        () => undefined,
      );
      const taken = await Promise.race([handed, turn]);
      over.abort();
      if (taken !== undefined) return taken;
      await heartbeat();
    }
  }

  async #poison(message: Message, partition: number, why: string): Promise<void> {
    const { topic, deadLetter } = this.#options;
    this.#context.meter.count('auspex_kafka_poison_total', 1, { topic });
    this.#context.logger.warn({ topic, partition, offset: message.offset, why }, 'a record cannot be read');
    if (deadLetter === undefined) return;
    const headers = { 'auspex-topic': topic, 'auspex-partition': String(partition), 'auspex-offset': message.offset, 'auspex-why': why };
    await this.#deadLetters?.send({ topic: deadLetter, messages: [{ key: message.key, value: message.value, headers }] });
  }

  /** Partitions that are read to their end vouch for the time that has passed, as long as the broker answers. */
  async #idle(shards: Shards, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { idle } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(Math.max(1_000, idle / 2), signal).catch(() => undefined);
      const now = clock.now();
      if (signal.aborted || now - this.#healthyAt > 2_000 + idle) continue;
      for (const owned of this.#dealer?.held.values() ?? []) {
        if (!owned.isCaughtUp) continue;
        const partition = String(owned.partition);
        const handed = shards.push({ partition, events: [], position: String(owned.next), watermark: now - idle });
        owned.pending = Promise.all([owned.pending, handed]);
      }
    }
  }
}

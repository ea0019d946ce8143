import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Shards, SourceBatch, UsageEvent } from '@auspex/contracts';
import { fakeContext, RecordingLogger, RecordingMeter } from '@auspex/testkit';
import { type Admin, Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { kafka, kafkaConfig } from '../src/kafka/index.ts';

/** Waits until `is` holds; fails with what it said last. */
export async function until(is: () => unknown, ms = 25_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await is())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${String(is)}`);
    await wait(20);
  }
}

/** A topic of its own for a test, and what fills it. */
export class Topic {
  readonly name = `topic-${randomUUID()}`;
  readonly admin: Admin;
  readonly client: Kafka;
  readonly #producer: Producer;

  private constructor(address: string) {
    this.client = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
    this.admin = this.client.admin();
    this.#producer = this.client.producer();
  }

  static async make(address: string, partitions = 1): Promise<Topic> {
    const topic = new Topic(address);
    await topic.admin.connect();
    await topic.create(topic.name, partitions);
    await topic.#producer.connect();
    return topic;
  }

  async create(name: string, partitions = 1): Promise<void> {
    await this.admin.createTopics({ topics: [{ topic: name, numPartitions: partitions }], waitForLeaders: true });
  }

  /** Values as they are, or events of these numbers: their `user` tells them apart. */
  async send(values: readonly (number | string | null | Buffer)[], partition = 0, more: Partial<Message> = {}): Promise<void> {
    const at = new Date().toISOString();
    const value = (of: number | string | null | Buffer) =>
      typeof of === 'number' ? JSON.stringify({ at, group: 'g', user: `u${of}` }) : of;
    await this.#producer.send({ topic: this.name, messages: values.map((each) => ({ partition, value: value(each), ...more })) });
  }

  /** What lies before the offset is gone, as by retention. */
  async forget(offset: number): Promise<void> {
    // kafkajs knows the leaders of a topic once it has asked for something else.
    await this.admin.fetchTopicOffsets(this.name);
    await this.admin.deleteTopicRecords({ topic: this.name, partitions: [{ partition: 0, offset: String(offset) }] });
  }

  /** All messages of a topic so far. */
  async read(name: string, count: number) {
    const consumer = this.client.consumer({ groupId: `reader-${randomUUID()}` });
    const read: { key: string | undefined; value: string | undefined; headers: Record<string, string> }[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [name], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { key, value, headers = {} } }) => {
        const texts = Object.entries(headers).map(([header, text]): [string, string] => [header, String(text)]);
        read.push({ key: key?.toString(), value: value?.toString(), headers: Object.fromEntries(texts) });
      },
    });
    await until(() => read.length >= count);
    await consumer.disconnect();
    return read;
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
    await this.admin.disconnect();
  }
}

/** Shards that keep what they are handed, where a test can hold a partition up. Several instances may share one. */
export class Hands implements Shards {
  readonly log: string[] = [];
  readonly batches: SourceBatch[] = [];
  readonly positions = new Map<string, string>();
  /** Partitions for which something was handed over, taken or not. */
  readonly asked = new Set<string>();
  readonly #owners: Set<string>;
  readonly #held = new Map<string, { promise: Promise<void>; open: () => void }>();
  readonly #refused = new Set<string>();
  #mine = new Set<string>();

  /** @param others whose shards these are too: one that somebody has must be waited for */
  constructor(others?: Hands) {
    this.#owners = others ? others.#owners : new Set();
    if (others) this.positions = others.positions;
  }

  async take(partition: string, signal: AbortSignal): Promise<string | undefined> {
    this.log.push(`take ${partition}`);
    while (this.#owners.has(partition)) await wait(20, undefined, { signal });
    this.#owners.add(partition);
    this.#mine.add(partition);
    return this.positions.get(partition);
  }

  async push(batch: SourceBatch): Promise<boolean> {
    const { partition, position } = batch;
    this.asked.add(partition);
    await this.#held.get(partition)?.promise;
    if (this.#refused.delete(partition)) this.#let(partition);
    if (!this.#mine.has(partition)) return false;
    this.positions.set(partition, position);
    this.batches.push(batch);
    return true;
  }

  async release(partitions: readonly string[]): Promise<void> {
    for (const partition of partitions) {
      this.log.push(`release ${partition}`);
      this.#let(partition);
      this.#held.get(partition)?.open();
    }
  }

  #let(partition: string): void {
    if (this.#mine.delete(partition)) this.#owners.delete(partition);
  }

  get mine(): readonly string[] {
    return [...this.#mine].sort();
  }

  /** Nothing is taken for the partition until `open`. */
  hold(partition: string): void {
    let open: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#held.set(partition, { promise, open });
  }

  open(partition: string): void {
    this.#held.get(partition)?.open();
    this.#held.delete(partition);
  }

  /** The next push finds that the lease went to somebody else. */
  refuse(partition: string): void {
    this.#refused.add(partition);
  }

  events(partition?: string): UsageEvent[] {
    return this.batches.filter((batch) => partition === undefined || batch.partition === partition).flatMap((batch) => [...batch.events]);
  }

  /** The users of the events, in the order in which they came. */
  users(partition?: string): string[] {
    return this.events(partition).map(({ user }) => String(user));
  }
}

/** A source that shares a topic, until it is stopped. */
export class Sharing {
  readonly logger = new RecordingLogger();
  readonly meter = new RecordingMeter();
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();
  error: unknown;

  constructor(options: object, shards: Shards) {
    const clock = {
      now: () => Date.now(),
      sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, signal ? { signal } : {}),
    };
    const source = kafka.create(kafkaConfig.parse(options), fakeContext({ clock, logger: this.logger, meter: this.meter }));
    this.ended = Promise.resolve(source.share?.(shards, this.#abort.signal)).catch((error: unknown) => {
      this.error = error;
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }
}

import type { AdminLike, KafkaLike } from './client.ts';

/** One partition that this instance owns: how far its shard has taken it, and how far the broker is. */
export class Owned {
  readonly partition: number;
  /** Offset of the next message that the shard has not taken. */
  next: bigint;
  /** Offset after the last message at the broker, as far as it is known. */
  high: bigint;
  /** What is being handed to the shard: nothing may be sought meanwhile. */
  pending: Promise<unknown> = Promise.resolve();

  constructor(partition: number, next: bigint, high: bigint) {
    this.partition = partition;
    this.next = next;
    this.high = high;
  }

  get isCaughtUp(): boolean {
    return this.next >= this.high;
  }

  get lag(): number {
    return Number(this.high > this.next ? this.high - this.next : 0n);
  }
}

/** Where a partition begins and ends at the broker. */
export interface Range {
  readonly low: bigint;
  readonly high: bigint;
}

/** Asks the leaders of a topic's partitions where they begin and end, over connections that are kept. */
export class Ranges {
  readonly #client: KafkaLike;
  readonly #topic: string;
  #admin: Promise<AdminLike> | undefined;

  constructor(client: KafkaLike, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  /** @throws what kafkajs throws: also where only one of the leaders does not answer */
  async ask(): Promise<ReadonlyMap<number, Range>> {
    this.#admin ??= this.#connect();
    try {
      const all = await (await this.#admin).fetchTopicOffsets(this.#topic);
      return new Map(all.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
    } catch (error) {
      // The next question goes over a connection of its own.
      await this.close();
      throw error;
    }
  }

  async #connect(): Promise<AdminLike> {
    const admin = this.#client.admin({ retry: { retries: 2 } });
    await admin.connect();
    return admin;
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await (await admin?.catch(() => undefined))?.disconnect().catch(() => undefined);
  }
}

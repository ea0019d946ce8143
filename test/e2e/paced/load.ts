import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import type { SharedClock } from './clock.ts';

const require = createRequire(new URL('../../../packages/sources/package.json', import.meta.url));

interface KafkaClient {
  admin(options?: object): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    createTopics(what: object): Promise<boolean>;
    fetchTopicOffsets(topic: string): Promise<{ high: string }[]>;
  };
  producer(options?: object): { connect(): Promise<void>; disconnect(): Promise<void>; send(what: object): Promise<unknown> };
}

/** What is written, and when. */
export interface Trace {
  /** The n-th event: when it happens, and how many requests it stands for. */
  event(n: number): { readonly at: number; readonly count: number };
  /** Events up to `now`. */
  eventsUntil(now: number): number;
}

const TOPIC = 'events';
const MOST = 4_000;

/** Writes the events of the trace to Kafka when their time has come, each once. */
export class Load {
  readonly #client: KafkaClient;
  readonly #clock: SharedClock;
  readonly #trace: Trace;
  #sent = 0;
  #ended = false;
  #running: Promise<void> = Promise.resolve();

  constructor(brokers: string, clock: SharedClock, trace: Trace) {
    const { Kafka, logLevel } = require('kafkajs') as { Kafka: new (options: object) => KafkaClient; logLevel: { NOTHING: number } };
    const retry = { initialRetryTime: 100, maxRetryTime: 500, retries: 2 };
    this.#client = new Kafka({ brokers: [brokers], clientId: 'load', logLevel: logLevel.NOTHING, retry, connectionTimeout: 1_000 });
    this.#clock = clock;
    this.#trace = trace;
  }

  async start(): Promise<void> {
    const admin = this.#client.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#write();
      } catch {
        await wait(200);
      }
    }
  }

  /** Until the broker is gone. What it has said nothing of may be written nevertheless: the end of the topic tells. */
  async #write(): Promise<void> {
    const admin = this.#client.admin();
    const producer = this.#client.producer({ allowAutoTopicCreation: false });
    try {
      await admin.connect();
      await producer.connect();
      this.#sent = Number((await admin.fetchTopicOffsets(TOPIC))[0]?.high);
      while (!this.#ended) {
        const due = Math.min(this.#trace.eventsUntil(this.#clock.now()), this.#sent + MOST);
        if (due > this.#sent) await producer.send({ topic: TOPIC, messages: Array.from({ length: due - this.#sent }, this.#message) });
        this.#sent = due;
        if (due < this.#trace.eventsUntil(this.#clock.now())) continue;
        await wait(5);
      }
    } finally {
      await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
    }
  }

  readonly #message = (_: unknown, n: number): { key: string; value: string } => {
    const { at, count } = this.#trace.event(this.#sent + n);
    return { key: 'shop', value: JSON.stringify({ at, kind: 'request', group: 'shop', outcome: 'served', count }) };
  };
}

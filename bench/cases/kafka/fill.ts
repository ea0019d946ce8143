import { createRequire } from 'node:module';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';

export const PARTITIONS = 12;
export const GROUPS = 60;
/** Of event time. */
const SPAN_MS = 2 * 3_600_000;
const CHUNK = 20_000;

interface Client {
  admin(): { connect(): Promise<void>; disconnect(): Promise<void>; createTopics(what: object): Promise<boolean> };
  producer(): { connect(): Promise<void>; disconnect(): Promise<void>; send(what: object): Promise<unknown> };
}

export interface Filled {
  /** Events by group. */
  readonly input: ReadonlyMap<string, number>;
  readonly bytes: number;
  /** The last minute that holds events. */
  readonly lastStep: number;
}

/**
 * Fills a topic with JSON events over two hours that ended ten minutes ago, some groups busier than others, and at the end of each
 * partition one event that closes its steps.
 */
export async function fill(broker: string, topic: string, events: number, users: number): Promise<Filled> {
  const require = createRequire(new URL('../../../packages/sources/package.json', import.meta.url));
  const { Kafka, logLevel } = require('kafkajs') as { Kafka: new (options: object) => Client; logLevel: { NOTHING: number } };
  const client = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true });
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();
  const input = new Map<string, number>();
  const random = new SeededRandom('kafka');
  const end = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
  const routes = ['/api/v1/search', '/api/v1/items', '/api/v1/cart/checkout', '/static/app.js'];
  let bytes = 0;
  for (let from = 0; from < events; from += CHUNK) {
    const messages = Array.from({ length: Math.min(CHUNK, events - from) }, (_, n) => {
      const group = `team-${Math.floor(GROUPS * random.next() ** 1.5)}`;
      input.set(group, (input.get(group) ?? 0) + 1);
      const value = JSON.stringify({
        at: new Date(end - SPAN_MS + Math.floor(((from + n) / events) * SPAN_MS)).toISOString(),
        kind: 'request',
        group,
        outcome: random.next() < 0.98 ? 200 : 503,
        user: `user-${Math.floor(users * random.next())}`,
        resource: routes[Math.floor(routes.length * random.next())],
        bytes: Math.floor(20_000 * random.next()),
        country: 'DE',
      });
      bytes += value.length;
      return { key: group, value };
    });
    await producer.send({ topic, acks: 1, messages });
  }
  const closing = JSON.stringify({ at: new Date(end + 180_000).toISOString(), group: 'end' });
  await producer.send({ topic, messages: Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value: closing })) });
  await producer.disconnect();
  return { input, bytes, lastStep: end - 60_000 };
}

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../packages/sources/package.json', import.meta.url));

interface Client {
  admin(): { connect(): Promise<void>; disconnect(): Promise<void>; createTopics(what: object): Promise<boolean> };
  producer(): { connect(): Promise<void>; disconnect(): Promise<void>; send(what: object): Promise<unknown> };
}

/** A client that makes topics of one partition and writes to them. */
export function kafkaClient(brokers: string) {
  const { Kafka, logLevel } = require('kafkajs') as { Kafka: new (options: object) => Client; logLevel: { NOTHING: number } };
  const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const producer = client.producer();
  return {
    async topics(...names: readonly string[]): Promise<void> {
      const admin = client.admin();
      await admin.connect();
      await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true });
      await admin.disconnect();
      await producer.connect();
    },
    send: (topic: string, messages: readonly { readonly key: string; readonly value: string }[]) => producer.send({ topic, messages }),
    close: () => producer.disconnect(),
  };
}

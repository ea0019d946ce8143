import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { startServer } from '/work/main/test/servers/index.ts';
import { startFlink } from '/work/main/test/servers/recipes/flink.ts';
const require = createRequire('/work/main/packages/sources/package.json');
const { Kafka, logLevel } = require('kafkajs');
const t = Date.now();
const kafka = await startServer('kafka', { own: true });
console.log('kafka', Date.now() - t);
const client = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING });
const admin = client.admin(); await admin.connect();
await admin.createTopics({ topics: [{ topic: 'requests', numPartitions: 1 }, { topic: 'usage', numPartitions: 1 }], waitForLeaders: true });
const producer = client.producer(); await producer.connect();
const T0 = Date.UTC(2026, 0, 5);
await producer.send({ topic: 'requests', messages: Array.from({ length: 500 }, (_, n) => ({ key: 'a', value: JSON.stringify({ time: new Date(T0 + n * 200).toISOString(), tenant: n % 3 ? 'gold' : 'free', status: n % 7 === 0 ? 503 : 200 }) })) });
try {
const flink = await startFlink(readFileSync('/work/main/examples/08-flink/job.sql', 'utf8').replaceAll('127.0.0.1:9092', kafka.address).replace("= '10 s';", "= '1 s';"));
console.log('flink', Date.now() - t);
const consumer = client.consumer({ groupId: 'x' }); await consumer.connect(); await consumer.subscribe({ topic: 'usage', fromBeginning: true });
let n = 0;
await consumer.run({ eachMessage: async ({ message }: any) => { console.log(Date.now() - t, String(message.key), String(message.value)); n++; } });
await new Promise((r) => setTimeout(r, 8000));
await flink.stop();
} catch (e) { console.log(String((e as Error).message).slice(-6000)); }
await kafka.stop();
process.exit();

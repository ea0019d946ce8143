// The events of a made-up shop: first some days of history, then what comes, second by second.
//   KAFKA_BROKERS=127.0.0.1:19092 node shop.mjs
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import kafkajs from 'kafkajs';

const SECOND = 1_000;
/** A message of the history stands for so long, one of the present for a second. */
const STEP = 10 * SECOND;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
/** Requests a second: mean over a day, how much the day moves it, and the busiest hour (UTC). */
const GROUPS = {
  visitors: { rate: 240, swing: 0.6, peak: 19 },
  members: { rate: 120, swing: 0.4, peak: 20 },
  partners: { rate: 60, swing: 0.8, peak: 11 },
};

/** Requests of a group from `at` on, for `ms`. One in twenty ten-second steps is off by a tenth and more. */
function requests({ rate, swing, peak }, at, ms) {
  const hour = (at % DAY) / HOUR;
  const expected = ((rate * ms) / SECOND) * (1 + swing * Math.cos(((hour - peak) * Math.PI) / 12));
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Math.max(0, Math.round(expected * (1 + 0.05 * normal)));
}

/** One message a group: it stands for as many requests as `count` says. The key keeps a group in one partition. */
function messages(at, ms) {
  return Object.entries(GROUPS).map(([group, shape]) => {
    const event = { at: new Date(at).toISOString(), kind: 'request', group, outcome: 'served', count: requests(shape, at, ms) };
    return { key: group, value: JSON.stringify(event) };
  });
}

/**
 * Makes the topic, writes the history, and goes on until it is stopped.
 *
 * @param {{ brokers: string[], topic: string, days: number }} options
 * @returns {Promise<{ written: number, stop(): Promise<void>, failed: Promise<never> }>}
 */
export async function openShop({ brokers, topic, days }) {
  const client = new kafkajs.Kafka({ brokers, clientId: 'shop', logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();

  let now = Math.floor((Date.now() - days * DAY) / STEP) * STEP;
  let written = 0;
  for (const present = Math.floor(Date.now() / STEP) * STEP; now < present; ) {
    const batch = [];
    for (const end = Math.min(now + HOUR, present); now < end; now += STEP) batch.push(...messages(now, STEP));
    await producer.send({ topic, messages: batch });
    written += batch.length;
  }

  const stopped = new AbortController();
  const open = (async () => {
    while (!stopped.signal.aborted) {
      const batch = [];
      for (; now + SECOND <= Date.now(); now += SECOND) batch.push(...messages(now, SECOND));
      if (batch.length > 0) await producer.send({ topic, messages: batch });
      await sleep(200, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  const stop = async () => {
    stopped.abort();
    await open.catch(() => undefined);
    await producer.disconnect();
  };
  const failed = new Promise((_, reject) => open.catch(reject));
  failed.catch(() => undefined);
  return { written, stop, failed };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { KAFKA_BROKERS = '127.0.0.1:19092', KAFKA_TOPIC = 'shop', DAYS = '3' } = process.env;
  const shop = await openShop({ brokers: KAFKA_BROKERS.split(','), topic: KAFKA_TOPIC, days: Number(DAYS) });
  process.stdout.write(`${shop.written} messages of ${DAYS} days are written; the present goes on until Ctrl-C\n`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void shop.stop().then(() => process.exit(0)));
  await shop.failed;
}

// What 100,000 values of 1 KB cost: node --conditions=source --import tsx packages/stores/test/measure.ts mongo|cassandra
import type { Store, StoreWrite } from '@auspex/contracts';
import { startServer } from '../../../test/servers/index.ts';
import { CassandraStore, cassandraConfig } from '../src/cassandra/index.ts';
import { MongoStore, mongoConfig } from '../src/mongo/index.ts';

const [name = 'mongo', count = '100000'] = process.argv.slice(2);
const server = await startServer(name === 'mongo' ? 'mongo' : 'cassandra');
const replication = { class: 'SimpleStrategy', replication_factor: 1 };
let made = 0;
const open = (): Store =>
  name === 'mongo'
    ? new MongoStore(mongoConfig.parse({ url: server.address, collection: `m${made++}` }))
    : new CassandraStore(cassandraConfig.parse({ contactPoints: [server.address], createKeyspace: replication, table: `m${made++}` }));

/** Bytes that do not compress. */
function value(seed: number): Uint8Array {
  const words = new Uint32Array(256);
  let word = seed + 1;
  for (let i = 0; i < words.length; i++) {
    word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    words[i] = word;
  }
  return new Uint8Array(words.buffer);
}

const times: Record<string, number[]> = {};
async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const begin = performance.now();
  await work();
  times[what] = [...(times[what] ?? []), performance.now() - begin];
  process.stdout.write(`${what}: ${Math.round(performance.now() - begin)} ms\n`);
}

const writes = (seed: number): StoreWrite[] =>
  Array.from({ length: Number(count) }, (_, i) => ({ type: 'put', key: `profile/group-${i}`, value: value(seed + i) }));
const again = process.argv[4] !== 'new';
for (let round = 0; round < 3; round++) {
  const store = open();
  await store.get('ready');
  await timed('save, all new', () => store.batch(writes(round)));
  await timed('load by scan', async () => {
    let read = 0;
    for await (const [, bytes] of store.scan('profile/')) read += bytes.length;
    if (read !== 1024 * Number(count)) throw new Error(`${read} bytes came back`);
  });
  await timed('load by get, 64 at once', async () => {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < Number(count)) await store.get(`profile/group-${next++}`);
    };
    await Promise.all(Array.from({ length: 64 }, worker));
  });
  if (again) await timed('save, all there already', () => store.batch(writes(7 + round)));
  for (let i = 0; i < 10; i++) await timed('small batch', () => store.batch([{ type: 'put', key: 'engine/checkpoint', value: value(i) }]));
  for (let i = 0; i < 10; i++) {
    const before = await store.get('lease/allocator');
    await timed('compare-and-set', () => store.compareAndSet('lease/allocator', before, value(i)));
  }
  await store.close();
}
for (const [what, list] of Object.entries(times)) {
  const sorted = list.toSorted((a, b) => a - b);
  process.stdout.write(`${what}: median ${Math.round(sorted[sorted.length >> 1] as number)} ms of ${sorted.length}\n`);
}
await server.stop();

// What 100,000 profiles of 1 KB cost in each store: saved in one batch, saved over, loaded by scan, and what is small beside them.
//
//   npm run bench -- stores [lmdb] [mongo] [cassandra] [--count 100000] [--rounds 3] [--json]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Store, StoreWrite } from '@auspex/contracts';
import { CassandraStore, cassandraConfig } from '../../../packages/stores/src/cassandra/index.ts';
import { LmdbStore } from '../../../packages/stores/src/lmdb/index.ts';
import { MongoStore, mongoConfig } from '../../../packages/stores/src/mongo/index.ts';
import { type Server, startServer } from '../../../test/servers/index.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(flags.count);
/** Milliseconds that each may take; the first three of the table. */
const TARGETS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  lmdb: { save: 4_000, load: 2_000 },
  mongo: { save: 30_000, load: 15_000 },
  cassandra: { save: 30_000, load: 15_000 },
};

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

const profiles = (seed: number): StoreWrite[] =>
  Array.from({ length: count }, (_, i) => ({ type: 'put', key: `profile/group-${i}`, value: value(seed + i) }));

async function measure(name: string, open: (round: number) => Store): Promise<Record<string, number>> {
  const times: Record<string, number[]> = {};
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const begin = performance.now();
    await work();
    const took = performance.now() - begin;
    times[what] = [...(times[what] ?? []), took];
    if (took > 1_000) process.stderr.write(`${name}: ${what} ${(took / 1_000).toFixed(1)} s\n`);
  };
  for (let round = 0; round < Number(flags.rounds); round++) {
    const store = open(round);
    await store.get('ready');
    await timed('save', () => store.batch(profiles(round)));
    await timed('load', async () => {
      let read = 0;
      for await (const [, bytes] of store.scan('profile/')) read += bytes.length;
      if (read !== 1024 * count) throw new Error(`${read} bytes came back of ${1024 * count}`);
    });
    await timed('save over', () => store.batch(profiles(7 + round)));
    for (let i = 0; i < 10; i++)
      await timed('small batch', () => store.batch([{ type: 'put', key: 'engine/checkpoint', value: value(i) }]));
    for (let i = 0; i < 10; i++) {
      const before = await store.get('lease/allocator');
      await timed('compare-and-set', () => store.compareAndSet('lease/allocator', before, value(i)));
    }
    await store.close();
  }
  return Object.fromEntries(
    Object.entries(times).map(([what, list]) => [what, list.toSorted((a, b) => a - b)[list.length >> 1] as number]),
  );
}

const names = positionals.length > 0 ? positionals : Object.keys(TARGETS);
const folder = mkdtempSync(path.join(tmpdir(), 'auspex-bench-'));
const results: Record<string, Record<string, number>> = {};
try {
  for (const name of names) {
    const server: Server | undefined = name === 'lmdb' ? undefined : await startServer(name as 'mongo' | 'cassandra', { own: true });
    const address = server?.address ?? '';
    results[name] = await measure(name, (round) => {
      if (name === 'lmdb') return new LmdbStore({ path: path.join(folder, String(round)) });
      if (name === 'mongo') return new MongoStore(mongoConfig.parse({ url: address, collection: `m${round}` }));
      const createKeyspace = { class: 'SimpleStrategy', replication_factor: 1 };
      return new CassandraStore(cassandraConfig.parse({ contactPoints: [address], createKeyspace, table: `m${round}` }));
    });
    await server?.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (flags.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
else console.table(Object.fromEntries(Object.entries(results).map(([name, row]) => [name, round(row)])));

function round(row: Record<string, number>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).map(([what, ms]) => [what, ms > 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${ms.toFixed(1)} ms`]),
  );
}

for (const [name, targets] of Object.entries(TARGETS)) {
  for (const [what, most] of Object.entries(targets)) {
    const took = results[name]?.[what] ?? 0;
    if (took <= most) continue;
    console.error(`${name}: ${what} took ${Math.round(took)} ms, and ${most} ms was asked for`);
    process.exitCode = 1;
  }
}

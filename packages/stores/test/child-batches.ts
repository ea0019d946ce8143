// Writes batches of BATCH keys one after another and says which were acknowledged; is killed in the middle of one.
import { writeSync } from 'node:fs';
import { LmdbStore } from '../src/lmdb/index.ts';

const [path = '', first = '0'] = process.argv.slice(2);
const BATCH = 200;
const store = new LmdbStore({ path });
for (let n = Number(first); ; n++) {
  const value = new TextEncoder().encode(String(n).padEnd(300));
  await store.batch(Array.from({ length: BATCH }, (_, i) => ({ type: 'put' as const, key: `${n}/${i}`, value })));
  writeSync(1, `${n}\n`);
}

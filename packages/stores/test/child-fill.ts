// Fills the store until the disk (a limit on the size of a file) refuses, then says what is left.
import { AuspexError } from '@auspex/contracts';
import { LmdbStore } from '../src/lmdb/index.ts';

const [path = ''] = process.argv.slice(2);
const store = new LmdbStore({ path });
const value = new Uint8Array(10_000);
let n = 0;
try {
  for (; n < 1_000; n++) await store.batch(['a', 'b', 'c'].map((part) => ({ type: 'put' as const, key: `${n}/${part}`, value })));
} catch (error) {
  const { code, message, remedy } = error as AuspexError;
  const entries: string[] = [];
  for await (const [key, kept] of store.scan('')) if (kept.length === value.length) entries.push(key);
  process.stdout.write(JSON.stringify({ auspex: error instanceof AuspexError, code, message, remedy, stored: n, entries: entries.length }));
}
await store.close();

// Counts up by compare-and-set until it has won `wins` times; prints how often it lost.
import { LmdbStore } from '../src/lmdb/index.ts';

const [path = '', wins = '0'] = process.argv.slice(2);
const store = new LmdbStore({ path });
let won = 0;
let lost = 0;
while (won < Number(wins)) {
  const present = await store.get('counter');
  const next = Number(new TextDecoder().decode(present ?? new Uint8Array())) + 1;
  if (await store.compareAndSet('counter', present, new TextEncoder().encode(String(next)))) won++;
  else lost++;
}
await store.close();
process.stdout.write(String(lost));

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@auspex/numerics';
import { LmdbStore } from '@auspex/stores';
import { expect, test } from 'vitest';
import { openDatabase } from '../src/lmdb/client.ts';

// The child runs what was built: a process of its own, killed with SIGKILL, is what a crash is.
const child = `
  import { lmdb } from ${JSON.stringify(fileURLToPath(new URL('../dist/index.js', import.meta.url)))};
  const [path, from] = process.argv.slice(-2);
  const store = lmdb.create({ path }, {});
  for (let n = Number(from); ; n++) {
    const value = Buffer.alloc(400, n % 251);
    await store.batch(Array.from({ length: 20 }, (_, i) => ({ type: 'put', key: 'batch/' + n + '/' + i, value })));
    process.stdout.write(n + '\\n');
  }
`;

function writeUntilKilled(at: string, from: number, afterMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', child, at, String(from)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = from - 1;
    createInterface({ input: writer.stdout }).on('line', (line) => {
      if (acknowledged < from) setTimeout(() => writer.kill('SIGKILL'), afterMs);
      acknowledged = Number(line);
    });
    writer.on('close', () => (acknowledged < from ? reject(new Error('the writer wrote nothing')) : resolve(acknowledged)));
  });
}

test('killed twenty times in the middle of batches, lmdb loses no acknowledged batch and tears none', async () => {
  const at = mkdtempSync(path.join(tmpdir(), 'auspex-kill-'));
  const random = new SeededRandom(5);
  let next = 0;
  for (let round = 0; round < 20; round++) {
    const acknowledged = await writeUntilKilled(at, next, 5 + random.below(60));
    const store = new LmdbStore(openDatabase(at), at);
    const found = new Map<number, number>();
    for await (const [key] of store.scan('batch/')) {
      const n = Number(key.split('/')[1]);
      found.set(n, (found.get(n) ?? 0) + 1);
    }
    await store.close();
    for (let n = 0; n <= acknowledged; n++) expect(found.get(n)).toBe(20);
    for (const count of found.values()) expect(count).toBe(20);
    next = Math.max(...found.keys()) + 1;
  }
  rmSync(at, { recursive: true, force: true });
}, 60_000);

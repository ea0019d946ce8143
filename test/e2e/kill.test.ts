import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeUsage, readJournal } from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { lmdb } from '@auspex/stores';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = path.join(root, 'packages/cli/dist/bin.js');
mkdirSync(path.join(root, 'node_modules/.cache'), { recursive: true });
const folder = mkdtempSync(path.join(root, 'node_modules/.cache/auspex-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const START = Date.UTC(2026, 2, 2);
const MONTHS = ['Jan', 'Feb', 'Mar'];

const DAYS = 12;

/** Some days of a small site, in Common Log Format: 60 clients, six sections, a daily curve. */
function writeLog(file: string): Map<string, number> {
  const random = new SeededRandom(11);
  const counts = new Map<string, number>();
  const lines: string[] = [];
  const sections = ['', 'docs', 'shop', 'shop/cart', 'api', 'blog'];
  for (let minute = 0; minute < DAYS * 1440; minute++) {
    const busy = 6 * (1.2 - Math.cos((2 * Math.PI * minute) / 1440));
    for (let n = random.poisson(busy); n > 0; n--) {
      const at = new Date(START + minute * 60_000 + Math.floor((60_000 * (busy * 9 - n)) / (busy * 9)));
      const two = (value: number): string => String(value).padStart(2, '0');
      const stamp = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/2026:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
      const section = sections[random.below(sections.length)] as string;
      const group = `/${section.split('/')[0]}`;
      counts.set(group, (counts.get(group) ?? 0) + 1);
      lines.push(`client${random.below(60)}.example - - [${stamp}] "GET /${section} HTTP/1.1" 200 ${random.below(5000)}`);
    }
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
  return counts;
}

function writeConfig(store: string): string {
  const config = path.join(folder, `${path.basename(store)}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      step: '1m',
      sources: [{ use: 'access-log', with: { files: [path.join(folder, 'access.log')], batch: 500 } }],
      enrich: [{ use: 'group', with: { rule: { pathPrefix: 1 } } }, { use: 'session' }],
      predictors: [{ use: 'seasonal' }, { use: 'hmm-regime', for: 'pools' }],
      store: { use: 'lmdb', with: { path: store } },
      pools: [{ id: 'web', unitRate: 0.05, leadTime: '5m' }],
    }),
  );
  return config;
}

/** Runs the engine over the log; killed `ms` after it said that it runs, or to its end. True = it ended by itself. */
function run(config: string, ms?: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, 'run', '--config', config, '--mode', 'shadow', '--decide', 'all'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (ms !== undefined && timer === undefined && said.includes('"running"')) timer = setTimeout(() => child.kill('SIGKILL'), ms);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(`auspex run ended with ${code}: ${said}`));
    });
  });
}

async function read(at: string): Promise<{ counts: Map<string, number>; decisions: string[] }> {
  const store = lmdb.create({ path: at }, {} as never);
  const counts = new Map<string, number>();
  for (const prefix of ['usage/', 'late/']) {
    for await (const [, bytes] of store.scan(prefix)) {
      for (const usage of decodeUsage(bytes).usage) counts.set(usage.group, (counts.get(usage.group) ?? 0) + usage.offered);
    }
  }
  const decisions: string[] = [];
  for await (const line of readJournal(store)) if (line.startsWith('{"type":"decision"')) decisions.push(line);
  await store.close();
  for (const [group, count] of counts) if (count === 0) counts.delete(group);
  return { counts, decisions };
}

/** Steps that a store holds. */
async function steps(at: string): Promise<number> {
  const store = lmdb.create({ path: at }, {} as never);
  let count = 0;
  for await (const _ of store.scan('usage/')) count++;
  await store.close();
  return count;
}

test('killed with SIGKILL twenty times at random moments, `auspex run` counts every event once and decides as if nothing had happened', async () => {
  const written = writeLog(path.join(folder, 'access.log'));
  const whole = path.join(folder, 'whole');
  expect(await run(writeConfig(whole))).toBe(true);
  const random = new SeededRandom(23);
  let killed = '';
  let config = '';
  const progress = new Set<number>();
  let kills = 0;
  // On a fast machine a run may be through before it has been killed so often: then anew, with shorter lives.
  for (let pace = 1; kills < 20 && pace > 0.05; pace /= 2) {
    killed = path.join(folder, `killed-${pace}`);
    config = writeConfig(killed);
    progress.clear();
    kills = 0;
    // A slow machine may get nowhere in the time given: the next life is longer then, until one gets somewhere.
    let patience = 1;
    while (kills < 20 && !(await run(config, pace * patience * (150 + random.next() * 700)))) {
      kills++;
      const before = progress.size;
      patience = progress.add(await steps(killed)).size === before ? 1.5 * patience : 1;
    }
  }
  expect(kills).toBe(20);
  // The kills hit a run that was moving: before each it had come further.
  expect(progress.size).toBeGreaterThan(10);
  expect(Math.max(...progress)).toBeLessThan(DAYS * 1440);
  expect(await run(config)).toBe(true);
  const [expected, got] = [await read(whole), await read(killed)];
  expect(expected.counts).toEqual(written);
  expect(got.counts).toEqual(written);
  expect(got.decisions.length).toBe(expected.decisions.length);
  expect(got.decisions).toEqual(expected.decisions);
}, 600_000);

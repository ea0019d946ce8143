import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readJournal } from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { lmdb } from '@auspex/stores';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = path.join(root, 'packages/cli/dist/bin.js');
mkdirSync(path.join(root, 'node_modules/.cache'), { recursive: true });
const folder = mkdtempSync(path.join(root, 'node_modules/.cache/auspex-training-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const START = Date.UTC(2026, 2, 2);
const DAYS = 2;

/** A predictor whose weights are a digest of all that it was trained on and of the weights before. It says when it is trained, which takes a while. */
const PUPIL = `
import { definePredictor, NOT_READY } from ${JSON.stringify(pathToFileURL(path.join(root, 'packages/contracts/dist/index.js')).href)};
import { z } from 'zod';
export default definePredictor({
  id: 'pupil', summary: 'test', config: z.strictObject({}), capabilities: { batch: false, trains: true },
  create: () => {
    let weight = 0;
    return {
      begin: () => ({ value: -1 }),
      observe: (state, { value, truth }) => (truth === 'observed' ? { value } : state),
      forecast: ({ value }, { horizon, levels }) => value < 0 ? NOT_READY :
        { quantiles: Float64Array.from(horizon.flatMap(() => levels.map((level) => value * (1 + 0.2 * level + weight / 65536)))) },
      train: async (history, signal) => {
        process.stderr.write('a lesson begins\\n');
        let hash = weight ^ 2166136261;
        for (const { series, observations } of history) {
          for (const letter of series.id) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
          for (const { step, value, truth } of observations)
            for (const each of [step / 60000, value * 1e6, truth.length]) hash = Math.imul(hash ^ each, 16777619);
        }
        await new Promise((resolve) => setTimeout(resolve, 150));
        return signal.aborted ? undefined : new Uint8Array([77, (hash >>> 8) & 255, hash & 255]);
      },
      use: (artifact) => {
        if (artifact[0] !== 77 || artifact.length !== 3) throw new Error('no weights of a pupil');
        weight = 256 * artifact[1] + artifact[2];
      },
      encode: (state) => new TextEncoder().encode(String(state.value)),
      decode: (bytes) => ({ value: Number(new TextDecoder().decode(bytes)) }),
    };
  },
});`;

beforeAll(() => {
  writeFileSync(path.join(folder, 'pupil.mjs'), PUPIL);
  const random = new SeededRandom(7);
  const two = (value: number): string => String(value).padStart(2, '0');
  const lines: string[] = [];
  for (let minute = 0; minute < DAYS * 1440; minute++) {
    for (let n = random.poisson(5); n > 0; n--) {
      const at = new Date(START + minute * 60_000 + (5 - Math.min(n, 5)) * 10_000);
      const stamp = `${two(at.getUTCDate())}/Mar/2026:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
      lines.push(`client${random.below(9)}.example - - [${stamp}] "GET /${['docs', 'shop'][random.below(2)]} HTTP/1.1" 200 10`);
    }
  }
  writeFileSync(path.join(folder, 'access.log'), `${lines.join('\n')}\n`);
});

function writeConfig(name: string): string {
  const config = path.join(folder, `${name}.json`);
  const text = {
    step: '1m',
    sources: [{ use: 'access-log', with: { files: [path.join(folder, 'access.log')], batch: 200 } }],
    enrich: [{ use: 'group', with: { rule: { pathPrefix: 1 } } }],
    predictors: [{ use: './pupil.mjs' }],
    minSkill: null,
    training: { after: '12h', every: '6h', history: '10h', within: '40m' },
    store: { use: 'lmdb', with: { path: path.join(folder, name) } },
    pools: [{ id: 'web', unitRate: 0.05, leadTime: '5m' }],
  };
  writeFileSync(config, JSON.stringify(text));
  return config;
}

/** Runs the engine over the log to its end, or kills it `ms` after the `lesson`-th training of this life began. True = it ended by itself. */
function run(config: string, lesson = Number.POSITIVE_INFINITY, ms = 0): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, 'run', '--config', config, '--mode', 'shadow', '--decide', 'all'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (timer === undefined && said.split('a lesson begins').length > lesson) timer = setTimeout(() => child.kill('SIGKILL'), ms);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(`auspex run ended with ${code}: ${said}`));
    });
  });
}

async function read(name: string): Promise<{ journal: string[]; artifacts: [string, string][] }> {
  const store = lmdb.create({ path: path.join(folder, name) }, {} as never);
  const [journal, artifacts]: [string[], [string, string][]] = [[], []];
  for await (const line of readJournal(store)) if (!line.includes('"type":"start"')) journal.push(line);
  for await (const [key, bytes] of store.scan('artifact/')) artifacts.push([key, Buffer.from(bytes).toString('hex')]);
  await store.close();
  return { journal, artifacts };
}

test('killed with SIGKILL in the middle of trainings, `auspex run` has the same weights at the same steps, and decides as if nothing had happened', async () => {
  expect(await run(writeConfig('whole'))).toBe(true);
  const config = writeConfig('killed');
  const random = new SeededRandom(3);
  // The second of a life has the first behind it, so that each pair of lives comes further by one.
  for (let life = 0; life < 6; life++) expect(await run(config, 1 + (life % 2), random.next() * 140)).toBe(false);
  expect(await run(config)).toBe(true);
  const [expected, got] = [await read('whole'), await read('killed')];
  expect(expected.journal.filter((line) => line.includes('"TRAINED"'))).toHaveLength(6);
  expect(expected.artifacts.map(([key]) => key)).toEqual(['artifact/pupil/2026-03-03T12:00:00Z', 'artifact/pupil/2026-03-03T18:00:00Z']);
  expect(got.artifacts).toEqual(expected.artifacts);
  expect(got.journal).toEqual(expected.journal);
}, 300_000);

test('where the newest weights are damaged, those before them serve, and the journal says so (regression: it went on without any)', async () => {
  const config = writeConfig('damaged');
  expect(await run(config)).toBe(true);
  const store = lmdb.create({ path: path.join(folder, 'damaged') }, {} as never);
  const newest = 'artifact/pupil/2026-03-03T18:00:00Z';
  const bytes = (await store.get(newest)) as Uint8Array;
  await store.batch([{ type: 'put', key: newest, value: Uint8Array.from(bytes, (byte) => byte ^ 255) }]);
  await store.close();
  expect(await run(config)).toBe(true);
  const { journal, artifacts } = await read('damaged');
  const told = journal.filter((line) => line.includes('STATE_UNREADABLE')).map((line) => JSON.parse(line).text);
  expect(told).toEqual([
    `the weights of pupil could not be read (${newest}: no weights of a pupil): those before them serve (artifact/pupil/2026-03-03T12:00:00Z)`,
  ]);
  expect(artifacts).toHaveLength(2);
}, 120_000);

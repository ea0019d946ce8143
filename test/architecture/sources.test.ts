import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));

function sources(): { file: string; text: string }[] {
  return readdirSync(packages).flatMap((name) => {
    const folder = path.join(packages, name, 'src');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ file: `${name}/src/${file}`, text: code(readFileSync(path.join(folder, file), 'utf8')) }));
  });
}

/** Source text without comments, so that a sentence about time is no use of it. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

/** Where timers are: the engine's defaults; and where there is no engine: the laws' time limit, the life of a child process,
 * and the breath that a copy of a long history and the candidates of a sweep take. */
const TIMERS = [
  'core/src/defaults/',
  'testkit/src/run/limit.ts',
  'remote/src/process/timers.ts',
  'models-rnn/src/train/packed.ts',
  'evaluate/src/sweep/breath.ts',
];

test('time and chance come through the context: Date.now, Math.random and timers only where they are kept', () => {
  const uses = /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|\bperformance\.now\(/;
  const found = sources().filter(({ file, text }) => !TIMERS.some((place) => file.startsWith(place)) && uses.test(text));
  expect(found.map(({ file }) => file)).toEqual([]);
});

test('core compares no plugin id', () => {
  const ids =
    /['"](seasonal|hmm-regime|rnn|boosted-trees|quantile|brain-lstm|tiered|reactive|static-peak|behavior|lmdb|mongo|cassandra|access-log|csv|ndjson|kafka|prometheus|synthetic|simulated)['"]/;
  const found = sources().filter(({ file, text }) => file.startsWith('core/') && ids.test(text));
  expect(found.map(({ file }) => file)).toEqual([]);
});

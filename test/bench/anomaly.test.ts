import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { nabScores } from '../../bench/cases/anomaly/nab.ts';
import { scoreFile } from '../../bench/cases/anomaly/run.ts';
import { combined } from '../../packages/alerts/src/detect/index.ts';
import { SeededRandom } from '../../packages/numerics/src/index.ts';
import { fakeContext } from '../../packages/testkit/src/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'auspex-anomaly-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const detector = combined.create(combined.config.parse({}), fakeContext());

/** Five-minute rows with a day in them, one of which is odd. */
function rows(count: number): string[] {
  const random = new SeededRandom('rows');
  return Array.from({ length: count }, (_, n) => {
    const time = new Date(Date.UTC(2026, 0, 5) + n * 300_000).toISOString().slice(0, 19).replace('T', ' ');
    const value = n === 1500 ? 400 : 100 + 30 * Math.sin((2 * Math.PI * n) / 288) + 4 * random.normal();
    return `${time},${value}`;
  });
}

async function scored(name: string, lines: readonly string[], head = 'timestamp,value'): Promise<string[]> {
  const [from, to] = [path.join(folder, `${name}.csv`), path.join(folder, 'out', `${name}.csv`)];
  writeFileSync(from, `${[head, ...lines].join('\n')}\n`);
  await scoreFile(detector, from, to, name, { rows: 0, micros: 0 });
  return readFileSync(to, 'utf8').trimEnd().split('\n');
}

describe('scores of a file', () => {
  it('stand beside its rows, in their order', async () => {
    const given = rows(1800);
    const [head, ...got] = await scored('layout', given);
    expect(head).toBe('timestamp,value,anomaly_score');
    expect(got.map((line) => line.slice(0, line.lastIndexOf(',')))).toEqual(given);
    const scores = got.map((line) => Number(line.slice(line.lastIndexOf(',') + 1)));
    expect(scores.every((score) => score >= 0 && score < 1)).toBe(true);
    expect(scores.indexOf(Math.max(...scores))).toBe(1500);
  });

  it.each([5, 19, 400, 1000, 1501, 1799])('are the same where the file ends after %d rows', async (count) => {
    const given = rows(1800);
    const whole = await scored('whole', given);
    expect(await scored('cut', given.slice(0, count))).toEqual(whole.slice(0, count + 1));
  });

  it('are the same also where rows come at another pace later, which the whole file would know', async () => {
    let at = Date.UTC(2026, 0, 5);
    const given = rows(1000).map((row, n) => {
      at += n < 200 ? 300_000 : 600_000;
      return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')},${row.split(',')[1]}`;
    });
    const whole = await scored('pace', given);
    expect(await scored('paced', given.slice(0, 300))).toEqual(whole.slice(0, 301));
  });

  it('of rows without a value are 0, and teach nothing', async () => {
    const given = rows(400);
    given[200] = `${(given[200] as string).split(',')[0]},NaN`;
    expect((await scored('unknown', given))[201]).toMatch(/,NaN,0$/);
  });
});

describe('what is wrong with a file is told with its line', () => {
  it.each([
    ['another head', 'time,count', ['2026-01-05 00:00:00,1'], /wrong\.csv:1: the first line must name the columns timestamp and value/],
    ['no time', 'timestamp,value', ['2026-01-05 00:00:00,1', 'yesterday,2'], /wrong\.csv:3: "yesterday" is no time/],
    ['no number', 'timestamp,value', ['2026-01-05 00:00:00,many'], /wrong\.csv:2: "many" is no number/],
  ])('%s', async (_, head, lines, message) => {
    await expect(scored('wrong', lines, head)).rejects.toThrow(message);
  });
});

describe('the score of the benchmark', () => {
  it('is 100 for an alarm at the first row of each window and no other, 0 for none', () => {
    const nab = path.join(folder, 'nab');
    mkdirSync(path.join(nab, 'labels'), { recursive: true });
    mkdirSync(path.join(nab, 'out', 'made'), { recursive: true });
    const matrix = { tpWeight: 1, fpWeight: 0.11, fnWeight: 1 };
    const profiles = Object.fromEntries(
      ['standard', 'reward_low_FP_rate', 'reward_low_FN_rate'].map((name) => [name, { CostMatrix: matrix }]),
    );
    writeFileSync(path.join(nab, 'profiles.json'), JSON.stringify(profiles));
    const time = (n: number): string => new Date(Date.UTC(2026, 0, 5) + n * 300_000).toISOString().slice(0, 19).replace('T', ' ');
    const windows = { 'made/one.csv': [400, 700].map((from) => [time(from), time(from + 50)]) };
    writeFileSync(path.join(nab, 'labels/combined_windows.json'), JSON.stringify(windows));
    const of = (score: (n: number) => number): number | undefined => {
      const lines = Array.from({ length: 1000 }, (_, n) => `${time(n)},1,${score(n)}`);
      writeFileSync(path.join(nab, 'out/made/one.csv'), `timestamp,value,anomaly_score\n${lines.join('\n')}\n`);
      return nabScores(path.join(nab, 'out'), nab).get('all')?.standard;
    };
    expect(of((n) => (n === 400 || n === 700 ? 1 : 0))).toBeCloseTo(100, 6);
    expect(of(() => 0)).toBeCloseTo(0, 6);
    expect(of((n) => (n === 400 ? 1 : 0))).toBeCloseTo(50, 6);
    expect(of((n) => (n === 400 || n === 700 || n === 300 ? 1 : 0))).toBeCloseTo(100 - 11 / 4, 6);
  });

  const nab = fileURLToPath(new URL('../../../shared/data/nab', import.meta.url));
  const isThere = existsSync(path.join(nab, 'labels/combined_windows.json'));

  it('stays above what it is held to on the open half of NAB, at a bounded cost', async ({ skip }) => {
    skip(!isThere, `${nab} is not there`);
    const labels = JSON.parse(readFileSync(path.join(nab, 'labels/combined_windows.json'), 'utf8')) as object;
    const cost = { rows: 0, micros: 0 };
    const out = path.join(folder, 'scores');
    for (const file of Object.keys(labels)) await scoreFile(detector, path.join(nab, 'data', file), path.join(out, file), file, cost);
    const all = nabScores(out, nab).get('all');
    expect(all?.standard).toBeGreaterThanOrEqual(72);
    expect(all?.reward_low_FP_rate).toBeGreaterThanOrEqual(64);
    expect(all?.reward_low_FN_rate).toBeGreaterThanOrEqual(76);
    expect(cost.micros / cost.rows).toBeLessThan(50);
  }, 60_000);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { interval, naiveForecasts, readForecasts, relative, scoreSeries, scoreSet } from '../../bench/cases/forecast/score.ts';
import type { EvalSeries } from '../../bench/cases/forecast/set.ts';

const HEAD = 'series,origin,step,quantile,value';
const LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
const folder = mkdtempSync(path.join(tmpdir(), 'auspex-score-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string | Uint8Array, name = 'peer.csv'): string {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
}

function series(values: readonly number[], origins: readonly number[], stepMs = 3_600_000): EvalSeries {
  return { name: 's', stepMs, start: 0, values: Float64Array.from(values), origins, context: Number.POSITIVE_INFINITY };
}

/** Forecasts of 24 steps at one origin, as they come out of a file. */
function forecasts(origin: number, value: (step: number, level: number) => number): ReturnType<typeof readForecasts> {
  const rows = Array.from({ length: 24 }, (_, i) => LEVELS.map((level) => `s,${origin},${i + 1},${level},${value(i + 1, level)}`));
  return readForecasts(file(`${[HEAD, ...rows.flat()].join('\n')}\n`));
}

describe('scoreSeries', () => {
  test('an outcome above every quantile costs each its level: twice the mean of .1 to .9 of 2, by 12', () => {
    const score = scoreSeries(
      series([0, 12], [1]),
      forecasts(1, () => 10),
      1,
    );
    expect(score?.wql).toBeCloseTo((2 * 0.5 * 2) / 12, 12);
    expect(score?.wql95).toBeCloseTo((2 * 0.95 * 2) / 12, 12);
    expect(score?.cover80).toBe(0);
  });

  test('an outcome below costs what is left of the level', () => {
    const score = scoreSeries(
      series([0, 8], [1]),
      forecasts(1, () => 10),
      1,
    );
    expect(score?.wql).toBeCloseTo((2 * 0.5 * 2) / 8, 12);
    expect(score?.wql95).toBeCloseTo((2 * 0.05 * 2) / 8, 12);
  });

  test('losses of all steps are added before they are divided by all outcomes', () => {
    // Step 1: 10 to 20 at a forecast of 20 is 10 × (1 - level); step 2 is exact.
    const score = scoreSeries(
      series([0, 10, 20], [1]),
      forecasts(1, () => 20),
      12,
    );
    expect(score?.wql).toBeCloseTo((2 * 0.5 * 10) / 30, 12);
  });

  test('the 80 % interval is closed and ends at .1 and .9; steps behind the end are not scored', () => {
    // At level q the forecast is 100 q: .1 is 10, .9 is 90.
    const cover = (outcomes: readonly number[]): number | undefined =>
      scoreSeries(
        series([0, ...outcomes], [1]),
        forecasts(1, (_, level) => 100 * level),
        24,
      )?.cover80;
    expect(cover([10, 90, 9.9, 90.1])).toBe(0.5);
    expect(cover([50])).toBe(1);
  });

  test('a series of which one forecast is missing has no score', () => {
    const complete = forecasts(1, () => 1);
    const holed = forecasts(1, (step, level) => (step === 24 && level === 0.95 ? Number.NaN : 1));
    expect(scoreSet([series([0, 1], [1])], complete).size).toBe(1);
    expect(scoreSet([series([0, 1], [1])], holed).size).toBe(0);
    expect(scoreSet([series([0, 1, 1], [1, 2])], complete).size).toBe(0);
  });
});

test('the naive repeats the last day and adds the quantiles of what that has missed', () => {
  // Two steps a day, and each day is two above the one before.
  const known = naiveForecasts([series([1, 2, 3, 4], [4], 43_200_000)])
    .get('s')
    ?.get(4);
  expect([0, 10, 20, 30].map((at) => known?.[at])).toEqual([5, 6, 5, 6]);
});

describe('relative and interval', () => {
  test('a geometric mean of ratios; two losses of zero are a tie', () => {
    expect(relative([1, 4], [2, 2])).toBeCloseTo(1, 12);
    expect(relative([1, 1], [4, 1])).toBeCloseTo(0.5, 12);
    expect(relative([0, 1], [0, 4])).toBeCloseTo(0.5, 12);
    expect(relative([], [])).toBeNaN();
  });

  test('equal losses, and one source alone, give a point', () => {
    expect(interval([1, 2, 3], [1, 2, 3], ['a', 'b', 'c'])).toEqual([1, 1]);
    const [low, high] = interval([1, 2], [2, 8], ['a', 'a']);
    expect(low).toBeCloseTo(Math.sqrt(1 / 8), 12);
    expect(high).toBe(low);
  });

  test('series of one source are drawn together', () => {
    // Drawn one by one, four pairs of a half to one pair of a double would come near 2 in one of 3,125 draws; two sources do in one of 4.
    const [ours, theirs] = [
      [1, 1, 1, 1, 2],
      [2, 2, 2, 2, 1],
    ] as const;
    const clustered = interval(ours, theirs, ['a', 'a', 'a', 'a', 'b']);
    expect(clustered[0]).toBeCloseTo(0.5, 12);
    expect(clustered[1]).toBeCloseTo(2, 12);
    expect(interval(ours, theirs, ['a', 'b', 'c', 'd', 'e'])[1]).toBeLessThan(1.9);
  });

  test('the same draws each time', () => {
    const args = [
      [1, 2, 3, 4],
      [2, 2, 2, 5],
      ['a', 'b', 'c', 'd'],
    ] as const;
    expect(interval(...args)).toEqual(interval(...args));
  });
});

describe('a file of forecasts', () => {
  test('is read gzipped too; an empty value is a forecast that was not made, a level that is not scored is skipped', () => {
    const text = `${HEAD}\ns,1,1,0.1,3.5\ns,1,1,0.2,\ns,1,1,0.25,9\n`;
    const read = readForecasts(file(gzipSync(text), 'peer.csv.gz'))
      .get('s')
      ?.get(1);
    expect(read?.[0]).toBe(3.5);
    expect(read?.[1]).toBeNaN();
  });

  test.each([
    ['', 'its first line is not'],
    [`${HEAD}\n`, 'there is no forecast in it'],
    [`${HEAD}\ns,1,1,0.1\n`, 'line 2 is no forecast: s,1,1,0.1'],
    [`${HEAD}\ns,1,25,0.1,1\n`, 'line 2 is no forecast'],
    [`${HEAD}\ns,1,1,0.1,1\ns,1,1,0.2,much\n`, 'line 3 is no forecast'],
  ])('that is broken is named with its place: %j', (text, message) => {
    expect(() => readForecasts(file(text))).toThrow(`${path.join(folder, 'peer.csv')}: ${message}`);
  });

  test('that is cut off is named', () => {
    const whole = gzipSync(`${HEAD}\n${'s,1,1,0.1,1\n'.repeat(1_000)}`);
    expect(() => readForecasts(file(whole.subarray(0, 40), 'cut.csv.gz'))).toThrow(/cut\.csv\.gz: not to be unzipped/);
  });
});

import { readFileSync } from 'node:fs';
import type { Plugin } from '@auspex/contracts';
import { pack, SeededRandom, surpriseOf, unpack } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { shape } from '../../src/detect/index.ts';
import { calibrated } from '../../src/detect/shape/calibration.ts';
import { made, STEP } from './golden/series.ts';
import { at, infoOf, MINUTE, make, scores } from './tools.ts';

const plugin = shape as unknown as Plugin<'detector'>;
const info = infoOf(STEP);
const valuesOf = (seed: string, steps: number): number[] => made(seed, steps).map(({ value }) => value);

/** What the calibration was given for a score. */
function meanOf(score: number): number {
  const wanted = surpriseOf(score);
  let [low, high] = [0, 1000];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (calibrated(middle) < wanted) low = middle;
    else high = middle;
  }
  return low;
}

describe('what it was first written as', () => {
  const golden = JSON.parse(readFileSync(new URL('golden/shape.json', import.meta.url), 'utf8')) as {
    seed: string;
    steps: number;
    surprises: [number, number][];
  };
  const got = scores(make(plugin), valuesOf(golden.seed, golden.steps), info);

  it('gives the same scores', () => {
    expect(golden.surprises.length).toBeGreaterThan(50);
    for (const [n, surprise] of golden.surprises) expect(meanOf(got[n] as number) / surprise).toBeCloseTo(1, 4);
  });

  it('in the same order, far into the tail, too', () => {
    const ranked = (of: (n: number) => number): number[] => golden.surprises.map(([n]) => n).sort((a, b) => of(b) - of(a));
    const wanted = new Map(golden.surprises);
    expect(ranked((n) => got[n] as number)).toEqual(ranked((n) => wanted.get(n) as number));
    expect(Math.max(...got)).toBeLessThan(1);
  });
});

describe('the unit does not matter', () => {
  const values = valuesOf('units', 2500);
  const plain = scores(make(plugin), values, info);

  it.each([1e6, 1e-6])('times %d', (factor) => {
    const scaled = scores(
      make(plugin),
      values.map((value) => value * factor),
      info,
    );
    const high = plain.flatMap((score, n) => (score > 0.999 ? [n] : []));
    expect(high.length).toBeGreaterThan(3);
    // Bins of the tail fall otherwise, so that now and then another one of two is held back.
    expect(high.filter((n) => (scaled[n] as number) > 0.99).length).toBeGreaterThanOrEqual(0.75 * high.length);
    const alarms = (of: readonly number[]): number => of.filter((score) => score > 0.9999).length;
    expect(Math.abs(alarms(scaled) - alarms(plain))).toBeLessThanOrEqual(2);
  });
});

describe('odd series', () => {
  it('a flat line says nothing, and a jump from it stands out', () => {
    const got = scores(make(plugin), [...Array<number>(500).fill(42), 43, ...Array<number>(50).fill(42)]);
    expect(Math.max(...got.slice(0, 500))).toBeLessThan(0.9);
    expect(got[500]).toBeGreaterThan(0.99999);
    expect(Math.max(...got.slice(501))).toBeLessThan(0.9999);
  });

  it('zeros, and the first request of all', () => {
    const got = scores(make(plugin), [...Array<number>(400).fill(0), 5]);
    expect(Math.max(...got.slice(0, 400))).toBeLessThan(0.9);
    expect(got[400]).toBeGreaterThan(0.9999);
  });

  it('what is no number, or beyond all measure, breaks nothing', () => {
    const detector = make(plugin);
    const state = detector.begin(info);
    const random = new SeededRandom('odd');
    for (let n = 0; n < 600; n++) {
      const odd = [Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1e308, 0, 5e-324][n % 60];
      const { score } = detector.detect(state, at(n, odd ?? 100 + random.normal(), STEP), undefined);
      expect(score >= 0 && score <= 1).toBe(true);
    }
    const back = detector.decode(detector.encode(state));
    expect(detector.detect(back, at(600, 100, STEP), undefined).score).toBeLessThan(0.999);
  });

  it('steps of an hour', () => {
    const random = new SeededRandom('hours');
    const values = Array.from({ length: 24 * 60 }, (_, n) => 100 + 60 * Math.sin((2 * Math.PI * n) / 24) + 3 * random.normal());
    values[1400] = 15;
    const got = scores(make(plugin), values, infoOf(60 * MINUTE));
    expect(got[1400]).toBe(Math.max(...got));
    expect(got[1400]).toBeGreaterThan(0.9999);
  });
});

describe('the time of day is the local one', () => {
  /** A morning peak at eight, local time, through the night in which clocks go forward. */
  const world = (zone: string): number => {
    const detector = make(plugin);
    const state = detector.begin(infoOf(15 * MINUTE, zone));
    let most = 0;
    const change = Date.UTC(2026, 2, 29, 1);
    for (let step = change - 28 * 86_400_000; step < change + 86_400_000; step += 15 * MINUTE) {
      const local = ((step + (step >= change ? 2 : 1) * 3_600_000) % 86_400_000) / 3_600_000;
      const value = 100 + 80 * Math.exp(-0.5 * ((local - 8) / 0.7) ** 2) + ((step / 900_000) % 7);
      const { score } = detector.detect(state, { step, value, truth: 'observed' }, undefined);
      if (step >= change) most = Math.max(most, surpriseOf(score));
    }
    return most;
  };

  it('so that the peak is not early on the day of the change', () => {
    expect(world('Europe/Berlin')).toBeLessThan(world('UTC'));
  });
});

describe('what is not known', () => {
  const values = valuesOf('gaps', 1500);
  const lived = () => {
    const detector = make(plugin);
    const state = detector.begin(info);
    for (const [n, value] of values.entries()) detector.detect(state, at(n, value, STEP), undefined);
    return { detector, state };
  };

  it('a censored step teaches nothing, and says something only above all that was seen', () => {
    const { detector, state } = lived();
    const before = detector.encode(state);
    const low = detector.detect(state, at(1500, 1, STEP, 'censored'), undefined);
    const high = detector.detect(state, at(1501, 20 * Math.max(...values), STEP, 'censored'), undefined);
    expect(low.score).toBe(0);
    expect(high.score).toBeGreaterThan(0.9999);
    expect(high.cause).toMatch(/^at least/);
    expect(detector.encode(state)).toEqual(before);
  });

  it('after a gap the steps before it are not the recent ones', () => {
    const after = (missing: number): number[] => {
      const { detector, state } = lived();
      for (let n = 0; n < missing; n++) detector.detect(state, at(1500 + n, 0, STEP, 'missing'), undefined);
      // The other side of the day: one step after the last it would be a jump never seen.
      return [0, 1, 2].map((n) => detector.detect(state, at(1500 + missing + n, values[1500 - 144] as number, STEP), undefined).score);
    };
    expect(Math.max(...after(144))).toBeLessThan(0.999);
    expect(Math.max(...after(0))).toBeGreaterThan(Math.max(...after(144)));
  });

  it('a step after a short gap is not compared with the one before it', () => {
    const detector = make(plugin);
    const state = detector.begin(info);
    const random = new SeededRandom('gap');
    const noise = Array.from({ length: 2011 }, () => random.normal());
    const value = (n: number): number => 100 + 50 * Math.sin(n / 30) + (noise[n] as number);
    for (let n = 0; n < 2000; n++) detector.detect(state, at(n, value(n), STEP), undefined);
    const written = detector.encode(state);
    // Ten steps further on the curve, with and without the ten steps in between being missing.
    const score = (n: number): number => detector.detect(detector.decode(written), at(n, value(2010), STEP), undefined).score;
    expect(surpriseOf(score(2010))).toBeLessThan(surpriseOf(score(2000)) - 0.4);
  });

  it('what is no number leaves the next step to be judged as ever', () => {
    const { detector, state } = lived();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(detector.detect(state, at(1500, value, STEP), undefined)).toMatchObject({ score: 0, cause: 'its value is no number' });
    expect(detector.detect(state, at(1501, 20 * Math.max(...values), STEP), undefined).score).toBeGreaterThan(0.9999);
  });

  it('time goes on: what was held back after a peak may be told again after a day without data', () => {
    const peak = 40 * Math.max(...values);
    const again = (missing: number): number => {
      const { detector, state } = lived();
      detector.detect(state, at(1500, peak, STEP), undefined);
      const given = detector.detect(state, at(1501 + missing, peak / 3, STEP), undefined);
      return given.score;
    };
    expect(again(0)).toBeLessThan(0.99);
    expect(again(600)).toBeGreaterThan(0.999);
  });
});

describe('the state', () => {
  it('has one size, however long it lives', () => {
    const detector = make(plugin);
    const state = detector.begin(info);
    const random = new SeededRandom('long');
    let level = 100;
    const sizes: number[] = [];
    for (let n = 0; n < 100_000; n++) {
      level *= Math.exp(0.01 * random.normal());
      detector.detect(state, at(n, level * (1 + 0.1 * random.next()), MINUTE), undefined);
      if (n % 20_000 === 19_999) sizes.push(detector.encode(state).length);
    }
    expect(Math.max(...sizes)).toBeLessThan(32_000);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(100);
  }, 30_000);

  it('scores on as if it had not been written', () => {
    const values = valuesOf('written', 1200);
    const whole = scores(make(plugin), values, info);
    const detector = make(plugin);
    let state = detector.begin(info);
    const got = values.map((value, n) => {
      if (n % 77 === 0) state = detector.decode(detector.encode(state));
      return detector.detect(state, at(n, value, STEP), undefined).score;
    });
    expect(got).toEqual(whole);
  });

  it('of another version or of other options is refused', () => {
    const detector = make(plugin);
    const written = detector.encode(detector.begin(info));
    const newer = pack({ ...unpack<object>(written), v: 2 });
    expect(() => detector.decode(newer)).toThrow(/format 1/);
    expect(() => make(plugin, { bank: 50 }).decode(written)).toThrow(/options/);
  });
});

it('uses nothing that comes later', () => {
  const values = valuesOf('later', 1500);
  const whole = scores(make(plugin), values, info);
  expect(scores(make(plugin), [...values.slice(0, 900), ...values.slice(0, 600).map((value) => 9 * value)], info).slice(0, 900)).toEqual(
    whole.slice(0, 900),
  );
});

it('says what is new about a value', () => {
  const detector = make(plugin);
  const state = detector.begin(info);
  for (let n = 0; n < 800; n++) detector.detect(state, at(n, 100 + 50 * Math.sin(n / 20), STEP), undefined);
  const written = detector.encode(state);
  const cause = (value: number): string => detector.detect(detector.decode(written), at(800, value, STEP), undefined).cause;
  expect(cause(412)).toBe('412/s: never so high (150/s)');
  expect(cause(3)).toBe('3/s: never so low (50/s)');
});

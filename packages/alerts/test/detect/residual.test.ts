import { type Detector, LEVELS, type Plugin } from '@auspex/contracts';
import { normalQuantile, pack, SeededRandom, unpack } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { residual } from '../../src/detect/index.ts';
import { deviationOf } from '../../src/detect/residual/deviation.ts';
import { at, infoOf, make } from './tools.ts';

const plugin = residual as unknown as Plugin<'detector'>;

/** Quantiles of a normal forecast. */
const quantilesOf = (mean: number, deviation: number): Float64Array =>
  Float64Array.from(LEVELS, (p) => Math.max(0, mean + deviation * normalQuantile(p)));

const dayOf = (n: number): number => 200 + 100 * Math.sin((2 * Math.PI * n) / 1440);

/** Lives through normal noise of 5 % around a daily curve, whose forecast has the deviation that it says times `width`. */
class Life {
  readonly detector: Detector;
  readonly state: unknown;
  readonly random: SeededRandom;
  readonly width: number;
  n = 0;

  constructor(options: Record<string, unknown> = {}, width = 1, seed = 'residual') {
    this.detector = make(plugin, options);
    this.state = this.detector.begin(infoOf());
    this.random = new SeededRandom(seed);
    this.width = width;
  }

  step(of: (mean: number) => number = (mean) => mean * (1 + 0.05 * this.random.normal()), forecast = dayOf(this.n)) {
    const observation = at(this.n, of(dayOf(this.n)));
    this.n++;
    const quantiles = quantilesOf(forecast, 0.05 * this.width * forecast);
    return this.detector.detect(this.state, observation, quantiles[3], { quantiles, usage: () => undefined });
  }

  live(steps: number): number[] {
    return Array.from({ length: steps }, () => this.step().score);
  }
}

const noisy =
  (random: SeededRandom, factor: number) =>
  (mean: number): number =>
    mean * factor * (1 + 0.05 * random.normal());

describe('the place among the quantiles', () => {
  it('is the normal deviate of a normal forecast, far out a line', () => {
    const quantiles = quantilesOf(100, 5);
    for (const z of [-1.5, -1, 0, 1, 1.5, 2.2]) expect(deviationOf(quantiles, 100 + 5 * z)).toBeCloseTo(z, 0.5);
    expect(deviationOf(quantiles, 60)).toBeLessThan(-4);
    expect(deviationOf(quantiles, 140)).toBeGreaterThan(4);
    expect(deviationOf(quantiles, 1e12)).toBe(40);
    // Two lowest, or two highest, that all but coincide are no wall.
    const walled = Float64Array.of(1.94, 1.940001, 2, 2.2, 2.5, 2.6, 2.689999, 2.69);
    expect(deviationOf(walled, 1.92)).toBeGreaterThan(-2.5);
    expect(deviationOf(walled, 2.72)).toBeLessThan(3.5);
    expect(deviationOf(Float64Array.of(4e-7, 8e-7, 1e-6, 0.01, 0.02, 0.03, 0.0405, 0.05), 0, 1 / 60)).toBeGreaterThan(-2);
    for (let x = 1; x < 400; x++) expect(deviationOf(quantiles, x)).toBeGreaterThanOrEqual(deviationOf(quantiles, x - 1));
  });

  it('of a forecast without spread is a number', () => {
    const flat = new Float64Array(8).fill(100);
    for (const value of [0, 99.9, 100, 100.1, 1e9]) expect(Number.isFinite(deviationOf(flat, value))).toBe(true);
  });
});

describe('a score is a tail probability', () => {
  it.each([1, 0.3, 3])('also of a forecast whose spread is %d times the true one', (width) => {
    const life = new Life({}, width);
    life.live(3000);
    const got = life.live(30_000);
    const above = (score: number): number => got.filter((each) => each >= score).length / got.length;
    expect(above(0.99)).toBeLessThan(0.03);
    expect(above(0.999)).toBeLessThan(0.005);
    expect(above(0.9999)).toBeLessThan(0.0007);
    expect(above(0.9)).toBeGreaterThan(0.01);
  });
});

describe('what it finds', () => {
  it.each([0.3, 2])('%d times the usual', (factor) => {
    const life = new Life();
    life.live(5000);
    const got = life.step((mean) => mean * factor);
    expect(got.score).toBeGreaterThan(0.99999);
    expect(got.cause).toMatch(/\/s, forecast .*\.\..*\/s/);
  });

  it('a small deviation that lasts, which a short scale alone does not', () => {
    const most = (scales: number[]): number => {
      const life = new Life({ scales });
      life.live(5000);
      return Math.max(...Array.from({ length: 90 }, () => life.step(noisy(life.random, 1.07)).score));
    };
    expect(most([1, 5, 15, 60])).toBeGreaterThan(0.9999);
    expect(most([1])).toBeLessThan(0.9999);
  });

  it('a source that repeats itself, unless it says nothing at all', () => {
    const life = new Life();
    life.live(3000);
    const stuck = Array.from({ length: 12 }, () => life.step(() => 200));
    expect(stuck.at(-1)?.score).toBeGreaterThan(0.9999);
    expect(stuck.at(-1)?.cause).toBe('200/s, the same 12 times in a row');
    const detector = make(plugin);
    const state = detector.begin(infoOf());
    const silent = (n: number): number =>
      detector.detect(state, at(n, 0), 0, { quantiles: new Float64Array(8), usage: () => undefined }).score;
    for (let n = 0; n < 500; n++) expect(silent(n)).toBeLessThan(0.999);
    // Also after a day on which values now and then repeated themselves.
    for (let n = 0; n < 600; n++) life.step((mean) => Math.round(mean / 10) * 10 + 20 * Math.round(life.random.normal()));
    const night = quantilesOf(0, 0);
    for (let n = 0; n < 400; n++) {
      const given = life.detector.detect(life.state, at(life.n++, 0), 0, { quantiles: night, usage: () => undefined });
      expect(given.cause).not.toMatch(/times in a row/);
    }
  });

  it('a figure that comes every fifth step repeats itself four times, and that is usual', () => {
    const detector = make(plugin);
    const state = detector.begin(infoOf());
    const random = new SeededRandom('sampled');
    let value = 100;
    const got = Array.from({ length: 4000 }, (_, n) => {
      // Once it is late.
      if (n % 5 === 0 && n !== 3500) value = 100 + 5 * random.normal();
      return detector.detect(state, at(n, value), 100, { quantiles: quantilesOf(100, 5), usage: () => undefined }).score;
    });
    expect(got.slice(1000).filter((score) => score > 0.9999).length).toBeLessThan(4);
  });
});

describe('after an incident', () => {
  it('the way back to where it was is no news, though the forecast had followed', () => {
    const life = new Life();
    life.live(4000);
    let forecast = dayOf(life.n);
    const during = Array.from({ length: 40 }, () => {
      const given = life.step(noisy(life.random, 0.3), forecast);
      forecast += 0.5 * (0.3 * dayOf(life.n - 1) - forecast);
      return given.score;
    });
    expect(Math.max(...during)).toBeGreaterThan(0.99999);
    const back = Array.from({ length: 20 }, () => {
      const given = life.step(undefined, forecast);
      forecast += 0.5 * (dayOf(life.n - 1) - forecast);
      return given;
    });
    expect(Math.max(...back.map(({ score }) => score))).toBeLessThan(0.9999);
    expect(back[0]?.cause).toMatch(/back to where it was$/);
  });

  it('the next one is found as well: it is not the measure of what is usual', () => {
    const life = new Life();
    life.live(4000);
    for (let n = 0; n < 200; n++) life.step(noisy(life.random, 0.2));
    life.live(2000);
    expect(life.step((mean) => 0.4 * mean).score).toBeGreaterThan(0.9999);
  });
});

describe('what is not known', () => {
  it('without a forecast it has nothing to say', () => {
    const detector = make(plugin);
    const state = detector.begin(infoOf());
    const given = detector.detect(state, at(0, 100), undefined);
    expect(given).toMatchObject({ score: 0, cause: 'nothing is forecast yet' });
  });

  it('a censored step counts where it is too high, and teaches nothing', () => {
    const life = new Life();
    life.live(4000);
    const before = life.detector.encode(life.state);
    const quantiles = quantilesOf(200, 10);
    const score = (value: number): number =>
      life.detector.detect(life.state, at(life.n, value, undefined, 'censored'), 200, { quantiles, usage: () => undefined }).score;
    expect(score(20)).toBe(0);
    expect(score(600)).toBeGreaterThan(0.99999);
    expect(life.detector.encode(life.state)).toEqual(before);
  });
});

it('a state of another version, or for other scales, is refused', () => {
  const detector = make(plugin);
  const written = detector.encode(detector.begin(infoOf()));
  expect(() => detector.decode(pack({ ...unpack<object>(written), v: 2 }))).toThrow(/format 1/);
  expect(() => make(plugin, { scales: [1, 7] }).decode(written)).toThrow(/scales/);
});

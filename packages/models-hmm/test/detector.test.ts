import type { Detector } from '@auspex/contracts';
import { pack, SeededRandom, unpack } from '@auspex/numerics';
import { testLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { context, START, series } from '../../../test/support/series.ts';
import { type RegimeState, regime } from '../src/index.ts';

describe('by default', () => testLaws('detector', () => ({ plugin: regime }), { describe, it }));
describe('with other options', () =>
  testLaws('detector', () => ({ plugin: regime, with: { states: 2, window: 300, refitEvery: 400, memory: 1000 } }), { describe, it }));

const MINUTE = 60_000;
const make = (options: Record<string, unknown> = {}): Detector => regime.create(regime.config.parse(options), context);

/** Noise of 4 % around what is expected, and hours at half as much again. */
class Life {
  readonly detector: Detector;
  state: unknown;
  readonly random = new SeededRandom('regime');
  n = 0;
  #busy = false;

  constructor(options: Record<string, unknown> = {}) {
    this.detector = make(options);
    this.state = this.detector.begin(series(MINUTE));
  }

  step(factor?: number, truth: 'observed' | 'censored' | 'missing' = 'observed') {
    if (this.random.next() < (this.#busy ? 1 / 60 : 1 / 180)) this.#busy = !this.#busy;
    const expected = 100 + 40 * Math.sin(this.n / 200);
    const usual = (this.#busy ? 1.5 : 1) * Math.exp(0.04 * this.random.normal());
    const observation = { step: START + this.n++ * MINUTE, value: expected * (factor ?? usual), truth };
    return this.detector.detect(this.state, observation, expected);
  }

  live(steps: number): number[] {
    return Array.from({ length: steps }, () => this.step().score);
  }
}

it('a regime that is known is no news, one that is not stands out', () => {
  const life = new Life();
  const got = life.live(8000).slice(2000);
  expect(got.filter((score) => score > 0.999).length / got.length).toBeLessThan(0.006);
  const { score, cause } = life.step(0.4);
  expect(score).toBeGreaterThan(0.99999);
  expect(cause).toMatch(/^-60 % of what is expected, which no regime explains$/);
});

it('what is out of all measure does not become the measure', () => {
  const life = new Life();
  life.live(3000);
  expect(life.step(1e9).score).toBeGreaterThan(0.99999);
  life.live(100);
  expect(life.step(0.4).score).toBeGreaterThan(0.999);
});

it('a level between the regimes, which each of them is far from, stands out, too', () => {
  const life = new Life();
  life.live(6000);
  expect(life.step(1.24).score).toBeGreaterThan(0.995);
});

it('what lasts becomes a regime', () => {
  const life = new Life({ window: 500, refitEvery: 200 });
  life.live(4000);
  const during = Array.from({ length: 1500 }, () => life.step(0.4 * Math.exp(0.04 * life.random.normal())).score);
  expect(during[0]).toBeGreaterThan(0.99999);
  const means = (life.state as RegimeState).regimes?.model.emission.means as Float64Array;
  expect(Math.min(...means)).toBeCloseTo(Math.log(0.4), 1);
  expect(during.slice(-300).filter((score) => score > 0.9999).length).toBeLessThan(3);
});

it('without an expectation, and in steps that are no observations, it says nothing and the chain moves on', () => {
  const life = new Life();
  life.live(1000);
  const { regimes, residuals } = life.state as RegimeState;
  const size = residuals.size;
  const belief = regimes?.filter.belief.slice();
  expect(life.detector.detect(life.state, { step: START + life.n * MINUTE, value: 5, truth: 'observed' }, undefined)).toMatchObject({
    score: 0,
  });
  expect(life.step(3, 'censored')).toMatchObject({ score: 0, cause: 'the step is censored' });
  expect((life.state as RegimeState).residuals.size).toBe(size);
  expect((life.state as RegimeState).regimes?.filter.belief).not.toEqual(belief);
});

it('its state is bounded, and read for the options as they are now', () => {
  const life = new Life();
  life.live(20_000);
  const written = life.detector.encode(life.state);
  expect(written.length).toBeLessThan(12_000);
  const other = make({ states: 2, window: 400 }).decode(written) as RegimeState;
  expect(other.regimes).toBeUndefined();
  expect(other.residuals.size).toBe(400);
  expect(() => life.detector.decode(pack({ ...unpack<object>(written), v: 2 }))).toThrow(/format 1/);
});

import { type Forecast, LEVELS, type Pool, type SeriesInfo } from '@auspex/contracts';
import { pack, SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { assessSurge, learnSurge } from '../src/surge/assess.ts';
import { beginHabit, habitOf, hourOfWeek, learnHabit } from '../src/surge/habit.ts';
import { INPUTS } from '../src/surge/inputs.ts';
import { amounts, beginLogistic, learnLogistic, logit, sigmoid } from '../src/surge/logistic.ts';
import { beginSurge, decodeSurge, encodeSurge, type SurgeState } from '../src/surge/state.ts';

const MINUTE = 60_000;
/** A Monday. */
const START = Date.UTC(2026, 0, 5);
const LEAD = 5;
const pool = { id: 'web', unitRate: 10, target: 0.7, min: 1, max: 1000, leadTimeMs: LEAD * MINUTE } as Pool;
const info: SeriesInfo = { id: 'pool:web', scope: 'pool', name: 'web', pop: '*', measure: 'requests', zone: 'UTC', stepMs: MINUTE };
const HORIZON = [1, 2, 3, 4, 5, 6, 7];
const RISE = 30;

/** Each level at `median` times exp(spread x its place on a line): monotone, with a tail. */
function forecast(at: number, median: (ahead: number) => number, spread = 0.1): Forecast {
  const quantiles = Float64Array.from(HORIZON.flatMap((ahead) => LEVELS.map((level) => median(ahead) * Math.exp(spread * logit(level)))));
  return { series: info.id, origin: at, stepMs: MINUTE, horizon: HORIZON, quantiles, by: 'test' };
}

/** Where nothing is planned. */
function told(state: SurgeState, said: Forecast, at: number, of: Pool, its: SeriesInfo): ReturnType<typeof assessSurge> {
  return assessSurge(state, { base: said, planned: said, groups: said, all: said }, at, of, its);
}

/** Plays a world in which demand is `rate(step)` and the forecast says `said(step)` of a step. */
function play(
  steps: number,
  rate: (i: number) => number,
  said: (i: number) => number,
  judge?: (i: number, probability: number, surged: boolean) => void,
): SurgeState {
  const state = beginSurge();
  const pending: { i: number; probability: number; reference: number }[] = [];
  for (let i = 0; i < steps; i++) {
    const at = START + i * MINUTE;
    if (i > 0) learnSurge(state, at - MINUTE, rate(i - 1), 'observed', pool, info);
    const surge = told(
      state,
      forecast(at, (ahead) => said(i + ahead - 1)),
      at,
      pool,
      info,
    );
    if (!surge) continue;
    pending.push({ i, probability: surge.probability, reference: surge.reference });
    for (const each of pending.filter(({ i: then }) => then + LEAD === i)) judge?.(each.i, each.probability, rate(i) > each.reference);
  }
  return state;
}

describe('the regression that learns one outcome at a time', () => {
  const priors = [
    { mean: 0, variance: 1 },
    { mean: 1, variance: 1 },
  ];

  it('finds the weights that outcomes were drawn with', () => {
    const random = new SeededRandom('weights');
    const state = beginLogistic(priors);
    for (let i = 0; i < 20_000; i++) {
      const inputs = [1, 2 * random.normal()];
      const outcome = random.next() < sigmoid(-0.8 + 0.5 * (inputs[1] as number)) ? 1 : 0;
      learnLogistic(state, inputs, outcome, priors);
    }
    expect(state.weights[0]).toBeCloseTo(-0.8, 1);
    expect(state.weights[1]).toBeCloseTo(0.5, 1);
    expect(amounts(state, [1, 2])[1]).toBe(2 * (state.weights[1] as number));
  });

  it('is moved by one outcome by no more than its belief is wide, and stays a number whatever comes', () => {
    const state = beginLogistic(priors);
    learnLogistic(state, [1, 9], 0, priors);
    expect(Math.abs(state.weights[0] as number)).toBeLessThan(1);
    for (let i = 0; i < 2_000; i++) learnLogistic(state, [1, i % 2 === 0 ? 9 : -9], i % 3 === 0 ? 1 : 0, priors);
    expect([...state.weights, ...state.covariance].every(Number.isFinite)).toBe(true);
    expect(state.covariance[0]).toBeGreaterThan(0);
    expect(state.covariance[3]).toBeGreaterThan(0);
  });
});

it('the habit of an hour of the week leans on that of all hours until it was seen often', () => {
  const habit = beginHabit();
  const monday9 = hourOfWeek(START + 9 * 60 * MINUTE);
  expect(hourOfWeek(START + 9 * 60 * MINUTE + 7 * 24 * 60 * MINUTE)).toBe(monday9);
  for (let i = 0; i < 1_000; i++) learnHabit(habit, (monday9 + 1 + (i % 100)) % 168, i % 10 === 0 ? 1 : 0);
  const before = habitOf(habit, monday9);
  expect(before.here).toBeCloseTo(before.base, 10);
  for (let i = 0; i < 300; i++) learnHabit(habit, monday9, 1);
  expect(habitOf(habit, monday9).here).toBeGreaterThan(0.85);
});

describe('the surge probability of a pool', () => {
  it('is the forecast’s own chance of more than a reactive policy has ordered, before outcomes are known', () => {
    const state = beginSurge();
    expect(
      told(
        state,
        forecast(START, () => 70),
        START,
        pool,
        info,
      ),
    ).toBeUndefined();
    learnSurge(state, START, 70, 'observed', pool, info);
    const surge = told(
      state,
      forecast(START + MINUTE, () => 70),
      START + MINUTE,
      pool,
      info,
    );
    // Ten units at 7/s each are there for 70/s; the median is the reference, so that half lie above.
    expect(surge?.reference).toBeCloseTo(70, 10);
    expect(surge?.probability).toBeCloseTo(0.5, 2);
    expect([surge?.from, surge?.to]).toEqual([START + 6 * MINUTE, START + 7 * MINUTE]);
    const rising = told(
      state,
      forecast(START + MINUTE, (ahead) => (ahead === 6 ? 100 : 50)),
      START + MINUTE,
      pool,
      info,
    );
    // Of the step that is in service when an order of now is ready, and of no other.
    expect(rising?.probability).toBeCloseTo(1 - 1 / (1 + (100 / 70) ** 10), 2);
  });

  it('adds up: contributions but the calibration are the score, and with it they are the probability', () => {
    const random = new SeededRandom('adds');
    const level = Array.from({ length: 4_000 }, () => 70 * Math.exp(0.2 * random.normal()));
    const state = play(
      3_000,
      (i) => level[i] as number,
      () => 70,
    );
    const at = START + 3_000 * MINUTE;
    learnSurge(state, at - MINUTE, 90, 'observed', pool, info);
    const surge = told(
      state,
      forecast(at, () => 75),
      at,
      pool,
      info,
    );
    const sum = (surge?.contributions ?? []).reduce((total, { amount }) => total + amount, 0);
    expect(sigmoid(sum)).toBeCloseTo(surge?.probability as number, 10);
    const calibration = surge?.contributions.find(({ of }) => of === 'calibration')?.amount as number;
    expect(surge?.score).toBeCloseTo(sum - calibration, 10);
    expect(surge?.calibration).toBe(calibration);
  });

  it('is calibrated by outcomes where the forecast is not: one that is too sure of itself is believed less', () => {
    const random = new SeededRandom('sure');
    const level = Array.from({ length: 20_010 }, () => 70 * Math.exp(0.3 * random.normal()));
    let [said, came, count] = [0, 0, 0];
    // The forecast says 60 with a narrow spread, where the truth is 70 with a wide one: it calls surges far too rare.
    play(
      20_000,
      (i) => level[i] as number,
      () => 45,
      (i, probability, surged) => {
        if (i < 8_000) return;
        said += probability;
        came += surged ? 1 : 0;
        count++;
      },
    );
    expect(came / count).toBeGreaterThan(0.05);
    expect(Math.abs(said - came) / count).toBeLessThan(0.02);
  });

  it('sees a rise that the forecast foresees while the reactive policy has not ordered for it', () => {
    const told: { i: number; probability: number }[] = [];
    const rate = (i: number): number => (i % 60 >= RISE ? 140 : 70);
    play(2_000, rate, rate, (i, probability) => told.push({ i, probability }));
    const before = told.filter(({ i }) => i > 1_000 && (i + LEAD) % 60 === RISE);
    const calm = told.filter(({ i }) => i > 1_000 && (i + LEAD) % 60 === RISE - 10);
    for (const { probability } of before) expect(probability).toBeGreaterThan(0.9);
    for (const { probability } of calm) expect(probability).toBeLessThan(0.5);
  });

  it('tells what planned events add apart from the rest of the forecast', () => {
    const state = beginSurge();
    learnSurge(state, START, 70, 'observed', pool, info);
    const at = START + MINUTE;
    const [base, planned] = [forecast(at, () => 50), forecast(at, () => 100)];
    const surge = assessSurge(state, { base, planned, groups: planned, all: planned }, at, pool, info);
    const amount = (of: string): number => surge?.contributions.find((each) => each.of === of)?.amount as number;
    const chance = (median: number): number => 1 - 1 / (1 + (median / 70) ** 10);
    expect(sigmoid(amount('forecast'))).toBeCloseTo(chance(50), 2);
    expect(sigmoid(amount('forecast') + amount('events'))).toBeCloseTo(chance(100), 2);
    expect(surge?.probability).toBeCloseTo(chance(100), 2);
    expect(told(state, base, at, pool, info)?.contributions.find(({ of }) => of === 'events')?.amount).toBe(0);
  });

  it('tells what leaders add, by kind, and names them', () => {
    const state = beginSurge();
    learnSurge(state, START, 70, 'observed', pool, info);
    const at = START + MINUTE;
    const [base, groups, all] = [forecast(at, () => 50), forecast(at, () => 60), forecast(at, () => 80)];
    const texts = { groups: 'group free was 40 % above its habit', signIns: 'sign-ins were 90 % above their habit' };
    const surge = assessSurge(state, { base, planned: base, groups, all, texts }, at, pool, info);
    const part = (of: string) => surge?.contributions.find((each) => each.of === of);
    const chance = (median: number): number => logit(1 - 1 / (1 + (median / 70) ** 10));
    expect(part('groups')?.amount).toBeCloseTo(chance(60) - chance(50), 1);
    expect(part('sign-ins')?.amount).toBeCloseTo(chance(80) - chance(60), 0);
    expect(part('groups')?.text).toMatch(/^group free was 40 % above its habit; \d+ % with that$/);
    expect(part('sign-ins')?.text).toMatch(/^sign-ins were 90 % above their habit; \d+ % with that$/);
    expect(surge?.probability).toBeCloseTo(sigmoid(chance(80)), 1);
    const quiet = told(state, base, at, pool, info)?.contributions.filter(({ of }) => of === 'groups' || of === 'sign-ins');
    expect(quiet?.map(({ amount }) => amount)).toEqual([0, 0]);
  });

  it('hears a predictor that tells regimes apart by itself, once outcomes have shown that it is right', () => {
    const random = new SeededRandom('regimes');
    const state = beginSurge();
    const surged: boolean[] = [];
    const said = (i: number): ReturnType<typeof assessSurge> => {
      const at = START + i * MINUTE;
      const base = forecast(at, () => 60, 0.3);
      const regime = forecast(at, (ahead) => (surged[i + ahead - 1] ? 100 : 50)).quantiles;
      return assessSurge(state, { base, planned: base, groups: base, all: base, regime: { by: 'hmm', quantiles: regime } }, at, pool, info);
    };
    for (let i = 0; i < 4_010; i++) surged[i] = i % 40 >= 20 && random.next() < 0.9;
    for (let i = 0; i < 4_000; i++) {
      if (i > 0) learnSurge(state, START + (i - 1) * MINUTE, surged[i - 1] ? 100 : 50, 'observed', pool, info);
      const part = said(i)?.contributions.find(({ of }) => of === 'regime');
      if (i !== 1) continue;
      expect(part?.amount).toBeCloseTo(0, 10);
      expect(part?.text).toMatch(/^\d+(\.\d)? % by hmm alone, which tells regimes apart$/);
    }
    expect(state.logistic.weights[INPUTS.indexOf('regime')]).toBeGreaterThan(0.1);
  });

  it('tells a crowd that nobody planned within two steps, and forgets one odd step as fast', () => {
    const state = beginSurge();
    const step = (i: number, rate: number): number => {
      const at = START + i * MINUTE;
      learnSurge(state, at, rate, 'observed', pool, info);
      const surge = told(
        state,
        forecast(at + MINUTE, () => 70),
        at + MINUTE,
        pool,
        info,
      );
      return (surge && state.waiting.at(-1)?.inputs[5]) as number;
    };
    for (let i = 0; i < 10; i++) expect(step(i, 70)).toBeCloseTo(0, 10);
    expect(step(10, 200)).toBeGreaterThan(3);
    expect(step(11, 200)).toBeGreaterThan(5);
    step(12, 70);
    expect(step(13, 70)).toBeLessThan(1);
  });

  it('learns nothing of a window that was not wholly seen, unless a bound in it settles it', () => {
    const make = (truth: 'missing' | 'masked' | 'censored', rate: number): SurgeState => {
      const state = beginSurge();
      learnSurge(state, START, 70, 'observed', pool, info);
      told(
        state,
        forecast(START + MINUTE, () => 70),
        START + MINUTE,
        pool,
        info,
      );
      for (let i = 1; i < LEAD + 1; i++) learnSurge(state, START + i * MINUTE, 70, 'observed', pool, info);
      learnSurge(state, START + (LEAD + 1) * MINUTE, rate, truth, pool, info);
      expect(state.waiting).toHaveLength(0);
      return state;
    };
    const learnt = (state: SurgeState): boolean => state.habit.seen.some((seen) => seen > 0);
    expect(learnt(make('missing', 0))).toBe(false);
    expect(learnt(make('masked', 500))).toBe(false);
    expect(learnt(make('censored', 60))).toBe(false);
    expect(learnt(make('censored', 90))).toBe(true);
  });

  it('goes on the same after its state was written and read, and refuses what it did not write', () => {
    const random = new SeededRandom('codec');
    const level = Array.from({ length: 600 }, () => 70 * Math.exp(0.2 * random.normal()));
    const state = play(
      500,
      (i) => level[i] as number,
      () => 70,
    );
    const again = decodeSurge(encodeSurge(state));
    const at = START + 500 * MINUTE;
    const next = (of: SurgeState) => {
      learnSurge(of, at - MINUTE, 80, 'observed', pool, info);
      return told(
        of,
        forecast(at, () => 70),
        at,
        pool,
        info,
      );
    };
    expect(next(again)).toEqual(next(state));
    expect(() => decodeSurge(Uint8Array.of(129, 161, 118, 9))).toThrow();
  });

  it('takes over what a version learnt that knew fewer inputs, or others: by name, the new ones at their prior', () => {
    const random = new SeededRandom('older');
    const level = Array.from({ length: 600 }, () => 70 * Math.exp(0.2 * random.normal()));
    const state = play(
      500,
      (i) => level[i] as number,
      () => 70,
    );
    const names = ['calibration', 'forecast', 'trend', 'gone', 'use'];
    const old = {
      ...state,
      v: 1,
      inputs: names,
      shadow: state.shadow ?? null,
      next: state.next ?? null,
      logistic: { weights: Float64Array.of(1, 2, 3, 4, 5), covariance: Float64Array.from({ length: 25 }, (_, i) => i / 100) },
      waiting: state.waiting.map((each) => ({ ...each, inputs: [1, 20, 30, 40, 50] })),
    };
    const read = decodeSurge(pack(old));
    const begun = beginSurge();
    const n = INPUTS.length;
    expect([...read.logistic.weights]).toEqual([1, 2, 5, 3, ...begun.logistic.weights.slice(4)]);
    expect(read.logistic.covariance[0]).toBe(0);
    // Of trend with use: third with fifth before, fourth with third now.
    expect(read.logistic.covariance[3 * n + 2]).toBe(0.14);
    expect(read.logistic.covariance[5 * n + 5]).toBe(begun.logistic.covariance[5 * n + 5]);
    expect(read.logistic.covariance[5 * n + 2]).toBe(0);
    expect(read.waiting[0]?.inputs).toEqual([1, 20, 50, 30, ...new Array(n - 4).fill(0)]);
    expect([...read.habit.seen]).toEqual([...state.habit.seen]);
    const at = START + 500 * MINUTE;
    learnSurge(read, at - MINUTE, 80, 'observed', pool, info);
    const surge = told(
      read,
      forecast(at, () => 70),
      at,
      pool,
      info,
    );
    expect(Number.isFinite(surge?.probability)).toBe(true);
  });
});

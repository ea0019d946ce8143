import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import {
  alarmsOf,
  assessSurges,
  climatology,
  reactiveReference,
  type SurgeAssessment,
  type SurgeSeries,
  surgeEpisodes,
  surgeLabels,
  UNKNOWN,
  useAndSlope,
  warningsAt,
} from '../src/index.ts';
import { bootstrap } from '../src/surge/bootstrap.ts';
import { newton } from '../src/surge/logistic.ts';
import type { Pair } from '../src/surge/pairs.ts';
import { reliability } from '../src/surge/reliability.ts';
import { brier, CLIP, logScore, scoreOf } from '../src/surge/scores.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MONDAY = Date.UTC(2026, 0, 5);
const NONE = Number.NaN;

/** Demand against a reference of 1; without a lead time the label of a step is of the step itself. */
function series(demand: readonly number[], over: Partial<SurgeSeries> = {}): SurgeSeries {
  const stepMs = over.stepMs ?? HOUR;
  return {
    pool: 'web',
    at: demand.map((_, t) => MONDAY + t * stepMs),
    stepMs,
    demand,
    reference: demand.map(() => 1),
    probability: demand.map(() => 0.5),
    leadMs: 0,
    windowMs: stepMs,
    ...over,
  };
}
const hours = (count: number, of: (t: number) => number): number[] => Array.from({ length: count }, (_, t) => of(t));
type Assessed = Extract<SurgeAssessment, { assessable: true }>;

describe('surgeLabels', () => {
  it('looks from the lead time on for one window, against the reference of the step that asks', () => {
    const demand = [0, 0, 0, 2, 0, 0, 0];
    // Lead 2 steps, window 1: only the step two ahead. Window 2: two and three ahead.
    expect([...surgeLabels(series(demand, { leadMs: 2 * HOUR }))]).toEqual([0, 1, 0, 0, 0, UNKNOWN, UNKNOWN]);
    expect([...surgeLabels(series(demand, { leadMs: 2 * HOUR, windowMs: 2 * HOUR }))]).toEqual([1, 1, 0, 0, UNKNOWN, UNKNOWN, UNKNOWN]);
    // Where the lead time ends inside a step, its window touches two.
    expect([...surgeLabels(series(demand, { leadMs: 1.5 * HOUR }))]).toEqual([0, 1, 1, 0, 0, UNKNOWN, UNKNOWN]);
    expect([...surgeLabels(series(demand, { leadMs: 2 * HOUR, reference: [1, 2, 1, 1, 1, 1, 1] }))].slice(0, 3)).toEqual([0, 0, 0]);
  });

  it('leaves out what is not known: gaps, references, and bounds that do not settle it', () => {
    const demand = [0, 0, NONE, 2, 0, 0];
    expect([...surgeLabels(series(demand, { leadMs: HOUR, windowMs: 2 * HOUR }))]).toEqual([UNKNOWN, UNKNOWN, 1, 0, UNKNOWN, UNKNOWN]);
    const censored = [0, 1, 0, 1, 0, 0];
    expect([...surgeLabels(series([0, 0.5, 0, 2, 0, 0], { censored }))]).toEqual([0, UNKNOWN, 0, 1, 0, 0]);
    // One step of the window settles it, whatever the other hides.
    expect([...surgeLabels(series([0, 0.5, 2], { censored: [0, 1, 0], windowMs: 2 * HOUR }))]).toEqual([UNKNOWN, 1, UNKNOWN]);
    expect([...surgeLabels(series([0, 2], { reference: [NONE, 1] }))]).toEqual([UNKNOWN, 1]);
  });
});

describe('references', () => {
  const weekly = series(
    hours(5 * 168, (t) => (t % 168 === 10 ? 2 : 0)),
    { leadMs: 2 * HOUR },
  );

  it('climatology is the share of the hour of the week, shrunk to the base rate, of matured labels alone', () => {
    const labels = surgeLabels(weekly);
    const said = climatology(weekly, labels);
    // At hour 8 of the fourth week the label speaks of hour 10. Three earlier of this hour were surges; the last two labels are open.
    const t = 3 * 168 + 8;
    const known = t - 2;
    const base = (3 + 0.5) / (known + 1);
    expect(said[t]).toBeCloseTo((3 + 4 * base) / (3 + 4), 12);
    expect(said[t + 1]).toBeCloseTo((0 + 4 * base * ((known + 1) / (known + 2))) / (3 + 4), 12);
    // In another zone the hours are cut elsewhere: by half an hour's offset nothing changes for whole hours, the day is another.
    expect(climatology(weekly, labels, 'Europe/Berlin')[t]).toBeCloseTo(said[t] as number, 12);
  });

  it.each(['climatology', 'useAndSlope'] as const)('%s knows nothing of what comes', (name) => {
    const random = new SeededRandom(3);
    const demand = hours(40 * 24, () => 0.4 + random.next());
    const whole = series(demand, { leadMs: 3 * HOUR });
    const cut = 30 * 24;
    const told = (given: SurgeSeries): Float64Array =>
      name === 'climatology' ? climatology(given, surgeLabels(given)) : useAndSlope(given, surgeLabels(given));
    const other = series(
      demand.map((value, t) => (t < cut ? value : 3 - value)),
      { leadMs: 3 * HOUR },
    );
    expect([...told(other).subarray(0, cut + 1)]).toEqual([...told(whole).subarray(0, cut + 1)]);
    expect([...told(other).subarray(cut + 4)]).not.toEqual([...told(whole).subarray(cut + 4)]);
  });

  it('the regression satisfies its own equations: gradient and ridge cancel', () => {
    const random = new SeededRandom(1);
    const inputs = hours(400, () => 0).map(() => Float64Array.of(1, random.normal(), random.normal()));
    const labels = inputs.map((x) => (random.next() < 1 / (1 + Math.exp(1 - 2 * (x[1] as number) + (x[2] as number))) ? 1 : 0));
    const beta = newton(inputs, labels);
    const residual = [0, 0, 0];
    inputs.forEach((x, row) => {
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, i) => sum + value * (beta[i] as number), 0)));
      for (let i = 0; i < 3; i++) residual[i] = (residual[i] as number) + (p - (labels[row] as number)) * (x[i] as number);
    });
    expect(residual[0]).toBeCloseTo(0, 6);
    expect((residual[1] as number) + (beta[1] as number)).toBeCloseTo(0, 6);
    expect((residual[2] as number) + (beta[2] as number)).toBeCloseTo(0, 6);
    // Separable labels have no likeliest slope; the ridge gives one.
    const apart = newton([Float64Array.of(1, -1), Float64Array.of(1, 1)], [0, 1]);
    expect(Number.isFinite(apart[1]) && (apart[1] as number) > 0).toBe(true);
  });

  it('the regression finds out that use tells the surge, within a day of ten of each kind', () => {
    // A high step is followed by a surge, a low one by none.
    const demand = hours(20 * 24, (t) => [0.2, 0.9, 1.5, 0.2][t % 4] as number);
    const given = series(demand);
    const said = useAndSlope(given, surgeLabels(given));
    const last = 19 * 24;
    expect(said[last + 2]).toBeGreaterThan(0.95);
    expect(said[last + 1]).toBeLessThan(0.05);
    // Before the first fit it is the base rate.
    expect(said[0]).toBe(0.5);
    expect(said[5]).toBeCloseTo((1 + 0.5) / (5 + 1), 12);
  });
});

describe('scores', () => {
  it('Brier and log score are what their definitions say', () => {
    expect(brier(0.7, 1)).toBeCloseTo(0.09, 12);
    expect(brier(0.7, 0)).toBeCloseTo(0.49, 12);
    expect(logScore(0.25, 1)).toBeCloseTo(Math.log(4), 12);
    expect(logScore(0.25, 0)).toBeCloseTo(Math.log(4 / 3), 12);
    expect(logScore(0, 1)).toBeCloseTo(-Math.log(CLIP), 12);
    expect(logScore(1, 1)).toBeCloseTo(-Math.log(1 - CLIP), 12);
  });

  it('skill is one minus the quotient of sums, and certain where all days are alike', () => {
    const day = (at: number): Pair[] => [
      { day: at, label: 1, probability: 0.8, climatology: 0.5, logistic: 0.6 },
      { day: at, label: 0, probability: 0.2, climatology: 0.5, logistic: 0.4 },
    ];
    const score = scoreOf([...day(1), ...day(2), ...day(3)], brier, { draws: 50, seed: 1 });
    expect(score.value).toBeCloseTo(0.04, 12);
    expect(score.climatology).toBeCloseTo(0.25, 12);
    expect(score.overClimatology).toEqual({
      value: expect.closeTo(0.84, 12),
      low: expect.closeTo(0.84, 12),
      high: expect.closeTo(0.84, 12),
    });
    expect(score.overLogistic.value).toBeCloseTo(0.75, 12);
  });

  it('resamples days, not steps: the interval of a mean is 1.96 deviations of the days on either side', () => {
    const random = new SeededRandom(7);
    const days = hours(200, () => random.normal());
    // A hundred equal steps a day are one observation.
    const rows = days.map((value) => Float64Array.of(100 * value, 100));
    const { value, low, high } = bootstrap(rows, ([sum, count]) => (sum as number) / (count as number), { draws: 4000, seed: 5 });
    const mean = days.reduce((sum, each) => sum + each, 0) / 200;
    const deviation = Math.sqrt(days.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 200 / 200);
    expect(value).toBeCloseTo(mean, 12);
    expect((value - low) / deviation).toBeCloseTo(1.96, 0.6);
    expect((high - value) / deviation).toBeCloseTo(1.96, 0.6);
    expect(bootstrap(rows, ([sum]) => sum as number, { draws: 50, seed: 5 })).toEqual(
      bootstrap(rows, ([sum]) => sum as number, { draws: 50, seed: 5 }),
    );
  });

  it('a forecaster that knows the chance has the skill of the textbook; one that is ignorant has none', () => {
    // Chances .1 and .6 by a coin: Brier E[p(1-p)] = .165 against .35 x .65 = .2275 of the base rate.
    const random = new SeededRandom(11);
    const probability = hours(400 * 24, () => (random.next() < 0.5 ? 0.1 : 0.6));
    const demand = probability.map((p) => (random.next() < p ? 2 : 0));
    const known = assessSurges([series(demand, { probability })], { draws: 200 }) as Assessed;
    expect(known.baseRate).toBeCloseTo(0.35, 1);
    expect(known.brier.value).toBeCloseTo(0.165, 2);
    expect(known.brier.overClimatology.value).toBeCloseTo(1 - 0.165 / 0.2275, 1);
    expect(known.brier.overClimatology.low).toBeGreaterThan(0.2);
    const entropy = (p: number): number => -p * Math.log(p) - (1 - p) * Math.log(1 - p);
    expect(known.log.value).toBeCloseTo((entropy(0.1) + entropy(0.6)) / 2, 2);
    const ignorant = assessSurges([series(demand, { probability: demand.map(() => 0.35) })], { draws: 200 }) as Assessed;
    // What climatology pays for learning 168 shares of n weeks each: mean over n of n / (n + 4)^2.
    const weeks = hours(57, (n) => n / (n + 4) ** 2);
    const paid = weeks.reduce((sum, each) => sum + each, 0) / 57;
    expect(ignorant.brier.overClimatology.value).toBeCloseTo(paid / (1 + paid), 1.7);
    expect(Math.abs(ignorant.brier.overLogistic.value)).toBeLessThan(0.005);
  });
});

describe('reliability', () => {
  const pair = (probability: number, label: number, day = 1): Pair => ({ day, label, probability, climatology: 0, logistic: 0 });

  it('cuts bins of equal count, and never between equal probabilities', () => {
    const pairs = hours(100, (i) => i).map((i) => pair(i / 100, i % 2));
    const bins = reliability(pairs, { draws: 10, seed: 1 });
    expect(bins.map(({ count }) => count)).toEqual(Array(10).fill(10));
    expect(bins[3]).toMatchObject({ from: 0.3, to: 0.39, came: 0.5, low: 0.5, high: 0.5 });
    expect(bins[3]?.said).toBeCloseTo(0.345, 12);
    const tied = reliability(
      hours(100, (i) => i).map((i) => pair(i < 70 ? 0 : 0.9, i < 70 ? 0 : 1)),
      { draws: 10, seed: 1 },
    );
    expect(tied.map(({ count, said, came }) => [count, Number(said.toFixed(12)), came])).toEqual([
      [70, 0, 0],
      [30, 0.9, 1],
    ]);
    expect(reliability([pair(0.2, 1)], { draws: 10, seed: 1 })).toHaveLength(1);
  });

  it('the band is that of days', () => {
    // One day in two all surges, the other none: a share of .5 that 20 days can hardly tell.
    const pairs = hours(20 * 24, (t) => t).map((t) => pair(0.5, Math.floor(t / 24) % 2, Math.floor(t / 24)));
    const [bin] = reliability(pairs, { draws: 2000, seed: 1 });
    expect(bin?.came).toBe(0.5);
    expect(bin?.low).toBeCloseTo(0.5 - 1.96 * Math.sqrt(0.25 / 20), 1);
    expect(bin?.high).toBeCloseTo(0.5 + 1.96 * Math.sqrt(0.25 / 20), 1);
  });
});

describe('episodes and warnings', () => {
  //                      0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
  const demand = [0, 0, 0, 2, 2, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0];

  it('episodes are runs above the reference of a lead time before, joined over the gap', () => {
    expect(surgeEpisodes(series(demand), 0)).toEqual([
      { first: 3, last: 4 },
      { first: 6, last: 6 },
      { first: 11, last: 11 },
    ]);
    const led = series(demand, { leadMs: HOUR });
    expect(surgeEpisodes(led)).toEqual([
      { first: 3, last: 6 },
      { first: 11, last: 11 },
    ]);
    // The reference of step 10 is what step 11 is measured against.
    expect(surgeEpisodes({ ...led, reference: demand.map((_, t) => (t === 10 ? 3 : 1)) })).toEqual([{ first: 3, last: 6 }]);
  });

  it('an alarm stands for lead, window and gap; what it says in that time and during an episode is no other', () => {
    const at = (...steps: number[]): SurgeSeries =>
      series(demand, { leadMs: HOUR, probability: demand.map((_, t) => (steps.includes(t) ? 0.9 : 0.1)) });
    const alarms = (given: SurgeSeries): unknown[] =>
      alarmsOf(given, surgeEpisodes(given), 0.5).map((alarm) => [alarm.at, alarm.foresaw?.first]);
    // It stands two steps: lead 1 and gap 1 after a window of one.
    expect(alarms(at(1))).toEqual([[1, 3]]);
    expect(alarms(at(0))).toEqual([[0, undefined]]);
    expect(alarms(at(3))).toEqual([[3, 3]]);
    expect(alarms(at(4, 5, 6, 7))).toEqual([]);
    expect(alarms(at(8))).toEqual([[8, undefined]]);
    expect(alarms(at(1, 2, 9, 10, 13, 14))).toEqual([
      [1, 3],
      [9, 11],
      [13, undefined],
    ]);
  });

  it('an alarm that never ends is many false ones', () => {
    const quiet = series(hours(168, () => 0));
    expect(alarmsOf(quiet, [], 0.5)).toHaveLength(168);
  });

  it('takes the threshold with the highest recall that keeps to the false alarms, over all pools', () => {
    // Four weeks, a surge each at noon of the first day; told three hours before with .9, .8, .7, .6; and false ones.
    const weeks = 4;
    const told = [0.9, 0.8, 0.7, 0.6];
    const surge = hours(weeks * 168, (t) => (t % 168 === 12 ? 2 : 0));
    const probability = surge.map((_, t) => {
      const week = Math.floor(t / 168);
      if (t % 168 === 9) return told[week] as number;
      // A false alarm in each week at .75, and five more at .65.
      if (t % 168 === 50) return 0.75;
      return [60, 80, 100, 120, 140].includes(t % 168) ? 0.65 : 0.01;
    });
    const pool = series(surge, { probability, leadMs: 2 * HOUR });
    expect(warningsAt([pool], 0.5)).toEqual({
      allowed: 0.5,
      falseAlarms: 0,
      threshold: 0.8,
      recall: 0.5,
      leadMinutes: { median: 180, p10: 180 },
    });
    expect(warningsAt([pool], 1)).toMatchObject({ falseAlarms: 1, threshold: 0.7, recall: 0.75 });
    expect(warningsAt([pool], 6)).toMatchObject({ falseAlarms: 6, threshold: 0.6, recall: 1 });
    // More would be allowed, and would foresee no more.
    expect(warningsAt([pool], 1000)).toMatchObject({ falseAlarms: 6, threshold: 0.6, recall: 1 });
    // A second pool that has none of either halves both.
    const calm = series(
      hours(weeks * 168, () => 0),
      { probability: hours(weeks * 168, () => 0), leadMs: 2 * HOUR },
    );
    expect(warningsAt([pool, calm], 0.5)).toMatchObject({ falseAlarms: 0.5, threshold: 0.7, recall: 0.75 });
    const never = warningsAt([{ ...pool, probability: surge.map((_, t) => (t % 168 === 50 ? 0.9 : 0)) }], 0.5);
    expect(never).toMatchObject({ threshold: Number.NaN, recall: 0, falseAlarms: 0 });
  });
});

describe('assessSurges', () => {
  it('says nothing below 30 episodes, but how many there were', () => {
    const demand = hours(29 * 24, (t) => (t % 24 === 12 ? 2 : 0));
    expect(assessSurges([series(demand)])).toEqual({
      assessable: false,
      episodes: 29,
      why: 'not assessable: 29 surge episodes, and at least 30 are needed',
    });
    expect(assessSurges([series([...demand, ...demand.slice(0, 24)])])).toMatchObject({ assessable: true, episodes: 30 });
    expect(assessSurges([series([...demand, ...demand])])).toMatchObject({ assessable: true, episodes: 58, steps: 58 * 24 });
    expect(assessSurges([series(demand), { ...series(demand), pool: 'other' }])).toMatchObject({ assessable: true, episodes: 58 });
    const silent = series([...demand, ...demand], { probability: hours(58 * 24, () => NONE) });
    expect(assessSurges([silent])).toMatchObject({ assessable: false, why: expect.stringContaining('no step') });
  });

  it('judges from a step on; what lies before teaches the references alone', () => {
    const random = new SeededRandom(8);
    const demand = hours(100 * 24, () => (random.next() < 0.2 ? 2 : 0));
    const probability = demand.map((_, t) => (t < 50 * 24 ? NONE : 0.2));
    const late = assessSurges([series(demand, { probability, judgedFrom: 50 * 24 })], { draws: 50 }) as Assessed;
    const cold = assessSurges([series(demand.slice(50 * 24), { probability: hours(50 * 24, () => 0.2) })], { draws: 50 }) as Assessed;
    expect([late.steps, late.episodes]).toEqual([cold.steps, cold.episodes]);
    expect(late.brier.value).toBeCloseTo(cold.brier.value, 12);
    expect(late.brier.climatology).toBeLessThan(cold.brier.climatology);
    expect(late.warnings.map(({ falseAlarms }) => falseAlarms)).toEqual(cold.warnings.map(({ falseAlarms }) => falseAlarms));
    // An episode that had begun before is none of the span.
    const begun = series([0, 2, 2, 0, 2], { judgedFrom: 2 });
    expect(surgeEpisodes(begun)).toEqual([{ first: 4, last: 4 }]);
  });

  it('is deterministic', () => {
    const random = new SeededRandom(2);
    const demand = hours(60 * 24, () => (random.next() < 0.1 ? 2 : 0));
    const given = series(demand, { probability: demand.map(() => random.next()) });
    expect(assessSurges([given], { draws: 100 })).toEqual(assessSurges([given], { draws: 100 }));
  });
});

describe('reactiveReference', () => {
  it('is what the reactive policy has one lead time later, by the demand before', () => {
    const pool = {
      id: 'web',
      pop: '*',
      measure: 'requests' as const,
      unitRate: 10,
      target: 0.5,
      min: 1,
      max: 100,
      leadTimeMs: 2 * MINUTE,
      price: 1,
      importance: 1,
      control: 'floor' as const,
      serves: () => true,
      importanceOf: () => 1,
    };
    const reference = reactiveReference([5, 50, 50, NONE, 5], pool, { from: MONDAY, stepMs: MINUTE, use: 0.8 });
    // Nothing before the first step; 5/s needs 1 unit, 50/s ten, which an order at the second minute has ready two later.
    expect([...reference]).toEqual([NONE, 8, 80, 80, 80]);
    expect([...reactiveReference([5, 5], pool, { from: MONDAY, stepMs: MINUTE, use: 1, last: 20 })]).toEqual([40, 40]);
  });
});

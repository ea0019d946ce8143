import type { Pool } from '@auspex/contracts';
import { makePools, parseConfig, use } from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { quantileAllocator, reactiveAllocator } from '@auspex/policies';
import { describe, expect, it } from 'vitest';
import {
  closedLoopConfig,
  type Metrics,
  nonDominated,
  type ReplayInput,
  reactiveReference,
  replay,
  reportJson,
  reportTerminal,
} from '../src/index.ts';
import { runBaseline, runSubject } from '../src/replay/run.ts';
import { auspexCandidates, type Candidate, type HpaCandidate, hpaCandidates, labelOf } from '../src/sweep/candidates.ts';
import type { SweepFigures } from '../src/sweep/figures.ts';
import { type RecordedDemand, recordedDemand } from '../src/sweep/recorded.ts';
import { simulate } from '../src/sweep/simulate.ts';
import { snippetOf } from '../src/sweep/snippet.ts';
import { suggest } from '../src/sweep/suggest.ts';
import type { Sweep, SweepPoint } from '../src/sweep/sweep.ts';
import { suggestionLines, sweepLines } from '../src/sweep/text.ts';
import { MINUTE, periodic, requests, T0, type Trace, traceConfig } from './traces.ts';

/** A noisy wave around 10 a second with a crowd now and then, in requests a minute. */
function wave(count: number, seed = 1): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const crowd = i % 97 < 12 ? 1.8 : 1;
    return Math.max(0, Math.round(600 * crowd * (1 + 0.6 * Math.sin(i / 40) + 0.1 * random.normal())));
  });
}

type Config = Parameters<typeof traceConfig>[1];

async function recorded(trace: Trace, historySteps: number, config: Config = {}, over: Partial<ReplayInput> = {}) {
  const input: ReplayInput = {
    config: traceConfig(trace, { predictors: [use(periodic, { period: 10 })], allocate: use(quantileAllocator, { price: 10 }), ...config }),
    title: 'test',
    source: 'made up',
    from: T0 + historySteps * MINUTE,
    sweep: {},
    ...over,
  };
  const { settings } = parseConfig(input.config, []);
  const pools = makePools(settings);
  const subject = await runSubject(input, pools, settings.step);
  return { input, pools, subject: subject.recording, demand: recordedDemand(subject.recording, pools, input) };
}

/** What the engine orders and has, with `allocate` as a baseline. */
async function engine(given: { input: ReplayInput; demand: RecordedDemand }, allocate: Parameters<typeof runBaseline>[1]) {
  const { recording, pools } = given.demand;
  const run = await runBaseline('x', allocate, recording, given.input, pools);
  return run.recording.pools.map(({ ordered, supply }) => ({
    ordered: [...ordered.subarray(0, recording.steps)],
    supply: [...supply.subarray(0, recording.steps)],
  }));
}
const plain = (runs: ReturnType<typeof simulate>) => runs.map(({ ordered, supply }) => ({ ordered: [...ordered], supply: [...supply] }));
const hpa = (over: Partial<HpaCandidate> = {}): HpaCandidate => ({
  kind: 'hpa',
  target: 0.6,
  stabilisationMs: 15 * MINUTE,
  min: 4,
  ...over,
});
const options = ({ target, stabilisationMs, min }: HpaCandidate) => ({ target, stabilisation: `${stabilisationMs}ms`, min, censored: 1 });

describe('simulate', () => {
  const gaps = [{ from: T0 + 200 * MINUTE, to: T0 + 207 * MINUTE }];
  const fleet = { delay: { p50: 90_000, p90: 200_000 }, failureRate: 0.1 };

  it.each([
    ['with gaps', hpa({ min: 20 }), {}, 60, {}],
    ['whose window is shorter than a step', hpa({ stabilisationMs: 1000, min: 1 }), {}, 60, {}],
    ['without any history', hpa({ target: 0.9 }), {}, 0, {}],
    [
      'with a lead time that the step does not divide',
      hpa({ target: 0.45 }),
      { pools: [{ id: 'web', unitRate: 1, leadTime: '150s', max: 30 }] },
      60,
      {},
    ],
    ['with random delays and failures', hpa(), {}, 60, { fleet }],
    ['of two pools', hpa({ target: 0.5 }), { pools: ['a', 'b'].map((id) => ({ id, groups: [id], unitRate: 1, leadTime: '3m' })) }, 60, {}],
  ] as const)('orders what the engine orders: an HPA %s', async (_name, candidate, config, history, over) => {
    const events = [...requests(wave(500)), ...requests(wave(500, 2), 'b')];
    const given = await recorded({ events, gaps, silence: 'gap' }, history, config as Config, over);
    expect(given.demand.recording.steps).toBe(500 - history);
    const expected = await engine(given, use(reactiveAllocator, options(candidate)));
    expect(plain(simulate(candidate, given.demand))).toEqual(expected);
    // Not a constant: it moved, and was held.
    expect(new Set(expected[0]?.ordered).size).toBeGreaterThan(3);
  });

  it('keeps pools inside a limit that they share, where the HPA is its plugin', async () => {
    const pools = ['a', 'b'].map((id) => ({ id, pop: 'p', groups: [id], unitRate: 1, leadTime: '3m' }));
    const events = [...requests(wave(300)), ...requests(wave(300, 2), 'b')];
    const free = await recorded({ events }, 60, { pools });
    const bound = await recorded({ events }, 60, { pools, popLimits: { p: 30 } });
    const sums = (given: RecordedDemand): number[] => {
      const [a, b] = simulate(hpa(), given);
      return [...(a?.ordered ?? [])].map((units, i) => units + (b?.ordered[i] as number));
    };
    expect(Math.max(...sums(free.demand))).toBeGreaterThan(30);
    expect(Math.max(...sums(bound.demand))).toBe(30);
  });

  it.each(['none', 'reactive'] as const)('orders what the engine orders: quantile as the subject, floor %s', async (floor) => {
    const given = await recorded({ events: requests(wave(500)), gaps, silence: 'gap' }, 60, {
      allocate: use(quantileAllocator, { price: 30, floor }),
    });
    const [own] = given.subject.pools;
    const [run] = simulate({ kind: 'auspex', price: 30, floor, target: undefined }, given.demand);
    const { steps } = given.subject;
    expect([...(run?.ordered ?? [])]).toEqual([...(own?.ordered.subarray(0, steps) ?? [])]);
    expect([...(run?.supply ?? [])]).toEqual([...(own?.supply.subarray(0, steps) ?? [])]);
    // Another price, or use, orders otherwise: the candidate's own options count.
    const cheap = simulate({ kind: 'auspex', price: 3, floor, target: undefined }, given.demand);
    expect([...(cheap[0]?.ordered ?? [])]).not.toEqual([...(run?.ordered ?? [])]);
    const other = simulate({ kind: 'auspex', price: 30, floor, target: 0.9 }, given.demand);
    expect([...(other[0]?.ordered ?? [])]).not.toEqual([...(run?.ordered ?? [])]);
  });
});

describe('what decisions say of surges', () => {
  it('is recorded with the reference of the engine, which is that of the pure function', async () => {
    const given = await recorded({ events: requests(wave(300)) }, 60);
    const [recordedPool] = given.subject.pools;
    const { surge, rate, history } = recordedPool as NonNullable<typeof recordedPool>;
    const [pool] = given.pools as [Pool];
    const rates = [...Array.from({ length: 60 }, (_, t) => history.rates.get(t - 60) as number), ...rate.subarray(0, 240)];
    const reference = reactiveReference(rates, pool, { from: T0, stepMs: MINUTE, use: pool.target });
    expect([...(surge?.reference.subarray(0, 240) ?? [])]).toEqual([...reference.subarray(60)]);
    expect(surge?.windowMs).toBe(MINUTE);
    expect(surge?.probability.subarray(0, 240).every((p) => p > 0 && p < 1)).toBe(true);
  });
});

describe('nonDominated', () => {
  it('keeps what no other beats, cheapest first; of equals one', () => {
    const points = [
      { cost: 3, overload: 1 },
      { cost: 1, overload: 5 },
      { cost: 2, overload: 5 },
      { cost: 2, overload: 2 },
      { cost: 3, overload: 1 },
      { cost: 4, overload: Number.NaN },
      { cost: 2, overload: 3 },
    ];
    expect(nonDominated(points, (point) => point)).toEqual([points[1], points[3], points[0]]);
    expect(nonDominated([], (point: never) => point)).toEqual([]);
  });
});

describe('candidates', () => {
  it('are the grid: every price with both floors, for the goal and the own target; every HPA', () => {
    expect(auspexCandidates({}, 0.85, [0.7])).toHaveLength(16);
    expect(auspexCandidates({ prices: [5] }, 0.7, [0.7, 0.7])).toEqual([
      { kind: 'auspex', price: 5, floor: 'none', target: 0.7 },
      { kind: 'auspex', price: 5, floor: 'reactive', target: 0.7 },
    ]);
    expect(hpaCandidates({})).toHaveLength(63);
    expect(labelOf(hpa())).toBe('HPA at 60 %, 15m, min 4');
    expect(labelOf({ kind: 'auspex', price: 3, floor: 'reactive', target: 0.85 })).toBe('Auspex at price 3, use 85 %, reactive floor');
    expect(labelOf({ kind: 'auspex', price: 3, floor: 'none', target: undefined })).toBe("Auspex at price 3, pools' targets");
  });

  it('are snippets that a config takes', async () => {
    const { pools } = await recorded({ events: requests(wave(30)) }, 10);
    expect(snippetOf({ kind: 'auspex', price: 10, floor: 'none', target: undefined }, pools)).toBe(
      'allocate:\n  use: quantile\n  with: { price: 10, floor: none }\n',
    );
    const named = [{ ...(pools[0] as (typeof pools)[number]), id: 'shop: #1' }];
    expect(snippetOf({ kind: 'auspex', price: 10, floor: 'reactive', target: 0.85 }, named)).toBe(
      'allocate:\n  use: quantile\n  with: { price: 10, floor: reactive }\npools:\n  - { id: "shop: #1", target: 0.85 } # and all else that it has\n',
    );
  });
});

describe('a replay with a sweep', () => {
  const grid = { prices: [3, 30], hpa: { targets: [0.5, 0.7], stabilisationMs: [5 * MINUTE], mins: [1] } };
  const input = (over: Partial<ReplayInput> = {}): ReplayInput => ({
    config: traceConfig({ events: requests(wave(400)) }, { predictors: [use(periodic, { period: 10 })] }),
    title: 'test',
    source: 'made up',
    from: T0 + 60 * MINUTE,
    sweep: grid,
    ...over,
  });

  it('has figures that are the metrics of the same policy, halves that add up, and its best marked', async () => {
    const seen: string[] = [];
    const { report } = await replay(input({ onProgress: (phase) => seen.push(phase) }));
    const { points, prices, half, goal } = report.sweep as Sweep;
    expect(points).toHaveLength(10);
    expect(goal).toBe(0.85);
    expect(half).toBe(T0 + (60 + 170) * MINUTE);
    const reactive = report.runs.find(({ name }) => name === 'reactive');
    const own = points.find(({ label }) => label === 'HPA at 70 %, 5m, min 1') as SweepPoint;
    const { unitHours, cost, overHours, shortHours, overload, longestMs } = reactive?.metrics ?? ({} as Metrics);
    expect(own.whole).toEqual({ unitHours, cost, idleHours: overHours, shortHours, overload, longestMs });
    for (const { whole, first, second } of points) {
      for (const key of ['unitHours', 'idleHours', 'shortHours'] as const) expect(first[key] + second[key]).toBeCloseTo(whole[key], 9);
    }
    const best = nonDominated(points, ({ whole }) => whole);
    expect(points.filter(({ frontier }) => frontier)).toEqual(expect.arrayContaining(best));
    expect(points.filter(({ frontier }) => frontier)).toHaveLength(best.length);
    expect(prices.map(({ price }) => price)).toEqual([3, 30]);
    for (const { price, auspex, tuned, hindsight } of prices) {
      expect(auspex.label).toBe(`Auspex at price ${price}, use 85 %`);
      expect(auspex.total).toBeCloseTo(auspex.figures.idleHours + price * auspex.figures.shortHours, 12);
      expect(hindsight.total).toBeLessThanOrEqual(tuned.total);
      const hpas = points.filter(({ candidate }) => candidate.kind === 'hpa');
      const least = Math.min(...hpas.map(({ first }) => first.idleHours + price * first.shortHours));
      const chosen = hpas.find(({ label }) => label === tuned.label) as SweepPoint;
      expect(chosen.first.idleHours + price * chosen.first.shortHours).toBe(least);
      expect(tuned.figures).toEqual(chosen.second);
    }
    expect(seen).toContain('sweep');
    expect(JSON.parse(reportJson(report)).sweep.points[0].whole.cost).toBeGreaterThan(0);
    const text = reportTerminal(report, { color: false, width: 100 });
    expect(text).toContain('Cost against overload: of 10 candidates');
    for (const line of sweepLines(report.sweep as Sweep, 100)) expect(line.length).toBeLessThanOrEqual(100);
    expect(report.suggestion).toBeUndefined();
    expect(report.surge).toMatchObject({ assessable: false, why: expect.stringContaining('at least 30 are needed') });
    expect(text).toContain('Surge probabilities: not assessable');
  });

  it('is refused in a closed loop, and a suggestion without a sweep', async () => {
    await expect(replay(input({ closedLoop: closedLoopConfig.parse({}) }))).rejects.toThrow('in a closed loop');
    const { sweep: _none, ...bare } = input({ suggest: 0.5 });
    await expect(replay(bare)).rejects.toThrow('a suggestion is taken from a sweep');
  });

  it('says that two weeks are the least', async () => {
    const { report } = await replay(input({ suggest: 0.5 }));
    expect(report.suggestion).toMatchObject({ verdict: 'not-yet', goal: 0.5 });
    expect(reportTerminal(report, { color: false, width: 100 })).toContain('too little history: 3h50m were known');
  });
});

describe('suggest', () => {
  const DAY = 24 * 60;
  /** A recording with enough history whose numbers nobody reads, and points made by hand. */
  async function world(historyDays = 20, fallback = false): Promise<RecordedDemand> {
    const { demand } = await recorded({ events: requests(wave(200)) }, 60);
    const forecasts = demand.forecasts.map((all) =>
      all.map((each) => (each && fallback ? { ...each, fallback: 'the gate is closed' } : each)),
    );
    return { ...demand, recording: { ...demand.recording, pools: demand.recording.pools, historySteps: historyDays * DAY }, forecasts };
  }
  const figures = (cost: number, overload: number): SweepFigures => ({
    unitHours: cost,
    cost,
    idleHours: 0,
    shortHours: 0,
    overload,
    longestMs: 0,
  });
  const point = (candidate: Candidate, first: SweepFigures, second: SweepFigures): SweepPoint => ({
    candidate,
    label: labelOf(candidate),
    whole: first,
    first,
    second,
    frontier: true,
  });
  const price = (each: number): Candidate => ({ kind: 'auspex', price: each, floor: 'none', target: 0.7 });
  const swept = (points: SweepPoint[], demand: RecordedDemand): Sweep => ({
    points,
    prices: [],
    goal: 0.85,
    half: demand.recording.from + 70 * MINUTE,
    notes: [],
  });

  it('takes the cheapest that keeps to the goal in the first half and in the second', async () => {
    const demand = await world();
    const points = [
      point(price(3), figures(10, 2), figures(10, 0.1)),
      point(price(10), figures(20, 0.4), figures(21, 0.5)),
      point(price(30), figures(30, 0.1), figures(31, 0.1)),
      point(hpa({ target: 0.5 }), figures(40, 0.2), figures(40, 0.3)),
      point(hpa({ target: 0.4 }), figures(50, 0), figures(50, 0)),
    ];
    const suggestion = suggest(swept(points, demand), demand, 0.5);
    expect(suggestion).toMatchObject({
      verdict: 'suggested',
      auspex: { candidate: price(10), tuned: figures(20, 0.4), heldOut: figures(21, 0.5) },
      snippet: 'allocate:\n  use: quantile\n  with: { price: 10, floor: none }\n',
      hpa: { candidate: { target: 0.5 }, meets: true },
    });
    expect(suggestion.remarks[0]).toMatch(/^The measured span has \d+ surge episodes?, fewer than the 30 /);
    const text = suggestionLines(suggestion).join('\n');
    expect(text).toContain('Suggested for at most 0.50 % of requests in overloaded steps: Auspex at price 10');
    expect(text).toContain('    with: { price: 10, floor: none }');
    expect(text).toContain('HPA at 50 %, 15m, min 4, chosen in the same way, held out: 0.30 % overload');
  });

  it('names the HPA where that is cheaper, or the only one that keeps to the goal', async () => {
    const demand = await world();
    const cheap = point(hpa(), figures(15, 0.2), figures(15, 0.3));
    const cheaper = suggest(swept([point(price(10), figures(20, 0.4), figures(21, 0.4)), cheap], demand), demand);
    expect(cheaper).toMatchObject({
      verdict: 'hpa',
      why: 'HPA at 60 %, 15m, min 4 kept to the goal too, and costs less: 15.0 against 21.0',
    });
    const alone = suggest(swept([point(price(10), figures(10, 0.4), figures(10, 0.6)), cheap], demand), demand);
    expect(alone).toMatchObject({ verdict: 'hpa', why: 'no candidate of Auspex kept to the goal, and HPA at 60 %, 15m, min 4 did' });
    expect(suggestionLines(alone).join('\n')).toContain('the HPA is the better choice here');
    // One that keeps to the goal only where it was chosen is no reason.
    const lucky = point(hpa(), figures(15, 0.2), figures(15, 0.9));
    const own = suggest(swept([point(price(10), figures(20, 0.4), figures(21, 0.4)), lucky], demand), demand);
    expect(own).toMatchObject({ verdict: 'suggested', hpa: { meets: false } });
    expect(suggestionLines(own).join('\n')).toContain('which misses the goal');
  });

  it('says what stands in the way', async () => {
    const good = point(price(10), figures(20, 0.4), figures(21, 0.4));
    const short = await world(13);
    expect(suggest(swept([good], short), short)).toMatchObject({
      verdict: 'not-yet',
      reasons: [expect.stringContaining('too little history')],
    });
    const enough = await world(14);
    expect(suggest(swept([good], enough), enough)).toMatchObject({ verdict: 'suggested', hpa: undefined });
    const gated = await world(20, true);
    expect(suggest(swept([good], gated), gated)).toMatchObject({
      verdict: 'not-yet',
      reasons: ['forecasts of web are gated: a fallback stood in for 100 % of the held-out steps (the gate is closed)'],
    });
    const missed = suggest(swept([point(price(10), figures(20, 0.4), figures(21, 0.6))], enough), enough);
    expect(missed).toMatchObject({
      verdict: 'not-yet',
      reasons: [expect.stringMatching(/first half \(0\.40 %\) and had 0\.60 % in the second$/)],
    });
    const hindsight = suggest(
      swept([point(price(10), figures(20, 0.4), figures(21, 0.6)), point(price(30), figures(30, 0.3), figures(31, 0.2))], enough),
      enough,
    );
    expect(hindsight).toMatchObject({
      reasons: [
        expect.stringMatching(/ in the second; with hindsight Auspex at price 30, use 70 % kept to it in both, at a cost of 31\.0$/),
      ],
    });
    const none = suggest(
      swept([point(price(10), figures(20, 0.9), figures(21, 0.1)), point(price(3), figures(9, 2), figures(9, 0.1))], enough),
      enough,
    );
    expect(none).toMatchObject({
      reasons: ['no candidate meets the goal of 0.50 % in the first half; the nearest is Auspex at price 10, use 70 % with 0.90 %'],
    });
    expect(suggestionLines(none).join('\n')).toContain('No HPA of the grid kept to the goal');
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demandUnits, elasticity, figure, forecastMetrics, METRICS, metrics, type Served, service } from '../src/index.ts';

interface Golden {
  goal: number;
  cases: {
    name: string;
    delay: number;
    c: number;
    rate: number[];
    demand: number[];
    supply: number[];
    ordered: number[];
    metrics: Record<string, number>;
  }[];
}
const read = (text: string): Golden => JSON.parse(text) as Golden;
const golden = read(readFileSync(new URL('./golden/metrics.json', import.meta.url), 'utf8'));

/** Rates of the reference simulator are a minute: a step of a minute of "seconds" would be wrong, so both are turned into seconds. */
function compare({ goal }: Golden, kase: Golden['cases'][number]): void {
  const rate = kase.rate.map((perMinute) => perMinute / 60);
  const size = { unitRate: kase.c / 60, target: goal };
  const demand = demandUnits(rate, size);
  expect([...demand]).toEqual(kase.demand);
  const ours = metrics({ rate, demand, supply: kase.supply, ordered: kase.ordered, stepMs: 60_000, unitRate: size.unitRate, price: 2 });
  for (const name of ['thetaU', 'thetaO', 'tauU', 'tauO', 'nu', 'overload', 'lost'] as const) {
    expect(Math.abs(ours[name] - (kase.metrics[name] as number)), name).toBeLessThan(1e-9);
  }
  expect(ours.longestSteps).toBe(kase.metrics['longest']);
  expect(ours.longestMs).toBe(ours.longestSteps * 60_000);
  expect(ours.unitHours).toBeCloseTo(kase.metrics['hours'] as number, 9);
  expect(ours.cost).toBeCloseTo(2 * (kase.metrics['hours'] as number), 9);
}

const scoring = fileURLToPath(new URL('../../../../shared/scoring', import.meta.url));
const python = process.env['AUSPEX_PYTHON'] ?? 'python3';
const why = !existsSync(`${scoring}/autoscale_sim.py`)
  ? `${scoring} is not here`
  : spawnSync(python, ['-c', 'import numpy, pandas']).status === 0
    ? ''
    : `${python} with numpy and pandas is not here (set AUSPEX_PYTHON)`;
if (why !== '') process.stderr.write(`metrics are compared with the golden values only: ${why}\n`);

describe('metrics against the reference simulator', () => {
  it.each(golden.cases)('golden: $name, delay $delay', (kase) => compare(golden, kase));

  it.skipIf(why !== '')('live, another seed', () => {
    const script = fileURLToPath(new URL('./golden/metrics.py', import.meta.url));
    const { stdout, stderr, status } = spawnSync(python, [script, scoring, '99'], { encoding: 'utf8', maxBuffer: 1e8 });
    expect(status, stderr).toBe(0);
    const live = read(stdout);
    for (const kase of live.cases) compare(live, kase);
  });
});

const served = (over: Partial<Served> & Pick<Served, 'rate' | 'supply'>): Served => {
  const demand = demandUnits(over.rate, { unitRate: 10, target: 0.5 });
  return { demand, ordered: over.supply, stepMs: 300_000, unitRate: 10, price: 3, ...over };
};

describe('service and elasticity', () => {
  it('works at any step length', () => {
    const m = service(served({ rate: [10, 30, 30, 10], supply: [2, 2, 6, 2] }));
    expect(m).toMatchObject({ longestSteps: 1, longestMs: 300_000, overHours: 0 });
    expect(m.overload).toBeCloseTo((100 * 30) / 80, 12);
    expect(m.lost).toBeCloseTo((100 * 10) / 80, 12);
    expect(m.unitHours).toBeCloseTo(1, 12);
    expect(m.cost).toBeCloseTo(3, 12);
    expect(m.shortHours).toBeCloseTo(4 / 12, 12);
  });

  it('leaves out steps of which nothing is known, and ends an overload there', () => {
    const rate = [10, Number.NaN, 30, 30];
    const m = metrics(served({ rate, supply: [1, 9, 1, 1] }));
    expect(m.longestSteps).toBe(2);
    expect(m.tauU).toBe(100);
    expect(m.overHours).toBe(0);
    expect(m.unitHours).toBe(1);
  });

  it('says NaN of nothing, never 0 %', () => {
    const none = metrics(served({ rate: [], supply: [] }));
    for (const name of ['thetaU', 'tauO', 'nu', 'overload', 'lost'] as const) expect(none[name]).toBeNaN();
    expect(none.unitHours).toBe(0);
  });

  it('laws: shares in 0..100, exact supply scores 0, more supply never more overload; a pool twice is the pool once', () => {
    const rates = fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(rates, fc.nat(40), fc.nat(20), (rate, units, more) => {
        const supply = rate.map(() => units);
        const low = metrics(served({ rate, supply }));
        const high = metrics(served({ rate, supply: supply.map((count) => count + more) }));
        for (const m of [low, high]) {
          for (const name of ['tauU', 'tauO', 'nu', 'thetaU'] as const) {
            expect(m[name]).toBeGreaterThanOrEqual(0);
            expect(m[name]).toBeLessThanOrEqual(100);
          }
          expect(m.tauU + m.tauO).toBeLessThanOrEqual(100 + 1e-9);
        }
        expect(high.tauU).toBeLessThanOrEqual(low.tauU);
        expect(high.shortHours).toBeLessThanOrEqual(low.shortHours);
        const exact = served({ rate, supply: demandUnits(rate, { unitRate: 10, target: 0.5 }) });
        expect(elasticity(exact)).toEqual({ thetaU: 0, thetaO: 0, tauU: 0, tauO: 0, nu: 0 });
        const twice = metrics(served({ rate, supply }), served({ rate, supply }));
        expect(twice.thetaO).toBeCloseTo(low.thetaO, 9);
        expect(twice.nu).toBeCloseTo(low.nu, 9);
        expect(twice.unitHours).toBeCloseTo(2 * low.unitHours, 9);
      }),
    );
  });

  it('lists every metric once, with words', () => {
    const measured = Object.keys(metrics(served({ rate: [10], supply: [2] }))).sort();
    expect(METRICS.map((entry) => entry.key as string).sort()).toEqual(measured);
    for (const entry of METRICS) expect(entry.format(Number.NaN)).toBe('-');
    expect(figure(1_234_567.891, 2)).toBe('1,234,567.89');
    expect(figure(-1234, 0)).toBe('-1,234');
  });
});

describe('forecast metrics', () => {
  const levels = [0.1, 0.5, 0.9];

  it('has the values of the definitions', () => {
    const m = forecastMetrics({ actual: [10, 20, 30, 40], quantiles: [8, 10, 12, 18, 22, 26, 25, 26, 27, 30, 40, 50], levels, season: 2 });
    expect(m.coverage80).toBe(75);
    expect(m.wape).toBeCloseTo((100 * 6) / 100, 12);
    expect(m.mase).toBeCloseTo(1.5 / 20, 12);
    const loss = 0.1 * (2 + 2 + 5 + 10) + 0.5 * (0 + 2 + 4 + 0) + (0.1 * (2 + 6 + 10) + 0.9 * 3);
    expect(m.wql).toBeCloseTo((2 * loss) / 3 / 100, 12);
    expect(m.steps).toBe(4);
  });

  it('leaves out what is not known, and is NaN of nothing', () => {
    const gap = forecastMetrics({ actual: [Number.NaN, 10], quantiles: [1, 1, 1, 10, 10, 10], levels, season: 1 });
    expect(gap).toMatchObject({ wql: 0, coverage80: 100, wape: 0, steps: 1 });
    expect(gap.mase).toBeNaN();
    expect(forecastMetrics({ actual: [], quantiles: [], season: 1 }).wql).toBeNaN();
    expect(() => forecastMetrics({ actual: [], quantiles: [], levels: [0.5], season: 1 })).toThrow('levels must hold 0.1');
  });
});

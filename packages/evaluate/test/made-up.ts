import { Fleet } from '@auspex/actuators';
import type { BehaviorProfile, Pool } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { type ReactiveState, reactiveConfig, recommend } from '@auspex/policies';
import {
  demandUnits,
  forecastMetrics,
  metrics,
  oraclePlan,
  type PolicyRun,
  type PoolTrace,
  type ReplayReport,
  type Served,
} from '../src/index.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 1, 2);

export interface MadeUp {
  readonly steps?: number;
  readonly pools?: readonly string[];
  readonly policies?: readonly string[];
  readonly seed?: number;
}

interface World {
  readonly pool: Pool;
  readonly rate: Float64Array;
  readonly demand: Float64Array;
  readonly fan: { low: Float64Array; median: Float64Array; high: Float64Array };
  readonly probability: Float64Array;
  readonly censored: Uint8Array;
}

/** A report of a made-up but realistic week: daily waves, noise, announced and unannounced surges. Same seed, same report. */
export function madeUp(input: MadeUp = {}): ReplayReport {
  const steps = input.steps ?? 2880;
  const names = input.pools ?? ['checkout', 'search'];
  const policies = input.policies ?? ['auspex', 'reactive', 'static-peak', 'oracle'];
  const worlds = names.map((name, i) => world(name, i, steps, new SeededRandom(`${input.seed ?? 1}/${name}`)));
  const runs = policies.map((name) => run(name, worlds));
  const first = worlds[0] as World;
  const quantiles = Float64Array.from(
    { length: steps * 3 },
    (_, i) => [first.fan.low, first.fan.median, first.fan.high][i % 3]?.[Math.floor(i / 3)] as number,
  );
  return {
    title: 'Web shop, first week of February',
    source: 'made up for tests: access.log (<script>alert(1)</script>)',
    generatedFrom: {
      configHash: '9f3a77c1',
      seed: 1,
      steps,
      stepMs: MINUTE,
      trainUntil: START,
      from: START,
      to: START + steps * MINUTE,
      zone: 'Europe/Berlin',
      groups: 3,
      pools: names.length,
    },
    runs,
    forecast: forecastMetrics({ actual: first.rate, quantiles, levels: [0.1, 0.5, 0.9], season: 1440 }),
    frontier: [
      ...runs.map(({ name, label, metrics: m }) => ({ policy: name, label, overload: m.overload, cost: m.cost })),
      ...[0.6, 0.5].map((target) => {
        const { metrics: m } = run('reactive', worlds, target);
        return { policy: 'reactive', label: `HPA ${target * 100} %`, overload: m.overload, cost: m.cost };
      }),
    ],
    notes: [
      'Demand is what the trace offered; the fleet did not turn anybody away.',
      'Units take 10 minutes to start; removals act at once.',
      'All numbers of this report are made up.',
    ],
    profiles: ['gold', 'free <trial>', 'partners'].map(profile),
  };
}

function world(name: string, index: number, steps: number, random: SeededRandom): World {
  const rate = new Float64Array(steps);
  const probability = new Float64Array(steps);
  const fan = { low: new Float64Array(steps), median: new Float64Array(steps), high: new Float64Array(steps) };
  const surges = Array.from({ length: Math.ceil(steps / 700) }, () => ({
    at: random.below(steps),
    size: 0.4 + random.next(),
    length: 30 + random.below(90),
  }));
  for (let t = 0; t < steps; t++) {
    const day = 1 - 0.75 * Math.cos((2 * Math.PI * (t - 180)) / 1440);
    const lift = surges.reduce((sum, { at, size, length }) => sum + size * Math.exp(-(((t - at) / length) ** 2)), 0);
    const level = 40 * (index + 1) * day * (1 + lift);
    rate[t] = Math.max(0, level * (1 + 0.07 * random.normal()));
    const median = t < 30 ? Number.NaN : level * (1 + 0.04 * Math.sin(t / 37));
    fan.median[t] = median;
    fan.low[t] = median * 0.89;
    fan.high[t] = median * 1.11;
    probability[t] = Math.min(1, lift);
  }
  const pool: Pool = {
    id: name,
    pop: index % 2 === 0 ? 'FRA' : 'ATL',
    measure: 'requests',
    unitRate: 5,
    target: 0.7,
    min: 2,
    max: 200,
    leadTimeMs: 10 * MINUTE,
    price: 0.12,
    importance: 1,
    control: 'full',
    serves: () => true,
    importanceOf: () => 1,
  };
  const censored = new Uint8Array(steps);
  censored.fill(1, Math.floor(steps * 0.4), Math.floor(steps * 0.4) + 40);
  return { pool, rate, demand: demandUnits(rate, pool), fan, probability, censored };
}

const LABELS: Readonly<Record<string, string>> = { auspex: 'Auspex', reactive: 'HPA 70 %', 'static-peak': 'Static peak', oracle: 'Oracle' };

function run(name: string, worlds: readonly World[], target = 0.7): PolicyRun {
  const served = worlds.map((w): Served & { trace: PoolTrace } => {
    const { ordered, supply } = plan(name, w, target);
    const steps = Float64Array.from({ length: w.rate.length }, (_, t) => START + t * MINUTE);
    const base = { pool: w.pool.id, pop: w.pool.pop, stepMs: MINUTE, steps, rate: w.rate, demand: w.demand, supply, ordered };
    const trace: PoolTrace = name === 'auspex' ? { ...base, fan: w.fan, probability: w.probability, censored: w.censored } : base;
    return { trace, rate: w.rate, demand: w.demand, supply, ordered, stepMs: MINUTE, unitRate: w.pool.unitRate, price: w.pool.price };
  });
  return {
    name,
    label: LABELS[name] ?? name,
    pools: served.map((entry) => entry.trace),
    metrics: metrics(...served),
    byPool: Object.fromEntries(served.map((entry) => [entry.trace.pool, metrics(entry)])),
  };
}

function plan(name: string, w: World, target: number): { ordered: Float64Array; supply: Float64Array } {
  if (name === 'oracle') {
    const { orders, supply } = oraclePlan({ demand: w.demand, leadSteps: 10, min: w.pool.min, max: w.pool.max });
    return { ordered: orders, supply };
  }
  const fleet = new Fleet({ initial: w.demand[0] as number, delay: w.pool.leadTimeMs }, new SeededRandom(1));
  const state: ReactiveState = new Map();
  const options = reactiveConfig.parse({ target });
  const peak = w.demand.reduce((max, units) => Math.max(max, units), 0);
  const ordered = new Float64Array(w.rate.length);
  const supply = w.rate.map((_, t) => {
    const at = START + t * MINUTE;
    const view = {
      pool: w.pool,
      units: fleet.ordered,
      ready: fleet.ready(at),
      actual: w.rate[Math.max(0, t - 1)] as number,
      truth: 'observed' as const,
      forecast: { series: '', origin: at, stepMs: MINUTE, horizon: [1], quantiles: new Float64Array(8), by: '' },
      paths: () => {
        throw new Error('the reactive rule reads no paths');
      },
      groups: [],
    };
    const reactive = recommend(state, view, at, options).units;
    const ahead = Math.max(...Array.from(w.fan.high.subarray(t, t + 12)).filter(Number.isFinite), 0);
    const foreseen = Math.max(reactive, Math.ceil(ahead / (w.pool.target * w.pool.unitRate)));
    fleet.order(at, name === 'static-peak' ? peak : name === 'auspex' ? foreseen : reactive);
    ordered[t] = fleet.ordered;
    return fleet.ready(at);
  });
  return { ordered, supply };
}

function profile(group: string, index: number): BehaviorProfile {
  const weekly = Array.from({ length: 168 }, (_, hour) => {
    const day = Math.floor(hour / 24);
    const wave = 1 - Math.cos((2 * Math.PI * ((hour % 24) - 3 + index * 2)) / 24);
    return 60 * (index + 1) * wave * (day > 4 ? 0.4 + 0.5 * index : 1);
  });
  const perMinute = weekly.reduce((sum, value) => sum + value, 0) / 168;
  return {
    group,
    zone: ['Europe/Berlin', 'America/New_York', 'UTC'][index] as string,
    measure: 'requests',
    steps: 10_080,
    lastStep: START,
    perMinute,
    perHour: perMinute * 60,
    weekly,
    peaks: index === 2 ? [] : [{ day: 1, hour: 15 - index * 2, perMinute: Math.max(...weekly) }],
    resources: [],
    features: [],
    countries: [],
    accessLevels: [],
    users: { today: 120, usualDay: 150 },
    pops: [],
    correlated: [],
    sensitivity: 1,
  };
}

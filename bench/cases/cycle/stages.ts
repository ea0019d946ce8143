import {
  type AllocateInput,
  type Allocator,
  type AssessInput,
  type Assessor,
  type Forecast,
  type ForecastRequest,
  LEVELS,
  type Observation,
  type Pool,
  type Prediction,
  type Predictor,
  type Profiler,
  type SeriesInfo,
  type Surge,
} from '../../../packages/contracts/src/index.ts';
import { Mixer, type SeriesState } from '../../../packages/core/src/forecasting/mixer.ts';
import { attributeTaps } from '../../../packages/core/src/hooks/attribute.ts';
import { createHooks, type EngineHooks, isTapped } from '../../../packages/core/src/hooks/hooks.ts';
import { TapLedger } from '../../../packages/core/src/hooks/ledger.ts';
import { plug } from '../../../packages/core/src/hooks/plug.ts';
import { MemoryMeter, silentLogger } from '../../../packages/core/src/index.ts';
import { AllocateStage } from '../../../packages/core/src/stages/allocate.ts';
import { AssessStage } from '../../../packages/core/src/stages/assess.ts';
import { Failures } from '../../../packages/core/src/stages/failures.ts';
import { PredictStage } from '../../../packages/core/src/stages/predict.ts';
import { ProfileStage } from '../../../packages/core/src/stages/profile.ts';
import { emptyUsage } from '../../../packages/core/src/usage/accumulate.ts';

/** One array for all, as the series of a pool share it. */
const HORIZON = [1, 2, 3, 4, 5, 6, 7];
const SURGE = { score: 0, probability: 0, expected: 1, actual: 1, deviation: 0, eventImpact: 0 };

const USAGE = emptyUsage(0, 'bench', '');

/* Plugins that do nothing but answer, so that what is measured is the way to them and back. */

const profiler: Profiler<{ steps: number }> = {
  begin: () => ({ steps: 0 }),
  fold: (state) => {
    state.steps++;
    return state;
  },
  expected: () => 1,
  sensitivity: () => 1,
  profile: () => ({}) as never,
  encode: () => new Uint8Array(0),
  decode: () => ({ steps: 0 }),
};
const quantiles = new Float64Array(HORIZON.length * LEVELS.length).fill(1);
const predictor: Predictor<{ last: number }> = {
  begin: () => ({ last: 0 }),
  observe: (state, { value }) => {
    state.last = value;
    return state;
  },
  forecast: (): Prediction => ({ quantiles }),
  encode: () => new Uint8Array(0),
  decode: () => ({ last: 0 }),
};
const assessor: Assessor = {
  assess: ({ group, pop }): Surge => ({ group, pop, ...SURGE, contributions: [{ of: 'deviation', amount: 0, text: '' }] }),
};
const allocator: Allocator = {
  begin: () => ({}),
  allocate: (_, { pools }) =>
    pools.map(({ pool }) => ({ pool: pool.id, units: 1, tier: 'none', reasons: [{ by: 'bench', units: 1, text: 'one' }] })),
  encode: () => new Uint8Array(0),
  decode: () => ({}),
};

export interface Bench {
  readonly names: readonly string[];
  readonly pool: Pool;
  readonly hooks: EngineHooks;
  readonly wrapped: {
    readonly profile: ProfileStage;
    readonly predict: PredictStage;
    readonly assess: AssessStage;
    readonly allocate: AllocateStage;
    readonly series: readonly SeriesState[];
  };
  readonly bare: { readonly mixer: Mixer; readonly states: { steps: number }[]; readonly series: readonly SeriesState[] };
}

export function makeBench(groups: number, taps: boolean): Bench {
  const names = Array.from({ length: groups }, (_, index) => `group-${index}`);
  const failures = new Failures({}, silentLogger, new MemoryMeter());
  const hooks = createHooks();
  attributeTaps(hooks, failures, new TapLedger(), 1_000);
  if (taps) {
    plug(hooks, 'watcher', { forecast: () => undefined, decided: () => undefined, receipt: () => undefined, decision: () => undefined });
  }
  const infos = names.map(
    (name): SeriesInfo => ({ id: name, scope: 'group', name, pop: '*', measure: 'requests', zone: 'UTC', stepMs: 60_000 }),
  );
  const slots = [{ name: 'none', predictor: predictor as Predictor, batch: false, for: 'all' as const }];
  const profile = new ProfileStage('none', profiler as Profiler, failures);
  const predict = new PredictStage(slots, failures, 1_000, new AbortController().signal);
  for (const name of names) profile.begin({ id: name, zone: 'UTC', stepMs: 60_000 });
  const mixer = new Mixer(['none']);
  const pool: Pool = {
    id: 'web',
    pop: '*',
    measure: 'requests',
    unitRate: 1,
    target: 0.7,
    min: 1,
    max: 100,
    leadTimeMs: 300_000,
    price: 1,
    importance: 1,
    control: 'floor',
    serves: () => true,
    importanceOf: () => 1,
  };
  return {
    names,
    pool,
    hooks,
    wrapped: {
      profile,
      predict,
      assess: new AssessStage('none', assessor, failures),
      allocate: new AllocateStage('none', allocator, failures),
      series: infos.map((info) => predict.begin(info, HORIZON)),
    },
    bare: {
      mixer,
      states: names.map(() => ({ steps: 0 })),
      series: infos.map((info) => mixer.begin(info, HORIZON, [{ last: 0 }])),
    },
  };
}

const observation = (step: number, index: number): Observation => ({ step, value: 1 + ((step / 60_000 + index) % 7), truth: 'observed' });

function question(group: string, at: number, expected: number | undefined, sensitivity: number): AssessInput {
  return { group, pop: '*', at, expected, actual: 1, events: [], sensitivity, quiet: 0.1 };
}

function allocation(pool: Pool, step: number, groups: AllocateInput['pools'][number]['groups'], forecast: Forecast): AllocateInput {
  const paths = (): never => {
    throw new Error('the policy of this case reads no paths');
  };
  const view = { pool, units: 1, ready: 1, actual: 1, truth: 'observed' as const, forecast, paths, groups };
  return { step, stepMs: 60_000, pools: [view], popLimits: {} };
}

/** One step through the stage runners. */
export async function wrappedStep({ names, pool, hooks, wrapped }: Bench, step: number): Promise<void> {
  const { profile, predict, assess, allocate, series } = wrapped;
  const at = step + 60_000;
  for (const name of names) profile.fold(name, { step, truth: 'observed', usage: [USAGE] });
  for (let index = 0; index < series.length; index++) predict.observe(series[index] as SeriesState, observation(step, index));
  const forecasts = await predict.forecast(series, at);
  for (const forecast of forecasts) if (isTapped(hooks.forecast)) hooks.forecast.call(forecast);
  const groups = names.map((name) => {
    const expectedAtLead = profile.expected(name, at + 300_000) ?? 0;
    const surge = assess.assess(question(name, at, profile.expected(name, step), profile.sensitivity(name)));
    return { surge, expectedAtLead };
  });
  const [forecast] = forecasts as [Forecast];
  allocate.allocate(allocation(pool, at, groups, forecast));
}

/** The same step, calling the plugins directly. */
export function bareStep({ names, pool, bare }: Bench, step: number): void {
  const { mixer, states, series } = bare;
  const at = step + 60_000;
  for (let index = 0; index < names.length; index++)
    states[index] = profiler.fold(states[index] as { steps: number }, { step, truth: 'observed', usage: [USAGE] });
  for (let index = 0; index < series.length; index++) {
    const each = series[index] as SeriesState;
    const seen = observation(step, index);
    mixer.observe(each, seen);
    each.members[0] = predictor.observe(each.members[0] as { last: number }, seen);
  }
  const forecasts = series.map((each) => {
    const request: ForecastRequest = { origin: at, horizon: each.horizon, levels: LEVELS };
    return mixer.mix(each, [predictor.forecast(each.members[0] as { last: number }, request) as Prediction], at);
  });
  const groups = names.map((name, index) => {
    const state = states[index] as { steps: number };
    const expectedAtLead = profiler.expected(state, at + 300_000) ?? 0;
    const surge = assessor.assess(question(name, at, profiler.expected(state, step), profiler.sensitivity(state)));
    return { surge, expectedAtLead };
  });
  allocator.allocate({}, allocation(pool, at, groups, forecasts[0] as Forecast));
}

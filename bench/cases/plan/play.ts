import type { Forecast, Pool, SeriesInfo } from '../../../packages/contracts/src/index.ts';
import { horizonGrid } from '../../../packages/core/src/forecasting/grid.ts';
import { preset } from '../../../packages/preset/src/index.ts';
import { beginForecasting, type Predictors } from '../forecast/replay.ts';
import type { Trace } from './traces.ts';

export const MINUTE = 60_000;
/** A Monday: the traces do not say which day they begin on. */
const START = Date.UTC(2024, 0, 1);

/** The beginning of one minute of a trace. */
export interface Minute {
  /** Epoch ms, and minutes since the replay began; negative = history. */
  readonly at: number;
  readonly t: number;
  /** Made of the rates before it. */
  readonly forecast: Forecast;
  /** Quantiles of a predictor that tells regimes apart, alone; undefined = there is none. */
  readonly regime: { readonly by: string; readonly quantiles: ArrayLike<number> } | undefined;
  /** Rate a second of the minute before; undefined before the first. */
  readonly before: number | undefined;
}

/** The predictors of a pool in the preset, or those named. */
function predictors(names: readonly string[] | undefined): Predictors {
  const known = (preset({ sources: [], pools: [] }).predictors ?? []).filter((use) => use.for !== 'groups');
  if (!names) return known;
  return names.map((name) => known.find(({ use }) => (typeof use === 'string' ? use : use.id) === name) ?? { use: name }) as Predictors;
}

/**
 * Plays a trace minute by minute through the engine's forecasting, which is told of each minute after it was asked for it.
 *
 * @param names predictors; undefined = those of a pool in the preset
 * @param folder where trainings are kept; undefined = nowhere
 */
export async function play(
  trace: Trace,
  names: readonly string[] | undefined,
  folder: string | undefined,
  told: (minute: Minute) => void,
): Promise<void> {
  const { rates, history } = trace;
  const horizon = horizonGrid(trace.delay + 2);
  const kept = folder === undefined ? undefined : { folder, spent: () => undefined };
  const { stage, training } = beginForecasting(predictors(names), MINUTE, kept);
  const info = infoOf(trace);
  const series = stage.begin(info, horizon);
  const start = START - history * MINUTE;
  training.firstStep = start;
  for (let i = 0; i < rates.length; i++) {
    const at = start + i * MINUTE;
    const before = i > 0 ? (rates[i - 1] as number) / 60 : undefined;
    if (before !== undefined) {
      const observation = { step: at - MINUTE, value: before, truth: 'observed' as const };
      stage.observe(series, observation);
      training.history?.push(info, observation);
      if (training.isDue(at)) {
        training.begin(at, false);
        await training.finished();
      }
      for (const trained of training.settle(at)) if (trained.error !== undefined) throw trained.error;
    }
    const [forecast] = await stage.forecast([series], at);
    if (forecast) told({ at, t: i - history, forecast, regime: stage.regime(series, at), before });
  }
}

/** The series of a trace. */
export function infoOf({ delay }: Trace): SeriesInfo {
  const ahead = horizonGrid(delay + 2).at(-1) as number;
  return { id: 'pool:plan', scope: 'pool', name: 'plan', pop: '*', measure: 'requests', zone: 'UTC', stepMs: MINUTE, ahead };
}

/** The fleet of a trace. */
export function poolOf({ capacity, share, min, max, delay }: Trace): Pool {
  return {
    id: 'plan',
    pop: '*',
    measure: 'requests',
    unitRate: capacity / 60,
    target: share,
    min,
    max,
    leadTimeMs: delay * MINUTE,
    price: 1,
    importance: 1,
    control: 'full',
    serves: () => true,
    importanceOf: () => 1,
  };
}

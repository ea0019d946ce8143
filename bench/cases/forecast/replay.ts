import {
  type Forecast,
  LEVELS,
  type Plugin,
  type Predictor,
  type SamplePaths,
  type SeriesInfo,
} from '../../../packages/contracts/src/index.ts';
import { Training } from '../../../packages/core/src/cycle/training.ts';
import { MemoryMeter, silentLogger } from '../../../packages/core/src/defaults/logger.ts';
import { parseConfig, use } from '../../../packages/core/src/index.ts';
import { Failures } from '../../../packages/core/src/stages/failures.ts';
import { PredictStage } from '../../../packages/core/src/stages/predict.ts';
import { standaloneContext } from '../../../packages/core/src/wiring/standalone.ts';
import { normalQuantile, SeededRandom } from '../../../packages/numerics/src/index.ts';
import { catalogue, memory, preset, synthetic } from '../../../packages/preset/src/index.ts';
import type { EvalSeries } from './set.ts';
import { keepWeights } from './weights.ts';

/** Steps ahead that are scored. */
const AHEAD = Array.from({ length: 24 }, (_, i) => i + 1);

export type Predictors = NonNullable<ReturnType<typeof preset>['predictors']>;

/** Where trainings are kept, and who is told what a kept one took. */
export interface Weights {
  readonly folder: string;
  readonly spent: (cpuMs: number) => void;
}

/** CPU milliseconds of a replay, and the part of them that training took. */
export interface Cost {
  steps: number;
  cpuMs: number;
  trainingMs: number;
}

const { signal } = new AbortController();

/** The engine's forecasting by itself: the stage, and the training of its predictors. Default predictors: the preset's. */
export function beginForecasting(
  predictors: Predictors | undefined,
  stepMs: number,
  weights?: Weights,
): { readonly stage: PredictStage; readonly training: Training } {
  const input = { sources: [use(synthetic)], pools: [{ id: 'series', unitRate: 1 }], store: use(memory), step: '1m' as const };
  const { predictors: used, settings } = parseConfig(
    preset({ ...input, ...(predictors ? { predictors } : {}) }),
    catalogue as readonly Plugin[],
  );
  const failures = new Failures({ predict: 'fail' }, silentLogger, new MemoryMeter());
  const make = (each: (typeof used)[number]): Predictor => {
    const random = new SeededRandom(`${settings.seed}/${each.plugin.id}`);
    const predictor = each.plugin.create(each.options as never, standaloneContext({ signal, random })) as Predictor;
    if (!weights || !each.plugin.capabilities.trains) return predictor;
    return keepWeights(predictor, `${each.plugin.id} ${JSON.stringify(each.options)}`, weights.folder, weights.spent);
  };
  const slots = used.map((each, k) => ({
    name: `${each.plugin.id}#${k}`,
    predictor: make(each),
    batch: each.plugin.capabilities.batch,
    regimes: each.plugin.capabilities.regimes ?? false,
    trains: each.plugin.capabilities.trains,
    for: each.for,
  }));
  const stage = new PredictStage(slots, failures, Number.POSITIVE_INFINITY, signal, settings);
  const trainable = slots.filter(({ trains }) => trains);
  const training = new Training(trainable, { ...settings, step: stepMs }, undefined, failures, Number.POSITIVE_INFINITY);
  return { stage, training };
}

/**
 * Replays one series through the engine's own forecasting: the predictors of a config, mixed and corrected as the cycle does it. Each
 * step is learnt after the forecast from its beginning was made; nothing after an origin has been seen by it.
 *
 * @param predictors as a config gives them; default the preset's, as a pool's total gets them
 * @param told gets each wanted origin's forecast, in the series' own unit a step, and what draws sample paths of it
 * @param weights folder of trainings that need not be made again
 */
export async function replay(
  series: EvalSeries,
  predictors: Predictors | undefined,
  cost: Cost,
  told: (origin: number, forecast: Forecast, paths: () => SamplePaths) => void,
  weights?: string,
): Promise<void> {
  const spent = (cpuMs: number): void => {
    cost.trainingMs += cpuMs;
    cost.cpuMs += cpuMs;
  };
  const { stage, training } = beginForecasting(predictors, series.stepMs, weights === undefined ? undefined : { folder: weights, spent });
  const info: SeriesInfo = {
    id: `pool:${series.name}`,
    scope: 'pool',
    name: series.name,
    pop: '',
    measure: 'requests',
    zone: 'UTC',
    stepMs: series.stepMs,
    ahead: AHEAD.length,
  };
  const state = stage.begin(info, AHEAD);
  const seconds = series.stepMs / 1_000;
  const wanted = new Set(series.origins);
  const last = Math.max(...series.origins);
  training.firstStep = series.start;
  const begin = process.cpuUsage();
  for (let origin = 0; origin <= last; origin++) {
    const at = series.start + origin * series.stepMs;
    if (origin > 0) {
      const step = at - series.stepMs;
      const observation = { step, value: (series.values[origin - 1] as number) / seconds, truth: 'observed' as const };
      stage.observe(state, observation);
      training.history?.push(info, observation);
      if (training.isDue(at)) {
        const before = process.cpuUsage();
        training.begin(at, false);
        await training.finished();
        const { user, system } = process.cpuUsage(before);
        cost.trainingMs += (user + system) / 1_000;
      }
      // Into service at the step that the engine would declare.
      for (const trained of training.settle(at)) if (trained.error !== undefined) throw trained.error;
    }
    const [forecast] = await stage.forecast([state], at);
    if (!wanted.has(origin) || forecast === undefined) continue;
    const own = { ...forecast, quantiles: forecast.quantiles.map((rate) => rate * seconds) };
    told(origin, own, () => stage.paths(state, own));
  }
  const { user, system } = process.cpuUsage(begin);
  cost.steps += last + 1;
  cost.cpuMs += (user + system) / 1_000;
}

const SCORES = LEVELS.map(normalQuantile);

/** The quantile at `level` of row `row`: linear between LEVELS, over the normal scores of the levels. */
export function quantileAt({ quantiles }: Forecast, row: number, level: number): number {
  const at = (column: number): number => quantiles[row * LEVELS.length + column] as number;
  const exact = LEVELS.findIndex((each) => Math.abs(each - level) < 1e-9);
  if (exact >= 0) return at(exact);
  const above = LEVELS.findIndex((each) => each > level);
  const [low, high] = [SCORES[above - 1] as number, SCORES[above] as number];
  return at(above - 1) + ((normalQuantile(level) - low) / (high - low)) * (at(above) - at(above - 1));
}

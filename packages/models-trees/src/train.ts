import { type SeededRandom, zone } from '@auspex/numerics';
import { binInputs } from './boost/bins.ts';
import { fitQuantile } from './boost/fit.ts';
import type { TreesOptions } from './config.ts';
import { INPUTS, originInputs, type Scale, targetInputs } from './features.ts';
import { addStep, beginHistory } from './history.ts';
import { LEVELS, type SeriesModel } from './model.ts';
import type { PackedSeries } from './packed.ts';

/** Share of the mean rate that is the offset of logarithms: small, since a quiet minute is news. */
const OFFSET_SHARE = 0.02;
/** Where steps are long, `fewestSteps` of them are more than a store keeps: three weeks do, which hold each hour of the week three times. */
const ENOUGH_MS = 21 * 86_400_000;
/** Observed steps below which no time is enough: trees of several leaves need rows. */
const LEAST_STEPS = 1_000;
/** Most rows that one origin gives, each at another distance. */
const MOST_DISTANCES = 2;

interface Rows {
  readonly inputs: Float32Array;
  /** Log rate of the target relative to the last hour's mean. */
  readonly targets: Float64Array;
}

/**
 * Fits one series: each origin of its history gives rows at distances drawn by chance, so that one model answers for any distance.
 *
 * @returns undefined = too little was observed
 */
export function trainSeries(series: PackedSeries, options: TreesOptions, random: SeededRandom): SeriesModel | undefined {
  const { values, truths, stepMs, id } = series;
  let [sum, observed] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (truths[i] !== 1) continue;
    sum += values[i] as number;
    observed++;
  }
  const fewest = fewestSteps(options, stepMs);
  if (observed < fewest || !(sum > 0)) return undefined;
  const scale: Scale = { offset: (OFFSET_SHARE * sum) / observed };
  const { inputs, targets } = drawRows(series, scale, options.maxRows, random.fork('rows'));
  if (targets.length < Math.min(fewest, options.maxRows) / 2) return undefined;
  const binned = binInputs(inputs, INPUTS);
  const boosting = { trees: options.trees, leaves: options.leaves, rate: options.learningRate };
  const quantiles = LEVELS.map((level) => fitQuantile(binned, inputs, targets, level, boosting, random.fork(`level ${level}`)));
  return { id, stepMs, ahead: series.ahead, scale, quantiles };
}

/** Observed steps that a training needs: `fewestSteps`, or what three weeks hold where that is less, but then no less than `LEAST_STEPS`. */
export function fewestSteps(options: Pick<TreesOptions, 'fewestSteps'>, stepMs: number): number {
  return Math.min(options.fewestSteps, Math.max(LEAST_STEPS, Math.floor(ENOUGH_MS / stepMs)));
}

function drawRows(series: PackedSeries, scale: Scale, maxRows: number, random: SeededRandom): Rows {
  const { steps, values, truths, stepMs, ahead } = series;
  const history = beginHistory(stepMs);
  const byStep = new Map<number, number>();
  for (let i = 0; i < steps.length; i++) if (truths[i] === 1) byStep.set(Math.round((steps[i] as number) / stepMs), i);
  zone(series.zone);
  const distances = Math.min(MOST_DISTANCES, Math.max(1, Math.ceil(maxRows / Math.max(1, byStep.size))));
  // Origins are passed over by chance where there are more of them than rows are wanted.
  const share = Math.min(1, maxRows / (distances * Math.max(1, byStep.size)));
  const inputs = new Float32Array(maxRows * INPUTS);
  const targets = new Float64Array(maxRows);
  let rows = 0;
  for (let i = 0; i < steps.length; i++) {
    const truth = truths[i] === 1 ? 'observed' : truths[i] === 2 ? 'censored' : 'missing';
    addStep(history, { step: steps[i] as number, value: values[i] as number, truth });
    if (truth !== 'observed' || random.next() >= share) continue;
    for (let k = 0; k < distances && rows < maxRows; k++) {
      const distance = 1 + random.below(ahead);
      const target = byStep.get(history.last + distance);
      if (target === undefined) continue;
      const at = rows * INPUTS;
      const reference = originInputs(history, history.last, series.zone, scale, inputs, at);
      if (Number.isNaN(reference)) continue;
      targetInputs(history, history.last, distance, reference, series.zone, scale, inputs, at);
      targets[rows] = Math.log((values[target] as number) + scale.offset) - reference;
      rows++;
    }
  }
  return { inputs: inputs.subarray(0, rows * INPUTS), targets: targets.subarray(0, rows) };
}

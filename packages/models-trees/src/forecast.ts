import { type ForecastRequest, NOT_READY, type NotReady, type Prediction } from '@auspex/contracts';
import { normalQuantile } from '@auspex/numerics';
import { quantileOf } from './boost/fit.ts';
import { INPUTS, originInputs, targetInputs } from './features.ts';
import { boundAt, lastKnown } from './history.ts';
import { LEVELS, type SeriesModel } from './model.ts';
import type { TreesState } from './state.ts';

/** Steps since the last known one that are answered whatever was trained. */
const FAR = 240;
const SCORES = LEVELS.map(normalQuantile);
/** One row of inputs, written anew for each question. */
const row = new Float32Array(INPUTS);

/** Quantiles for the horizon. After a gap distances count from the last known step; beyond what was trained the furthest answers. */
export function forecast(state: TreesState, model: SeriesModel | undefined, request: ForecastRequest): Prediction | NotReady {
  const { history, zone } = state;
  if (!model || Number.isNaN(history.last) || model.stepMs !== history.stepMs) return NOT_READY;
  const { horizon, levels, origin } = request;
  const last = lastKnown(history);
  const behind = Math.round(origin / history.stepMs) - 1 - last;
  // After a long gap the recent values say nothing any more: that is left to models of longer distances.
  if (behind > Math.max(FAR, 4 * model.ahead)) return NOT_READY;
  const reference = originInputs(history, last, zone, model.scale, row, 0);
  if (Number.isNaN(reference)) return NOT_READY;
  const quantiles = new Float64Array(horizon.length * levels.length);
  const places = levels.map(placeOf);
  for (let r = 0; r < horizon.length; r++) {
    const ahead = (horizon[r] as number) + behind;
    targetInputs(history, last, ahead, reference, zone, model.scale, row, 0);
    row[INPUTS - 1] = Math.min(ahead, model.ahead);
    const rates = ratesAt(model, reference);
    let least = boundAt(history, last + ahead);
    for (let c = 0; c < levels.length; c++) {
      const [index, share] = places[c] as readonly [number, number];
      const low = rates[index] as number;
      least = Math.max(least, low + share * ((rates[index + 1] as number) - low));
      quantiles[r * levels.length + c] = least;
    }
  }
  return { quantiles };
}

/** Rates at the fitted levels, rising. */
function ratesAt({ quantiles, scale }: SeriesModel, reference: number): Float64Array {
  const logs = Float64Array.from(quantiles, (ensemble) => quantileOf(ensemble, row, 0));
  // Fitted one by one they may cross: sorted, each level is as good or better (Chernozhukov et al. 2010).
  return logs.sort().map((log) => Math.max(0, Math.exp(log + reference) - scale.offset));
}

/** Index of the fitted level below, and the share of the way to the next, in normal scores; the ends go on along their line. */
function placeOf(level: number): readonly [index: number, share: number] {
  const score = normalQuantile(level);
  let index = 0;
  while (index < SCORES.length - 2 && (SCORES[index + 1] as number) <= score) index++;
  const [low, high] = [SCORES[index] as number, SCORES[index + 1] as number];
  return [index, (score - low) / (high - low)];
}

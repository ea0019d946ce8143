import { LEVELS } from '@auspex/contracts';
import { pinball } from '@auspex/numerics';

/** Half-life of past losses, in outcomes. */
const HALF_LIFE = 300;
const KEEP = 0.5 ** (1 / HALF_LIFE);
/** Learning rate on relative losses: a member 10 % worse over one half-life keeps about a fifth of the weight. */
const ETA = 0.04;

/** Longest horizon of each band but the last, steps: what is best for the next step need not be for the next hours. */
const BANDS = [1, 4, 12] as const;
/** Bands of horizons that have weights of their own. */
export const BAND_COUNT = BANDS.length + 1;
/** How much of what a pool has learnt about its predictors a new series of it begins with. */
const PRIOR_SHARE = 0.1;

/** The band of a horizon of `ahead` steps. */
export function bandOf(ahead: number): number {
  const band = BANDS.findIndex((last) => ahead <= last);
  return band < 0 ? BANDS.length : band;
}

/**
 * Weights of one series' predictors by their past pinball loss: exponentially weighted aggregation with forgetting
 * (Cesa-Bianchi & Lugosi 2006, ch. 2; sleeping experts as in Freund et al. 1997), for each band of horizons by itself. A
 * predictor that has not answered yet takes the average loss: it starts with an even share.
 */
export interface Ensemble {
  /** Discounted relative loss, row-major [band x predictor], predictors in the order of the config. */
  readonly loss: Float64Array;
}

/** @param like a series whose predictors are likely to do as well here, such as the total of the pool */
export function beginEnsemble(members: number, like?: Ensemble): Ensemble {
  return { loss: like ? like.loss.map((loss) => PRIOR_SHARE * loss) : new Float64Array(BAND_COUNT * members) };
}

/** Mean pinball loss of one row over LEVELS. */
export function rowLoss(quantiles: ArrayLike<number>, at: number, y: number): number {
  let sum = 0;
  for (let column = 0; column < LEVELS.length; column++) sum += pinball(y, quantiles[at + column] as number, LEVELS[column] as number);
  return sum / LEVELS.length;
}

/** Learns from one outcome: `losses` = each predictor's loss in this band, NaN where it gave no forecast. */
export function learnWeights(state: Ensemble, band: number, losses: ArrayLike<number>, from = 0, members = losses.length): void {
  let sum = 0;
  let awake = 0;
  for (let k = 0; k < members; k++) {
    const loss = losses[from + k] as number;
    if (Number.isNaN(loss)) continue;
    sum += loss;
    awake++;
  }
  if (awake === 0 || sum === 0) return;
  const mean = sum / awake;
  for (let k = 0; k < members; k++) {
    const loss = losses[from + k] as number;
    const at = band * members + k;
    state.loss[at] = KEEP * (state.loss[at] as number) + (Number.isNaN(loss) ? 1 : loss / mean);
  }
}

/** What a predictor said, as far as mixing needs it. */
interface Answer {
  readonly quantiles: Float64Array;
}

/** The weights of those who answer in a band of horizons, summing to 1; 0 for the rest. */
export function weights(state: Ensemble, band: number, answers: readonly (Answer | undefined)[]): Float64Array {
  const result = new Float64Array(answers.length);
  const first = band * answers.length;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < result.length; k++) {
    if (answers[k] !== undefined && (state.loss[first + k] as number) < least) least = state.loss[first + k] as number;
  }
  let sum = 0;
  for (let k = 0; k < result.length; k++) {
    if (answers[k] === undefined) continue;
    result[k] = Math.exp(-ETA * ((state.loss[first + k] as number) - least));
    sum += result[k] as number;
  }
  for (let k = 0; k < result.length; k++) result[k] = (result[k] as number) / sum;
  return result;
}

/**
 * Weighted mean of quantiles (Vincentisation): rows stay in order.
 * @param bands the band of each row of the horizon
 * @param byBand weights of each band that occurs
 */
export function combine(
  answers: readonly (Answer | undefined)[],
  bands: readonly number[],
  byBand: readonly (Float64Array | undefined)[],
): Float64Array {
  const columns = LEVELS.length;
  const combined = new Float64Array(bands.length * columns);
  for (let k = 0; k < answers.length; k++) {
    const quantiles = answers[k]?.quantiles;
    if (quantiles === undefined) continue;
    for (let row = 0; row < bands.length; row++) {
      const w = byBand[bands[row] as number]?.[k] as number;
      if (w === 0) continue;
      for (let i = row * columns; i < (row + 1) * columns; i++) combined[i] = (combined[i] as number) + w * (quantiles[i] as number);
    }
  }
  return combined;
}

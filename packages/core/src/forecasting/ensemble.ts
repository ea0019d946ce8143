import { LEVELS } from '@auspex/contracts';
import { pinball } from '@auspex/numerics';

/** Half-life of past losses, in outcomes. */
const HALF_LIFE = 300;
const KEEP = 0.5 ** (1 / HALF_LIFE);
/** Learning rate on relative losses: a member 10 % worse over one half-life keeps about a fifth of the weight. */
const ETA = 0.04;

/**
 * Weights of one series' predictors by their past pinball loss: exponentially weighted aggregation with forgetting
 * (Cesa-Bianchi & Lugosi 2006, ch. 2; sleeping experts as in Freund et al. 1997). One loss a predictor over all horizon rows
 * and levels. A predictor that has not answered yet takes the average loss: it starts with an even share.
 */
export interface Ensemble {
  /** Discounted relative loss by predictor, in the order of the config. */
  readonly loss: Float64Array;
}

export function beginEnsemble(members: number): Ensemble {
  return { loss: new Float64Array(members) };
}

/** Mean pinball loss of one row over LEVELS. */
export function rowLoss(quantiles: ArrayLike<number>, at: number, y: number): number {
  let sum = 0;
  for (let column = 0; column < LEVELS.length; column++) sum += pinball(y, quantiles[at + column] as number, LEVELS[column] as number);
  return sum / LEVELS.length;
}

/** Learns from one outcome: `losses[k]` = predictor k's loss, NaN where it gave no forecast. */
export function learnWeights(state: Ensemble, losses: Float64Array): void {
  let sum = 0;
  let awake = 0;
  for (const loss of losses) {
    if (Number.isNaN(loss)) continue;
    sum += loss;
    awake++;
  }
  if (awake === 0 || sum === 0) return;
  const mean = sum / awake;
  for (let k = 0; k < losses.length; k++) {
    const loss = losses[k] as number;
    state.loss[k] = KEEP * (state.loss[k] as number) + (Number.isNaN(loss) ? 1 : loss / mean);
  }
}

/** What a predictor said, as far as mixing needs it. */
interface Answer {
  readonly quantiles: Float64Array;
}

/** The weights of those who answer, summing to 1; 0 for the rest. */
export function weights(state: Ensemble, answers: readonly (Answer | undefined)[]): Float64Array {
  const result = new Float64Array(state.loss.length);
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < result.length; k++) {
    if (answers[k] !== undefined && (state.loss[k] as number) < least) least = state.loss[k] as number;
  }
  let sum = 0;
  for (let k = 0; k < result.length; k++) {
    if (answers[k] === undefined) continue;
    result[k] = Math.exp(-ETA * ((state.loss[k] as number) - least));
    sum += result[k] as number;
  }
  for (let k = 0; k < result.length; k++) result[k] = (result[k] as number) / sum;
  return result;
}

/** Weighted mean of quantiles (Vincentisation): rows stay in order. */
export function combine(answers: readonly (Answer | undefined)[], weight: Float64Array, length: number): Float64Array {
  const combined = new Float64Array(length);
  for (let k = 0; k < weight.length; k++) {
    const quantiles = answers[k]?.quantiles;
    const w = weight[k] as number;
    if (quantiles === undefined || w === 0) continue;
    for (let i = 0; i < length; i++) combined[i] = (combined[i] as number) + w * (quantiles[i] as number);
  }
  return combined;
}

import { normalCdf } from '@auspex/numerics';
import { CDF, REACH, STEPS } from './cdf-table.ts';

const ROUNDS = 48;
/** Share of the tail within which one more step of Newton's lands close enough: its error falls with the square. */
const NEAR = 0.05;
const NEAREST = 1e-3;
const LAST_PLACE = 2 * REACH * STEPS;

/** A mixture of K normals, ready for many questions: change it only through `setComponent`. */
export interface Mixture {
  /** [K], sum to 1. */
  readonly weights: Float64Array;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  /** x in the cdf's table is at x scales + shifts: kept so that no question divides. */
  readonly scales: Float64Array;
  readonly shifts: Float64Array;
}

/** A mixture of `states` standard normals that weigh nothing yet. */
export function beginMixture(states: number): Mixture {
  const mixture = {
    weights: new Float64Array(states),
    means: new Float64Array(states),
    deviations: new Float64Array(states),
    scales: new Float64Array(states),
    shifts: new Float64Array(states),
  };
  for (let k = 0; k < states; k++) setComponent(mixture, k, 0, 0, 1);
  return mixture;
}

/** @param deviation above 0 */
export function setComponent(mixture: Mixture, k: number, weight: number, mean: number, deviation: number): void {
  const scale = STEPS / deviation;
  mixture.weights[k] = weight;
  mixture.means[k] = mean;
  mixture.deviations[k] = deviation;
  mixture.scales[k] = scale;
  mixture.shifts[k] = REACH * STEPS - mean * scale;
}

/**
 * The quantile at level `p`, whose standard normal quantile is `z`; its probability is within 5e-5 of `p`.
 *
 * It lies between the least and the greatest quantile of the components, so the search is bracketed from the start; inside
 * the bracket it is Newton's, with halving where a step would leave it (the cdf of far components is almost a staircase).
 *
 * @param guess where to begin, such as the answer to a like question; anything outside the bracket means its middle
 */
export function mixtureQuantile(mixture: Mixture, p: number, z: number, guess = Number.NaN): number {
  const { weights, means, deviations, scales, shifts } = mixture;
  const states = weights.length;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < states; k++) {
    // What weighs nothing must not widen the search.
    if ((weights[k] as number) < 1e-9) continue;
    const quantile = (means[k] as number) + z * (deviations[k] as number);
    if (quantile < low) low = quantile;
    if (quantile > high) high = quantile;
  }
  const near = Math.min(NEAREST, NEAR * Math.min(p, 1 - p));
  let x = guess > low && guess < high ? guess : 0.5 * (low + high);
  for (let round = 0; round < ROUNDS && high - low > 1e-7; round++) {
    let off = -p;
    let density = 0;
    for (let k = 0; k < states; k++) {
      const weight = weights[k] as number;
      const place = x * (scales[k] as number) + (shifts[k] as number);
      if (place <= 0) continue;
      if (place >= LAST_PLACE) {
        off += weight;
        continue;
      }
      // The table is read here, not through a call, for its value and its slope at once.
      const index = place | 0;
      const value = CDF[index] as number;
      const rise = weight * ((CDF[index + 1] as number) - value);
      off += weight * value + rise * (place - index);
      density += rise * (scales[k] as number);
    }
    if (off < 0) low = x;
    else high = x;
    const next = x - off / density;
    const inside = next > low && next < high;
    // Also halved when the density is 0 and the step no number.
    x = inside ? next : 0.5 * (low + high);
    if (inside && off < near && off > -near) break;
  }
  return x;
}

/** P(X <= x) of the mixture. */
export function mixtureCdf({ weights, means, deviations }: Mixture, x: number): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    sum += (weights[k] as number) * normalCdf((x - (means[k] as number)) / (deviations[k] as number));
  }
  return sum;
}

import type { Expectation } from './expect.ts';
import type { Parameters } from './parameters.ts';
import type { Sequence } from './sequence.ts';

/** Expected visits below which a state says nothing about its parameters; they stay. */
const LEAST = 1e-8;

/**
 * The M-step of Baum-Welch, in place (Rabiner 1989, equations 40 and 53 to 54, diagonal).
 *
 * A variance that would fall below its floor is set to it. The expected log-likelihood has one peak in each variance, so
 * the floor is the best value allowed, and the likelihood still never falls; a prior would not promise that.
 *
 * @param floors smallest variance in each dimension, [D]
 */
export function maximise(parameters: Parameters, sequence: Sequence, expectation: Expectation, floors: Float64Array): void {
  const { states, dimensions, start, transition } = parameters;
  start.set(expectation.start);
  for (let i = 0; i < states; i++) {
    let left = 0;
    for (let j = 0; j < states; j++) left += expectation.moves[i * states + j] as number;
    if (left < LEAST) continue;
    for (let j = 0; j < states; j++) transition[i * states + j] = (expectation.moves[i * states + j] as number) / left;
  }
  for (let k = 0; k < states; k++) {
    for (let d = 0; d < dimensions; d++) maximiseDensity(parameters, sequence, expectation.posteriors, k, d, floors[d] as number);
  }
}

function maximiseDensity(parameters: Parameters, sequence: Sequence, gamma: Float64Array, k: number, d: number, floor: number): void {
  const { states, dimensions, means, variances } = parameters;
  const { values } = sequence;
  const m = k * dimensions + d;
  // Deviations from the old mean, so that values far from 0 lose no digits.
  const old = means[m] as number;
  let weight = 0;
  let first = 0;
  let second = 0;
  for (let g = k, v = d; v < values.length; g += states, v += dimensions) {
    const x = values[v] as number;
    if (Number.isNaN(x)) continue;
    const share = gamma[g] as number;
    const off = x - old;
    weight += share;
    first += share * off;
    second += share * off * off;
  }
  if (weight < LEAST) return;
  const shift = first / weight;
  means[m] = old + shift;
  variances[m] = Math.max(floor, second / weight - shift * shift);
}

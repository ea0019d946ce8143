import type { Random } from '@auspex/contracts';
import type { Priors } from '../priors.ts';
import type { Emission } from './emission.ts';

/** Expected visits below which a state says nothing about its parameters; they stay. */
export const LEAST_VISITS = 1e-8;

/** log b_k(x) of an emission, with what depends on the parameters alone worked out beforehand. */
export interface Densities {
  /** Must be called after the parameters were changed in place. */
  refresh(): void;
  /**
   * The log densities of one observation in all states. -Infinity = it cannot come from that state.
   *
   * @param at index of the observation's first value
   * @param out [.. K] from `to` on
   */
  log(values: Float64Array, at: number, out: Float64Array, to: number): void;
}

/** The part of Baum-Welch that belongs to an emission. It changes the emission that it was made for in place. */
export interface Trainer {
  /** Sums over time, weighted with the posterior, from which `maximise` takes the parameters. Of state k: a block of equal length. */
  readonly statistics: Float64Array;
  /** Forgets what was accumulated. Before each E-step. */
  reset(): void;
  /**
   * @param values [.. x D], of which the `rows` from row `from` on
   * @param gamma their posteriors, [rows x K] from index `at` on
   */
  accumulate(values: Float64Array, from: number, rows: number, gamma: Float64Array, at: number): void;
  /** The M-step. */
  maximise(): void;
}

/** What a trainer must know beside the emission. */
export interface TrainerSettings {
  /** All that will be accumulated, where the statistics depend on it. */
  readonly values: Float64Array;
  readonly priors: Priors;
  /** Least variance in each dimension, [D]; 0 = none. */
  readonly floors: Float64Array;
  /** See `FitOptions`. */
  readonly variancesAround?: 'new-means' | 'old-means';
}

/** What a family of emissions must provide. */
export interface Family<E extends Emission> {
  /** @throws RangeError that names the part */
  check(emission: E, states: number): void;
  copy(emission: E): E;
  /** States in another order: new state k is old state order[k]. */
  reorder(emission: E, order: readonly number[]): E;
  densities(emission: E, states: number): Densities;
  trainer(emission: E, states: number, settings: TrainerSettings): Trainer;
  /** Numbers that a fit is free to choose. */
  freeParameters(emission: E, states: number): number;
  /** Draws one observation of a state into `out` from `at` on. */
  draw(emission: E, state: number, random: Random, out: Float64Array, at: number): void;
}

/**
 * What is believed of a chain before it sees data: Baum-Welch then climbs to the mode of the posterior rather than of the likelihood.
 * Names and formulas are hmmlearn's; a field that the family has no use for is ignored. Arrays may be shorter than the shape that is named and
 * are repeated.
 */
export interface Priors {
  /** Dirichlet concentration of the start probabilities, [K]. Default 1: none. */
  readonly start?: number | Float64Array;
  /** Dirichlet concentration of the transition rows, [K x K]. Default 1. Forbidden transitions stay forbidden. */
  readonly transition?: number | Float64Array;
  /** Mean of the normal prior of each mean, [D] or [K x D]. Default 0. */
  readonly means?: number | Float64Array;
  /** Observations that the prior of the means is worth. Default 0. */
  readonly meansWeight?: number;
  /**
   * Squares added to those of each state: a number stands on the diagonal, an array is [D], for `gaussian-full` [D x D]. Default 0.
   * hmmlearn's default is 0.01, in every place of a full matrix.
   */
  readonly covariances?: number | Float64Array;
  /** Observations that they are worth: those above 1 (above D for `gaussian-full`) are added to the count. Default 1. */
  readonly covariancesWeight?: number;
  /** Poisson: events that were seen before, [D] or [K x D]. Default 0. */
  readonly rates?: number | Float64Array;
  /** Poisson: steps in which they were seen. Default 0. */
  readonly ratesWeight?: number;
  /** Categorical: Dirichlet concentration of the symbols, [S] or [K x S]. Default 1. */
  readonly probabilities?: number | Float64Array;
  /** Gaussian mixture: Dirichlet concentration of the weights, [M] or [K x M]. Default 1. */
  readonly weights?: number | Float64Array;
}

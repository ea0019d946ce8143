/**
 * What each state gives out. The discriminant is `family`; K = states, D = dimensions of an observation. NaN in an observation = not
 * observed: it has likelihood 1 in every state, and where only some dimensions are NaN the others count.
 */
export type Emission =
  | GaussianEmission
  | FullGaussianEmission
  | PoissonEmission
  | NegativeBinomialEmission
  | CategoricalEmission
  | GaussianMixtureEmission;

export type EmissionFamily = Emission['family'];

/** Normal, dimensions independent within a state. */
export interface GaussianEmission {
  readonly family: 'gaussian';
  /** D. */
  readonly dimensions: number;
  /** mu, row-major [K x D], in the unit of the observations. */
  readonly means: Float64Array;
  /** sigma squared, row-major [K x D], all above 0. */
  readonly variances: Float64Array;
}

/** Normal with a covariance matrix of its own for each state. */
export interface FullGaussianEmission {
  readonly family: 'gaussian-full';
  /** D. */
  readonly dimensions: number;
  /** [K x D]. */
  readonly means: Float64Array;
  /** [K x D x D], each symmetric and positive definite. */
  readonly covariances: Float64Array;
}

/** Counts whose variance is their mean; dimensions independent within a state. */
export interface PoissonEmission {
  readonly family: 'poisson';
  /** D. */
  readonly dimensions: number;
  /** lambda, events a step, [K x D], all above 0. */
  readonly rates: Float64Array;
}

/** Counts that vary more than a Poisson's: variance = mean + mean^2 / size. Dimensions independent within a state. */
export interface NegativeBinomialEmission {
  readonly family: 'negative-binomial';
  /** D. */
  readonly dimensions: number;
  /** Events a step, [K x D], all above 0. */
  readonly means: Float64Array;
  /** Size (1 / dispersion), [K x D], all above 0; at infinity the family is Poisson's. */
  readonly sizes: Float64Array;
}

/** One of `symbols` symbols, written 0 .. symbols - 1. */
export interface CategoricalEmission {
  readonly family: 'categorical';
  readonly dimensions: 1;
  /** S. */
  readonly symbols: number;
  /** [K x S], every row sums to 1. */
  readonly probabilities: Float64Array;
}

/** A mixture of normals in each state, dimensions independent within a component. */
export interface GaussianMixtureEmission {
  readonly family: 'gaussian-mixture';
  /** D. */
  readonly dimensions: number;
  /** M, normals in each state. */
  readonly components: number;
  /** [K x M], every row sums to 1. */
  readonly weights: Float64Array;
  /** [K x M x D]. */
  readonly means: Float64Array;
  /** [K x M x D], all above 0. */
  readonly variances: Float64Array;
}

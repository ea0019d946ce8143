export { aic, bic, freeParameters, logLikelihood } from './criteria.ts';
export { type RegimeOptions, regimeConfig } from './detector/config.ts';
export { regime } from './detector/plugin.ts';
export type { RegimeState } from './detector/state.ts';
export type { Durations, NegativeBinomialDurations, PoissonDurations, TableDurations } from './durations/durations.ts';
export type {
  CategoricalEmission,
  Emission,
  EmissionFamily,
  FullGaussianEmission,
  GaussianEmission,
  GaussianMixtureEmission,
  NegativeBinomialEmission,
  PoissonEmission,
} from './emissions/emission.ts';
export { Filter } from './filter.ts';
export { type Fit, type FitOptions, fit } from './fit.ts';
export { type Forward, forward } from './forward.ts';
export type { DurationChoice, EmissionChoice } from './initialise.ts';
export { checkModel, copyModel, type Model, reorderStates } from './model.ts';
export { OnlineEm, type OnlineOptions } from './online.ts';
export { posteriors } from './posteriors.ts';
export { type HmmRegimeOptions, hmmRegimeConfig } from './predictor/config.ts';
export { type Regime, type RegimeBelief, regimeOf } from './predictor/names.ts';
export { regimePaths } from './predictor/paths.ts';
export { hmmRegime } from './predictor/plugin.ts';
export { predictiveLogLikelihood } from './predictor/score.ts';
export type { HmmRegimeState } from './predictor/state.ts';
export { surgeProbability } from './predictor/surge.ts';
export type { Priors } from './priors.ts';
export { type Sample, sample } from './sample.ts';
export type { Sequence } from './sequence.ts';
export { decodeModel, encodeModel } from './snapshot.ts';
export { leftRight, type Topology } from './topology.ts';
export { type Path, viterbi } from './viterbi.ts';

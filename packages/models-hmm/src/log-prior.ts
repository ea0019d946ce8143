import { broadcast } from './arrays.ts';
import type { Emission } from './emissions/emission.ts';
import type { Model } from './model.ts';
import type { Priors } from './priors.ts';

/**
 * Log density of a model's parameters under the priors, up to a constant: what EM with priors never lowers is the log-likelihood plus this. Places at 0 are
 * forbidden and say nothing.
 *
 * @returns undefined where it is not known: priors of the emission that are not of `gaussian`, `poisson` or `categorical`, and concentrations below 1
 */
export function logPrior({ start, transition, emission }: Model, priors: Priors): number | undefined {
  const chain = sum(dirichlet(start, priors.start), dirichlet(transition, priors.transition));
  return sum(chain, emissionPrior(emission, priors));
}

const sum = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a + b);

function dirichlet(probabilities: Float64Array, prior: number | Float64Array = 1): number | undefined {
  const concentration = broadcast('the prior', prior, probabilities.length);
  let log = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const weight = (concentration[i] as number) - 1;
    if (weight < 0) return undefined;
    const probability = probabilities[i] as number;
    if (weight > 0 && probability > 0) log += weight * Math.log(probability);
  }
  return log;
}

function emissionPrior(emission: Emission, priors: Priors): number | undefined {
  if (emission.family === 'categorical') return dirichlet(emission.probabilities, priors.probabilities);
  if (emission.family === 'poisson') {
    const { rates } = emission;
    const events = broadcast('the prior of rates', priors.rates ?? 0, rates.length);
    const weight = priors.ratesWeight ?? 0;
    return rates.reduce((log, rate, m) => log + (events[m] as number) * Math.log(rate) - weight * rate, 0);
  }
  if (emission.family === 'negative-binomial') return 0;
  const { means, meansWeight = 0, covariances = 0, covariancesWeight = 1, weights } = priors;
  const isPlain = meansWeight === 0 && covariances === 0 && covariancesWeight <= 1;
  if (emission.family !== 'gaussian') return isPlain && (emission.family === 'gaussian-full' || weights === undefined) ? 0 : undefined;
  const believed = broadcast('the prior of means', means ?? 0, emission.means.length);
  const squares = broadcast('the prior of covariances', covariances, emission.means.length);
  const count = Math.max(covariancesWeight - 1, 0);
  return emission.means.reduce((log, mean, m) => {
    const variance = emission.variances[m] as number;
    const square = (squares[m] as number) + meansWeight * (mean - (believed[m] as number)) ** 2;
    return log - 0.5 * (count * Math.log(variance) + square / variance);
  }, 0);
}

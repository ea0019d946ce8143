import { broadcast, checkFinite, checkPositive, reorderRows } from '../arrays.ts';
import { drawNormal } from '../draw.ts';
import type { GaussianEmission } from './emission.ts';
import { type Densities, type Family, LEAST_VISITS, type Trainer, type TrainerSettings } from './family.ts';

const LOG_2_PI = Math.log(2 * Math.PI);

/** Normal emissions of diagonal covariance (Rabiner 1989, equations 53 and 54). */
export const gaussianFamily: Family<GaussianEmission> = {
  check({ means, variances, dimensions }, states) {
    checkFinite('means', means, states * dimensions);
    checkPositive('variances', variances, states * dimensions);
  },
  copy: (emission) => ({ ...emission, means: emission.means.slice(), variances: emission.variances.slice() }),
  reorder: (emission, order) => ({
    ...emission,
    means: reorderRows(emission.means, emission.dimensions, order),
    variances: reorderRows(emission.variances, emission.dimensions, order),
  }),
  densities,
  trainer,
  freeParameters: ({ dimensions }, states) => 2 * states * dimensions,
  draw({ dimensions, means, variances }, state, random, out, at) {
    for (let d = 0, m = state * dimensions; d < dimensions; d++, m++)
      out[at + d] = (means[m] as number) + Math.sqrt(variances[m] as number) * drawNormal(random);
  },
};

function densities({ means, variances, dimensions }: GaussianEmission, states: number): Densities {
  const heights = new Float64Array(means.length);
  const widths = new Float64Array(means.length);
  const refresh = (): void => {
    for (let m = 0; m < means.length; m++) {
      const variance = variances[m] as number;
      heights[m] = -0.5 * (LOG_2_PI + Math.log(variance));
      widths[m] = -0.5 / variance;
    }
  };
  refresh();
  return {
    refresh,
    log(values, at, out, to) {
      for (let k = 0, m = 0; k < states; k++) {
        let log = 0;
        for (let d = 0; d < dimensions; d++, m++) {
          const off = (values[at + d] as number) - (means[m] as number);
          // A dimension that was not observed says nothing.
          if (!Number.isNaN(off)) log += (heights[m] as number) + (widths[m] as number) * off * off;
        }
        out[to + k] = log;
      }
    },
  };
}

/**
 * Statistics of each mean: visits, and the sums of deviations and of their squares from a reference. The reference is the mean before the step, so
 * that values far from 0 lose no digits.
 *
 * A variance that would fall below its floor is set to it. The expected log-likelihood has one peak in each variance, so the floor is the best value
 * allowed and the likelihood still never falls.
 */
export function trainer(
  { means, variances, dimensions }: Pick<GaussianEmission, 'means' | 'variances' | 'dimensions'>,
  states: number,
  { priors, floors, variancesAround = 'new-means' }: Pick<TrainerSettings, 'priors' | 'floors' | 'variancesAround'>,
): Trainer {
  const statistics = new Float64Array(3 * means.length);
  const reference = means.slice();
  const priorMeans = broadcast('the prior of means', priors.means ?? 0, means.length);
  const meansWeight = priors.meansWeight ?? 0;
  const squares = broadcast('the prior of covariances', priors.covariances ?? 0, means.length);
  const squaresWeight = Math.max((priors.covariancesWeight ?? 1) - 1, 0);
  return {
    statistics,
    reset() {
      statistics.fill(0);
      reference.set(means);
    },
    accumulate(values, from, rows, gamma, first) {
      for (let t = 0, g = first, at = from * dimensions; t < rows; t++, at += dimensions) {
        for (let k = 0, m = 0; k < states; k++, g++) {
          const share = gamma[g] as number;
          for (let d = 0; d < dimensions; d++, m++) {
            const off = (values[at + d] as number) - (reference[m] as number);
            if (Number.isNaN(off)) continue;
            const s = 3 * m;
            statistics[s] = (statistics[s] as number) + share;
            statistics[s + 1] = (statistics[s + 1] as number) + share * off;
            statistics[s + 2] = (statistics[s + 2] as number) + share * off * off;
          }
        }
      }
    },
    maximise() {
      for (let m = 0; m < means.length; m++) {
        const visits = statistics[3 * m] as number;
        if (visits < LEAST_VISITS) continue;
        const first = statistics[3 * m + 1] as number;
        const from = reference[m] as number;
        const believed = priorMeans[m] as number;
        const shift = (first + meansWeight * (believed - from)) / (visits + meansWeight);
        const mean = from + shift;
        const gained = variancesAround === 'old-means' ? 0 : shift * (2 * first - shift * visits);
        const second = (statistics[3 * m + 2] as number) - gained + meansWeight * (mean - believed) ** 2;
        means[m] = mean;
        variances[m] = Math.max(floors[m % dimensions] as number, ((squares[m] as number) + second) / (visits + squaresWeight));
      }
    },
  };
}

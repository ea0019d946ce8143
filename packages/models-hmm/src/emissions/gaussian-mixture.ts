import { broadcast, checkFinite, checkPositive, checkRows, checkWhole, reorderRows } from '../arrays.ts';
import { drawIndex, drawNormal } from '../draw.ts';
import type { GaussianMixtureEmission } from './emission.ts';
import { type Densities, type Family, LEAST_VISITS, type Trainer, type TrainerSettings } from './family.ts';
import { gaussianFamily, trainer as gaussianTrainer } from './gaussian.ts';

/** A mixture of normals of diagonal covariance in each state (Rabiner 1989, section IV.B). */
export const gaussianMixtureFamily: Family<GaussianMixtureEmission> = {
  check({ weights, means, variances, dimensions, components }, states) {
    checkWhole('components', components);
    checkRows('weights', weights, states, components);
    checkFinite('means', means, states * components * dimensions);
    checkPositive('variances', variances, states * components * dimensions);
  },
  copy: (emission) => ({
    ...emission,
    weights: emission.weights.slice(),
    means: emission.means.slice(),
    variances: emission.variances.slice(),
  }),
  reorder: (emission, order) => ({
    ...emission,
    weights: reorderRows(emission.weights, emission.components, order),
    means: reorderRows(emission.means, emission.components * emission.dimensions, order),
    variances: reorderRows(emission.variances, emission.components * emission.dimensions, order),
  }),
  densities,
  trainer,
  freeParameters: ({ dimensions, components }, states) => states * (components - 1 + 2 * components * dimensions),
  draw({ dimensions, components, weights, means, variances }, state, random, out, at) {
    const first = (state * components + drawIndex(random, weights, state * components, components)) * dimensions;
    for (let d = 0; d < dimensions; d++)
      out[at + d] = (means[first + d] as number) + Math.sqrt(variances[first + d] as number) * drawNormal(random);
  },
};

/** The K x M components as states of a normal family of their own. */
function componentDensities({ means, variances, dimensions }: GaussianMixtureEmission, places: number): Densities {
  return gaussianFamily.densities({ family: 'gaussian', dimensions, means, variances }, places);
}

function densities(emission: GaussianMixtureEmission, states: number): Densities {
  const { components, weights } = emission;
  const places = states * components;
  const normals = componentDensities(emission, places);
  const logs = new Float64Array(places);
  return {
    refresh: normals.refresh,
    log(values, at, out, to) {
      normals.log(values, at, logs, 0);
      for (let k = 0, p = 0; k < states; k++) {
        const end = p + components;
        let largest = Number.NEGATIVE_INFINITY;
        for (let c = p; c < end; c++) if ((logs[c] as number) > largest && (weights[c] as number) > 0) largest = logs[c] as number;
        let sum = 0;
        for (; p < end; p++) if ((weights[p] as number) > 0) sum += (weights[p] as number) * Math.exp((logs[p] as number) - largest);
        out[to + k] = largest === Number.NEGATIVE_INFINITY ? largest : largest + Math.log(sum);
      }
    },
  };
}

/** Rows whose shares among components are worked out in one go. */
const BLOCK = 64;

/** The posterior of a state is shared out among its components by their densities; each is then a normal's M-step. */
function trainer(emission: GaussianMixtureEmission, states: number, settings: TrainerSettings): Trainer {
  const { components, weights, dimensions, means, variances } = emission;
  const places = states * components;
  const normals = componentDensities(emission, places);
  const inner = gaussianTrainer({ means, variances, dimensions }, places, settings);
  const shares = new Float64Array(BLOCK * places);
  const visits = new Float64Array(places);
  const concentration = broadcast('the prior of weights', settings.priors.weights ?? 1, places);
  return {
    statistics: inner.statistics,
    reset() {
      normals.refresh();
      inner.reset();
      visits.fill(0);
    },
    accumulate(values, first, rows, gamma, begin) {
      for (let from = 0; from < rows; from += BLOCK) {
        const count = Math.min(BLOCK, rows - from);
        for (let t = 0; t < count; t++) {
          const at = (first + from + t) * dimensions;
          normals.log(values, at, shares, t * places);
          // Where nothing was observed all components are as likely as their weights, and nothing is learnt from it.
          if (isEmpty(values, at, dimensions)) shares.fill(0, t * places, (t + 1) * places);
          else share(shares, t * places, weights, components, gamma, begin + (from + t) * states, states, visits);
        }
        inner.accumulate(values, first + from, count, shares, 0);
      }
    },
    maximise() {
      for (let row = 0; row < places; row += components) {
        let sum = 0;
        for (let p = row; p < row + components; p++) sum += Math.max(0, (visits[p] as number) + (concentration[p] as number) - 1);
        if (sum < LEAST_VISITS) continue;
        for (let p = row; p < row + components; p++)
          weights[p] = Math.max(0, (visits[p] as number) + (concentration[p] as number) - 1) / sum;
      }
      inner.maximise();
    },
  };
}

function isEmpty(values: Float64Array, at: number, dimensions: number): boolean {
  for (let d = 0; d < dimensions; d++) if (!Number.isNaN(values[at + d])) return false;
  return true;
}

/** Log densities of one row's components become the shares of the states' posteriors. */
function share(
  shares: Float64Array,
  at: number,
  weights: Float64Array,
  components: number,
  gamma: Float64Array,
  from: number,
  states: number,
  visits: Float64Array,
): void {
  for (let k = 0, p = 0; k < states; k++) {
    const end = p + components;
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = p; c < end; c++)
      if ((shares[at + c] as number) > largest && (weights[c] as number) > 0) largest = shares[at + c] as number;
    let sum = 0;
    for (let c = p; c < end; c++) {
      const part = (weights[c] as number) > 0 ? (weights[c] as number) * Math.exp((shares[at + c] as number) - largest) : 0;
      shares[at + c] = part;
      sum += part;
    }
    const scale = sum > 0 ? (gamma[from + k] as number) / sum : 0;
    for (; p < end; p++) {
      const part = (shares[at + p] as number) * scale;
      shares[at + p] = part;
      visits[p] = (visits[p] as number) + part;
    }
  }
}

import { broadcast, checkFinite, reorderRows } from '../arrays.ts';
import { cholesky, floorCovariance, halfLogDeterminant, solveLower, solveUpper } from '../cholesky.ts';
import { drawNormal } from '../draw.ts';
import type { FullGaussianEmission } from './emission.ts';
import { type Densities, type Family, LEAST_VISITS, type Trainer, type TrainerSettings } from './family.ts';

const LOG_2_PI = Math.log(2 * Math.PI);

/** Normal emissions with full covariance. Of an observation that is seen in part the rest is integrated out. */
export const fullGaussianFamily: Family<FullGaussianEmission> = {
  check({ means, covariances, dimensions: n }, states) {
    checkFinite('means', means, states * n);
    checkFinite('covariances', covariances, states * n * n);
    const spare = new Float64Array(n * n);
    for (let k = 0; k < states; k++) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) {
          const [above, below] = [covariances[(k * n + j) * n + i] as number, covariances[(k * n + i) * n + j] as number];
          if (Math.abs(above - below) > 1e-9 * (1 + Math.abs(above))) throw new RangeError(`covariances of state ${k} must be symmetric`);
        }
      }
      if (!cholesky(covariances, n, spare, k * n * n)) throw new RangeError(`covariances of state ${k} must be positive definite`);
    }
  },
  copy: (emission) => ({ ...emission, means: emission.means.slice(), covariances: emission.covariances.slice() }),
  reorder: (emission, order) => ({
    ...emission,
    means: reorderRows(emission.means, emission.dimensions, order),
    covariances: reorderRows(emission.covariances, emission.dimensions ** 2, order),
  }),
  densities,
  trainer,
  freeParameters: ({ dimensions: n }, states) => states * (n + (n * (n + 1)) / 2),
  draw({ dimensions: n, means, covariances }, state, random, out, at) {
    const factor = new Float64Array(n * n);
    cholesky(covariances, n, factor, state * n * n);
    const normals = Float64Array.from({ length: n }, () => drawNormal(random));
    for (let i = 0; i < n; i++) {
      let x = means[state * n + i] as number;
      for (let j = 0; j <= i; j++) x += (factor[i * n + j] as number) * (normals[j] as number);
      out[at + i] = x;
    }
  },
};

/** What was observed of a row, and the part of a state's normal that belongs to it. */
class Seen {
  readonly #n: number;
  /** Dimensions that were observed, and their number. */
  readonly which: Int32Array;
  count = 0;
  readonly factor: Float64Array;
  readonly off: Float64Array;

  constructor(n: number) {
    this.#n = n;
    this.which = new Int32Array(n);
    this.factor = new Float64Array(n * n);
    this.off = new Float64Array(n);
  }

  look(values: Float64Array, at: number): void {
    this.count = 0;
    for (let d = 0; d < this.#n; d++) if (!Number.isNaN(values[at + d])) this.which[this.count++] = d;
  }

  /** Factorises the covariance of what was observed and fills `off`, x - mu. */
  factorise(values: Float64Array, at: number, { means, covariances }: FullGaussianEmission, state: number): void {
    const n = this.#n;
    for (let a = 0; a < this.count; a++) {
      const i = this.which[a] as number;
      this.off[a] = (values[at + i] as number) - (means[state * n + i] as number);
      for (let b = 0; b < this.count; b++)
        this.factor[a * this.count + b] = covariances[(state * n + i) * n + (this.which[b] as number)] as number;
    }
    cholesky(this.factor, this.count, this.factor);
  }
}

function densities(emission: FullGaussianEmission, states: number): Densities {
  const { means, covariances, dimensions: n } = emission;
  const factors = new Float64Array(covariances.length);
  const heights = new Float64Array(states);
  const seen = new Seen(n);
  const refresh = (): void => {
    for (let k = 0; k < states; k++) {
      cholesky(covariances, n, factors, k * n * n, k * n * n);
      heights[k] = -0.5 * n * LOG_2_PI - halfLogDeterminant(factors, n, k * n * n);
    }
  };
  refresh();
  return {
    refresh,
    log(values, at, out, to) {
      seen.look(values, at);
      for (let k = 0; k < states; k++) {
        const whole = seen.count === n;
        let log = heights[k] as number;
        if (whole) {
          for (let d = 0; d < n; d++) seen.off[d] = (values[at + d] as number) - (means[k * n + d] as number);
          solveLower(factors, n, k * n * n, seen.off);
        } else {
          seen.factorise(values, at, emission, k);
          log = -0.5 * seen.count * LOG_2_PI - halfLogDeterminant(seen.factor, seen.count);
          solveLower(seen.factor, seen.count, 0, seen.off);
        }
        for (let d = 0; d < seen.count; d++) log -= 0.5 * (seen.off[d] as number) ** 2;
        out[to + k] = log;
      }
    },
  };
}

/**
 * Statistics of each state: visits, sums of deviations from the mean before the step [D], and of their products [D x D]. What was not observed of a row
 * stands in with its expectation given the rest, and adds its conditional covariance (Ghahramani & Jordan 1994).
 */
function trainer(emission: FullGaussianEmission, states: number, { priors, floors }: TrainerSettings): Trainer {
  const { means, covariances, dimensions: n } = emission;
  const width = 1 + n + n * n;
  const statistics = new Float64Array(states * width);
  const reference = means.slice();
  const believed = broadcast('the prior of means', priors.means ?? 0, means.length);
  const meansWeight = priors.meansWeight ?? 0;
  const squares = matrixPrior(priors.covariances ?? 0, n);
  const squaresWeight = Math.max((priors.covariancesWeight ?? 1) - n, 0);
  const seen = new Seen(n);
  const guess = new Guess(n);
  const shift = new Float64Array(n);
  return {
    statistics,
    reset() {
      statistics.fill(0);
      reference.set(means);
    },
    accumulate(values, from, rows, gamma, first) {
      for (let t = 0, at = from * n; t < rows; t++, at += n) {
        seen.look(values, at);
        if (seen.count === 0) continue;
        for (let k = 0; k < states; k++) {
          const share = gamma[first + t * states + k] as number;
          if (share === 0) continue;
          if (seen.count === n) for (let d = 0; d < n; d++) guess.off[d] = (values[at + d] as number) - (reference[k * n + d] as number);
          else guess.complete(values, at, emission, k, seen);
          add(statistics, k * width, n, share, guess.off);
          if (seen.count < n) for (let i = 0; i < n * n; i++) bump(statistics, k * width + 1 + n + i, share * (guess.spread[i] as number));
        }
      }
    },
    maximise() {
      for (let k = 0; k < states; k++) {
        const at = k * width;
        const visits = statistics[at] as number;
        if (visits < LEAST_VISITS) continue;
        for (let d = 0; d < n; d++) {
          const m = k * n + d;
          const from = reference[m] as number;
          shift[d] = ((statistics[at + 1 + d] as number) + meansWeight * ((believed[m] as number) - from)) / (visits + meansWeight);
          means[m] = from + (shift[d] as number);
        }
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const [si, sj] = [shift[i] as number, shift[j] as number];
            const product = statistics[at + 1 + n + i * n + j] as number;
            const centred = product - si * (statistics[at + 1 + j] as number) - sj * (statistics[at + 1 + i] as number) + si * sj * visits;
            const drawn =
              meansWeight *
              ((means[k * n + i] as number) - (believed[k * n + i] as number)) *
              ((means[k * n + j] as number) - (believed[k * n + j] as number));
            covariances[(k * n + i) * n + j] = ((squares[i * n + j] as number) + centred + drawn) / (visits + squaresWeight);
          }
        }
        floorCovariance(covariances, n, k * n * n, floors);
      }
    },
  };
}

/** Expected deviations of a row from a state's mean, given what was observed of it, and the covariance of the rest. */
class Guess {
  readonly #n: number;
  readonly off: Float64Array;
  /** [n x n], 0 wherever something was observed. */
  readonly spread: Float64Array;
  readonly #gains: Float64Array;
  readonly #column: Float64Array;

  constructor(n: number) {
    this.#n = n;
    this.off = new Float64Array(n);
    this.spread = new Float64Array(n * n);
    this.#gains = new Float64Array(n * n);
    this.#column = new Float64Array(n);
  }

  complete(values: Float64Array, at: number, emission: FullGaussianEmission, state: number, seen: Seen): void {
    const n = this.#n;
    const { covariances } = emission;
    const base = state * n * n;
    seen.factorise(values, at, emission, state);
    const { which, count } = seen;
    this.off.fill(0);
    this.spread.fill(0);
    for (let a = 0; a < count; a++) this.off[which[a] as number] = seen.off[a] as number;
    for (let i = 0; i < n; i++) {
      if (!Number.isNaN(values[at + i])) continue;
      // Sigma_oo^-1 Sigma_oi: the row of gains of dimension i.
      for (let a = 0; a < count; a++) this.#column[a] = covariances[base + (which[a] as number) * n + i] as number;
      solveLower(seen.factor, count, 0, this.#column);
      solveUpper(seen.factor, count, 0, this.#column);
      let mean = 0;
      for (let a = 0; a < count; a++) {
        this.#gains[i * n + a] = this.#column[a] as number;
        mean += (this.#column[a] as number) * (seen.off[a] as number);
      }
      this.off[i] = mean;
      for (let j = 0; j <= i; j++) {
        if (!Number.isNaN(values[at + j])) continue;
        let covariance = covariances[base + i * n + j] as number;
        for (let a = 0; a < count; a++)
          covariance -= (this.#gains[i * n + a] as number) * (covariances[base + (which[a] as number) * n + j] as number);
        this.spread[i * n + j] = covariance;
        this.spread[j * n + i] = covariance;
      }
    }
  }
}

function add(statistics: Float64Array, at: number, n: number, share: number, off: Float64Array): void {
  bump(statistics, at, share);
  for (let i = 0; i < n; i++) {
    const weighted = share * (off[i] as number);
    bump(statistics, at + 1 + i, weighted);
    for (let j = 0; j < n; j++) bump(statistics, at + 1 + n + i * n + j, weighted * (off[j] as number));
  }
}

function bump(values: Float64Array, at: number, by: number): void {
  values[at] = (values[at] as number) + by;
}

/** A number stands on the diagonal; an array is the matrix. */
function matrixPrior(prior: number | Float64Array, n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  if (typeof prior === 'number') for (let i = 0; i < n; i++) matrix[i * n + i] = prior;
  else if (prior.length === n * n) matrix.set(prior);
  else throw new RangeError(`the prior of covariances must hold ${n * n} numbers, not ${prior.length}`);
  return matrix;
}

import type { Random } from '@auspex/contracts';
import { expect, expectRoom } from './expect.ts';
import { initialise, meanOf } from './initialise.ts';
import { maximise } from './maximise.ts';
import { checkParameters, copyParameters, type Parameters } from './parameters.ts';
import { lengthOf, type Sequence } from './sequence.ts';

/** Least variance as a share of the whole sequence's, and absolute: a state on one point may not shrink to nothing. */
const FLOOR_SHARE = 1e-3;
const FLOOR = 1e-6;

/** How to fit. */
export interface FitOptions {
  /** K. */
  readonly states: number;
  /** Where to begin. Default: seeded k-means++. */
  readonly from?: Parameters;
  /** Draws the start values; needed only without `from`. */
  readonly random?: Random;
  /** Default 100. */
  readonly maxIterations?: number;
  /** Stop when the log-likelihood gains less than this an iteration, in nats. Default 0.01. */
  readonly tolerance?: number;
  /** Called with each iteration's log-likelihood. */
  readonly monitor?: (logLikelihood: number, iteration: number) => void;
}

/** A fitted chain. */
export interface Fit {
  readonly parameters: Parameters;
  /** Log-likelihood at the last E-step: of the parameters before the last M-step. */
  readonly logLikelihood: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Baum-Welch: expectation-maximisation for hidden Markov chains (Baum et al. 1970, as in Rabiner 1989). Deterministic.
 *
 * @throws RangeError on an empty sequence, or without `from` and `random`
 */
export function fit(sequence: Sequence, options: FitOptions): Fit {
  const { maxIterations = 100, tolerance = 0.01, monitor } = options;
  const length = lengthOf(sequence);
  if (length === 0) throw new RangeError('nothing to fit');

  const floors = varianceFloors(sequence);
  const parameters = begin(sequence, floors, options);
  const room = expectRoom(length, options.states);
  let before = Number.NEGATIVE_INFINITY;
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const expectation = expect(parameters, sequence, room);
    maximise(parameters, sequence, expectation, floors);
    const now = expectation.logLikelihood;
    monitor?.(now, iteration);
    if (now - before < tolerance) return { parameters, logLikelihood: now, iterations: iteration, converged: true };
    before = now;
  }
  return { parameters, logLikelihood: before, iterations: maxIterations, converged: false };
}

function begin(sequence: Sequence, floors: Float64Array, { states, from, random }: FitOptions): Parameters {
  if (!from) {
    if (!random) throw new RangeError('give either `from` or `random`');
    return initialise(sequence, states, floors, random);
  }
  const parameters = copyParameters(checkParameters(from));
  if (parameters.states !== states || parameters.dimensions !== sequence.dimensions) throw new RangeError('`from` has another shape');
  parameters.variances.forEach((variance, m) => {
    parameters.variances[m] = Math.max(variance, floors[m % sequence.dimensions] as number);
  });
  return parameters;
}

function varianceFloors(sequence: Sequence): Float64Array {
  const { values, dimensions } = sequence;
  return Float64Array.from({ length: dimensions }, (_, d) => {
    const mean = meanOf(sequence, d);
    let sum = 0;
    let count = 0;
    for (let i = d; i < values.length; i += dimensions) {
      const x = values[i] as number;
      if (Number.isNaN(x)) continue;
      sum += (x - mean) ** 2;
      count++;
    }
    return Math.max(FLOOR, count > 0 ? (FLOOR_SHARE * sum) / count : 0);
  });
}

import type { Random } from '@auspex/contracts';
import { broadcast, checkWhole } from './arrays.ts';
import { chainStep, type ExpectationStep } from './chain-step.ts';
import { maximiseDurations } from './durations/maximise-durations.ts';
import { semiStep } from './durations/semi-step.ts';
import type { Emission, EmissionFamily } from './emissions/emission.ts';
import { familyOf } from './emissions/families.ts';
import { LEAST_VISITS } from './emissions/family.ts';
import { type DurationChoice, type EmissionChoice, initialise, joined } from './initialise.ts';
import { logPrior } from './log-prior.ts';
import { checkModel, copyModel, type Model } from './model.ts';
import type { Priors } from './priors.ts';
import { checkValues, lengthOf, rowsFor, type Sequence } from './sequence.ts';
import type { Topology } from './topology.ts';
import { varianceFloors } from './variance-floors.ts';

/** How to fit. */
export interface FitOptions<F extends EmissionFamily = 'gaussian'> {
  /** Where to begin: this model, of which only a copy is changed. Default: start values that `random` draws. */
  readonly from?: Model<Extract<Emission, { family: F }>>;
  /** K. Needed without `from`. */
  readonly states?: number;
  /** Default `{ family: 'gaussian' }`. */
  readonly emission?: EmissionChoice<F>;
  /** Fits how long visits last; see `Model.durations`. Default: a plain chain. */
  readonly durations?: DurationChoice;
  /** Which transitions the start values allow. Default ergodic. */
  readonly topology?: Topology;
  /** Draws the start values. Needed without `from`. The same stream gives the same fit. */
  readonly random?: Random;
  /** Starts to try, of which the likeliest fit is given (with `priors` as in `tolerance`); those after the first draw from forks of `random`. Default 1. */
  readonly restarts?: number;
  /** Default 100. */
  readonly maxIterations?: number;
  /**
   * Stop when the log-likelihood gains less than this an iteration, in nats. With `priors` it is the log-likelihood plus the log prior, where that is known:
   * priors of the chain, and of `gaussian`, `poisson` and `categorical`. Of other priors it is the log-likelihood alone, whose fall at the second iteration
   * is no reason to stop. Default 0.01; -Infinity = never.
   */
  readonly tolerance?: number;
  /** Default: none. */
  readonly priors?: Priors;
  /**
   * Normals: least variance as a share of the whole data's in each dimension: a state on one point may not shrink to nothing. Of a dimension that does
   * not vary it is 1e-6. Default 0.001; 0 = none.
   */
  readonly varianceFloor?: number;
  /**
   * Around which means an M-step takes the variances of `gaussian` and `gaussian-mixture`. Default `new-means`, which is EM; `old-means` is what hmmlearn
   * 0.3.3 does with mixtures, and does not promise that the likelihood rises.
   */
  readonly variancesAround?: 'new-means' | 'old-means';
  /** Called with each iteration's log-likelihood. */
  readonly monitor?: (logLikelihood: number, iteration: number) => void;
}

/** A fitted model. */
export interface Fit<E extends Emission = Emission> {
  readonly model: Model<E>;
  /** Log-likelihood at the last E-step: of the parameters before the last M-step. */
  readonly logLikelihood: number;
  /** That of every iteration. */
  readonly history: readonly number[];
  readonly iterations: number;
  readonly converged: boolean;
}

type Of<F extends EmissionFamily> = Extract<Emission, { family: F }>;

/**
 * Baum-Welch: expectation-maximisation for hidden Markov models (Baum et al. 1970, as in Rabiner 1989; with durations Ferguson 1980). Deterministic.
 *
 * @param sequences independent of each other, of equal dimensions
 * @throws RangeError on no observations, values that the family cannot give, a `from` of another shape, or without `from` and `random`
 */
export function fit<F extends EmissionFamily = 'gaussian'>(sequences: readonly Sequence[], options: FitOptions<F>): Fit<Of<F>> {
  checkOptions(options);
  for (const sequence of sequences) lengthOf(sequence);
  const all = joined(sequences);
  if (all.values.length === 0) throw new RangeError('nothing to fit');
  const floors = varianceFloors(all, options.varianceFloor ?? 1e-3);
  const { random, restarts = 1 } = options;
  let best: Climb<Of<F>> | undefined;
  for (let attempt = 0; attempt < (options.from ? 1 : restarts); attempt++) {
    const model = begin(sequences, floors, options, attempt === 0 ? random : random?.fork(`restart ${attempt}`));
    const found = climb(model, sequences, all, floors, options);
    if (!best || found.objective > best.objective) best = found;
  }
  if (!best) throw new RangeError('restarts must be at least 1');
  return best.fit;
}

/** One fit, and what it climbed: the log-likelihood, with priors plus their log where that is known. */
interface Climb<E extends Emission> {
  readonly fit: Fit<E>;
  readonly objective: number;
}

/** Refuses what would be ignored. */
function checkOptions<F extends EmissionFamily>(options: FitOptions<F>): void {
  const { from, states, durations, restarts = 1, maxIterations = 100 } = options;
  checkWhole('maxIterations', maxIterations);
  checkWhole('restarts', restarts);
  if (durations && states === 1) throw new RangeError('durations need `states` from 2: a visit ends in another state');
  for (const name of from ? (['durations', 'topology', 'restarts'] as const) : [])
    if (options[name] !== undefined) throw new RangeError(`\`${name}\` does not go with \`from\`: the model says where to begin`);
}

function climb<F extends EmissionFamily>(
  model: Model<Of<F>>,
  sequences: readonly Sequence[],
  all: Sequence,
  floors: Float64Array,
  { maxIterations = 100, tolerance = 0.01, priors = {}, variancesAround = 'new-means', monitor }: FitOptions<F>,
): Climb<Of<F>> {
  const { states, emission, durations } = model;
  const trainer = familyOf<Emission>(emission).trainer(emission, states, { values: all.values, priors, floors, variancesAround });
  const semi = durations ? semiStep(model, durations, sequences, trainer) : undefined;
  const step = semi ?? chainStep(model, sequences, trainer);
  const chain = chainPriors(priors, states);
  const history: number[] = [];
  let before = Number.NEGATIVE_INFINITY;
  let logLikelihood = before;
  let isPriorKnown = true;
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    // Of the parameters that the E-step is about to see.
    const prior = logPrior(model, priors);
    isPriorKnown &&= prior !== undefined;
    logLikelihood = step.run();
    const now = logLikelihood + (prior ?? 0);
    maximiseChain(model, step, chain);
    trainer.maximise();
    if (semi && durations) maximiseDurations(durations, semi.ended, states);
    history.push(logLikelihood);
    monitor?.(logLikelihood, iteration);
    const gain = now - before;
    // With priors whose log is not known the likelihood alone may fall on the first step, on the way to where both are high.
    const isFirstFall = !isPriorKnown && iteration === 2 && gain < 0;
    if (gain < tolerance && !isFirstFall)
      return { fit: { model, logLikelihood, history, iterations: iteration, converged: true }, objective: now };
    before = now;
  }
  return { fit: { model, logLikelihood, history, iterations: maxIterations, converged: false }, objective: before };
}

interface ChainPriors {
  readonly start: Float64Array;
  readonly transition: Float64Array;
}

function chainPriors({ start = 1, transition = 1 }: Priors, states: number): ChainPriors {
  return {
    start: broadcast('the prior of start', start, states),
    transition: broadcast('the prior of transition', transition, states * states),
  };
}

/** The M-step of start and transitions, in place (Rabiner 1989, equation 40). What was 0 stays 0 whatever the prior. */
function maximiseChain({ states, start, transition }: Model, { first, moves }: ExpectationStep, priors: ChainPriors): void {
  maximiseRow(start, 0, states, first, priors.start);
  for (let i = 0; i < states; i++) maximiseRow(transition, i * states, states, moves, priors.transition);
}

function maximiseRow(row: Float64Array, at: number, width: number, counts: Float64Array, concentration: Float64Array): void {
  let sum = 0;
  for (let j = at; j < at + width; j++) {
    if ((row[j] as number) > 0) sum += Math.max(0, (counts[j] as number) + (concentration[j] as number) - 1);
  }
  if (sum < LEAST_VISITS) return;
  for (let j = at; j < at + width; j++) {
    if ((row[j] as number) > 0) row[j] = Math.max(0, (counts[j] as number) + (concentration[j] as number) - 1) / sum;
  }
}

function begin<F extends EmissionFamily>(
  sequences: readonly Sequence[],
  floors: Float64Array,
  { from, states, emission, durations, topology }: FitOptions<F>,
  random: Random | undefined,
): Model<Of<F>> {
  if (!from) {
    if (!random || states === undefined) throw new RangeError('give either `from`, or `states` and `random`');
    const choice = emission ?? ({ family: 'gaussian' } as EmissionChoice<F>);
    return initialise(
      sequences,
      { states, emission: choice, floors, ...(durations && { durations }), ...(topology && { topology }) },
      random,
    );
  }
  const model = copyModel(checkModel(from));
  if (states !== undefined && states !== model.states) throw new RangeError(`\`from\` has ${model.states} states, not ${states}`);
  if (emission && emission.family !== model.emission.family) throw new RangeError(`\`from\` has emission family ${model.emission.family}`);
  const given: Emission = model.emission;
  checkValues(sequences, given.family, given.family === 'categorical' ? given.symbols : 0);
  for (const sequence of sequences) rowsFor(sequence, given);
  if (given.family === 'gaussian' || given.family === 'gaussian-mixture') {
    given.variances.forEach((variance, m) => {
      given.variances[m] = Math.max(variance, floors[m % given.dimensions] as number);
    });
  }
  return model;
}

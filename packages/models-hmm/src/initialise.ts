import type { Random } from '@auspex/contracts';
import { checkWhole, normaliseRows } from './arrays.ts';
import type { Durations } from './durations/durations.ts';
import type { Emission, EmissionFamily } from './emissions/emission.ts';
import { familyOf } from './emissions/families.ts';
import { cluster, meanOf } from './k-means.ts';
import type { Model } from './model.ts';
import { checkValues, lengthOf, type Sequence } from './sequence.ts';
import { leftRight, type Topology } from './topology.ts';

/** Which emission to fit, and what must be said of it beforehand. */
export type EmissionChoice<F extends EmissionFamily = EmissionFamily> = F extends 'categorical'
  ? { readonly family: F; readonly symbols: number }
  : F extends 'gaussian-mixture'
    ? { readonly family: F; readonly components: number }
    : { readonly family: F };

/** Which durations to fit: the family, and the most steps of a visit. */
export interface DurationChoice {
  readonly family: Durations['family'];
  readonly longest: number;
}

/** What start values are made for. */
export interface StartOptions<F extends EmissionFamily = EmissionFamily> {
  /** K. */
  readonly states: number;
  readonly emission: EmissionChoice<F>;
  readonly durations?: DurationChoice;
  /** Default ergodic. */
  readonly topology?: Topology;
  /** Least variance in each dimension, [D]. */
  readonly floors: Float64Array;
}

type Of<F extends EmissionFamily> = Extract<Emission, { family: F }>;

/**
 * Start values for Baum-Welch. States are the clusters of k-means++, rising in the first dimension (counts by their root, which makes their spread
 * alike); of symbols, which have no distance, the shares of all, shaken; of a left-right chain the K equal parts of each sequence. An emission is
 * fitted to the labels, transitions and durations are counted along them with one more of each.
 *
 * @param random decides everything that is drawn: the same stream gives the same model
 * @throws RangeError on values that the family cannot give
 */
export function initialise<F extends EmissionFamily>(
  sequences: readonly Sequence[],
  options: StartOptions<F>,
  random: Random,
): Model<Of<F>> {
  const { states, durations, topology = 'ergodic', floors } = options;
  const emission: EmissionChoice = options.emission;
  checkWhole('states', states);
  const symbols = emission.family === 'categorical' ? emission.symbols : 0;
  checkValues(sequences, emission.family, symbols);
  if (durations && topology === 'left-right') throw new RangeError('a left-right chain stays in its last state: it has no durations');
  const all = joined(sequences);
  const lengths = sequences.map(lengthOf);
  const { centres, labels } =
    topology === 'left-right'
      ? { centres: spreadCentres(all, states), labels: equalParts(lengths, states) }
      : emission.family === 'categorical'
        ? { centres: new Float64Array(states), labels: drawnLabels(all, states, random) }
        : clusterOf(all, emission.family, states, random);
  const chain = topology === 'left-right' ? leftRightOf(lengths, states) : counted(lengths, labels, states, durations !== undefined);
  return {
    states,
    ...chain,
    emission: startEmission(emission, all, states, centres, labels, floors, random) as Of<F>,
    ...(durations ? { durations: startDurations(durations, lengths, labels, states) } : {}),
  };
}

/** All sequences in one; the sequence itself when it is the only one. */
export function joined(sequences: readonly Sequence[]): Sequence {
  const [first] = sequences;
  if (!first) throw new RangeError('nothing to fit');
  if (sequences.length === 1) return first;
  if (sequences.some(({ dimensions }) => dimensions !== first.dimensions)) throw new RangeError('sequences must have the same dimensions');
  const values = new Float64Array(sequences.reduce((sum, sequence) => sum + sequence.values.length, 0));
  let at = 0;
  for (const sequence of sequences) {
    values.set(sequence.values, at);
    at += sequence.values.length;
  }
  return { values, dimensions: first.dimensions };
}

function clusterOf(all: Sequence, family: EmissionFamily, states: number, random: Random): { centres: Float64Array; labels: Int32Array } {
  const counts = family === 'poisson' || family === 'negative-binomial';
  if (!counts) return cluster(all, states, random);
  const { centres, labels } = cluster({ values: all.values.map(Math.sqrt), dimensions: all.dimensions }, states, random);
  return { centres: centres.map((root) => root * root), labels };
}

/** Symbols have no distance: each gets a state of its own by chance, so that states differ in what they favour. */
function drawnLabels({ values }: Sequence, states: number, random: Random): Int32Array {
  const favoured = new Map<number, number>();
  return Int32Array.from(values, (x) => {
    if (Number.isNaN(x)) return -1;
    const known = favoured.get(x);
    if (known !== undefined) return random.next() < 0.5 ? known : Math.floor(random.next() * states);
    const state = Math.floor(random.next() * states);
    favoured.set(x, state);
    return state;
  });
}

function equalParts(lengths: readonly number[], states: number): Int32Array {
  const labels = lengths.flatMap((length) => Array.from({ length }, (_, t) => Math.floor((t * states) / length)));
  return Int32Array.from(labels);
}

function spreadCentres(all: Sequence, states: number): Float64Array {
  return Float64Array.from({ length: states * all.dimensions }, (_, m) => meanOf(all, m % all.dimensions));
}

function leftRightOf(lengths: readonly number[], states: number): { start: Float64Array; transition: Float64Array } {
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  return leftRight(states, Math.min(0.999, Math.max(0.5, 1 - states / mean)));
}

/** Start and transition probabilities counted along labels; with durations nobody stays. */
function counted(
  lengths: readonly number[],
  labels: Int32Array,
  states: number,
  leaving: boolean,
): { start: Float64Array; transition: Float64Array } {
  const transition = new Float64Array(states * states).fill(1);
  const start = new Float64Array(states).fill(1);
  let begin = 0;
  for (const length of lengths) {
    for (let t = begin; t < begin + length; t++) {
      const to = labels[t] as number;
      if (to < 0) continue;
      start[to] = (start[to] as number) + 1;
      const from = t > begin ? (labels[t - 1] as number) : -1;
      if (from >= 0) transition[from * states + to] = (transition[from * states + to] as number) + 1;
    }
    begin += length;
  }
  if (leaving) for (let k = 0; k < states; k++) transition[k * states + k] = 0;
  normaliseRows(transition, states);
  normaliseRows(start, states);
  return { start, transition };
}

/** The M-step of an emission with the labels as posteriors. A state without a label keeps its centre and the floor. */
function startEmission(
  choice: EmissionChoice,
  all: Sequence,
  states: number,
  centres: Float64Array,
  labels: Int32Array,
  floors: Float64Array,
  random: Random,
): Emission {
  if (choice.family === 'gaussian-mixture') return startMixture(choice.components, all, states, centres, labels, floors, random);
  const emission = blank(choice, all.dimensions, states, centres, floors);
  const priors = choice.family === 'categorical' ? { probabilities: 2 } : {};
  const trainer = familyOf(emission).trainer(emission, states, { values: all.values, priors, floors });
  trainer.reset();
  const gamma = new Float64Array(labels.length * states);
  labels.forEach((k, t) => {
    if (k >= 0) gamma[t * states + k] = 1;
  });
  trainer.accumulate(all.values, 0, labels.length, gamma, 0);
  trainer.maximise();
  return emission;
}

function blank(
  choice: Exclude<EmissionChoice, { family: 'gaussian-mixture' }>,
  dimensions: number,
  states: number,
  centres: Float64Array,
  floors: Float64Array,
): Emission {
  const variances = Float64Array.from({ length: states * dimensions }, (_, m) => floors[m % dimensions] as number);
  switch (choice.family) {
    case 'gaussian':
      return { family: 'gaussian', dimensions, means: centres.slice(), variances };
    case 'gaussian-full': {
      const covariances = new Float64Array(states * dimensions * dimensions);
      for (let m = 0; m < variances.length; m++) covariances[m * dimensions + (m % dimensions)] = variances[m] as number;
      return { family: 'gaussian-full', dimensions, means: centres.slice(), covariances };
    }
    case 'poisson':
      return { family: 'poisson', dimensions, rates: centres.map(aboveNothing) };
    case 'negative-binomial':
      return {
        family: 'negative-binomial',
        dimensions,
        means: centres.map(aboveNothing),
        sizes: new Float64Array(centres.length).fill(10),
      };
    case 'categorical':
      if (dimensions !== 1) throw new RangeError(`symbols are one value a row, not ${dimensions}`);
      return {
        family: 'categorical',
        dimensions: 1,
        symbols: choice.symbols,
        probabilities: new Float64Array(states * choice.symbols).fill(1 / choice.symbols),
      };
  }
}

const aboveNothing = (count: number): number => Math.max(1e-3, count);

/** Components of a state are the clusters of what is labelled with it: the normals of K x M states that no chain joins. */
function startMixture(
  components: number,
  all: Sequence,
  states: number,
  centres: Float64Array,
  labels: Int32Array,
  floors: Float64Array,
  random: Random,
): Emission {
  checkWhole('components', components);
  const { values, dimensions } = all;
  const places = states * components;
  const starts = new Float64Array(places * dimensions);
  const finer = new Int32Array(labels.length).fill(-1);
  const weights = new Float64Array(places).fill(1);
  for (let k = 0; k < states; k++) {
    const rows = Array.from(labels.keys()).filter((t) => labels[t] === k);
    const part = Float64Array.from({ length: rows.length * dimensions }, (_, i) => {
      const t = rows[Math.floor(i / dimensions)] as number;
      return values[t * dimensions + (i % dimensions)] as number;
    });
    const found = cluster({ values: part, dimensions }, components, random);
    if (rows.length > 0) starts.set(found.centres, k * components * dimensions);
    else
      for (let c = 0; c < components; c++)
        starts.set(centres.subarray(k * dimensions, (k + 1) * dimensions), (k * components + c) * dimensions);
    rows.forEach((t, i) => {
      const place = k * components + (found.labels[i] as number);
      finer[t] = place;
      weights[place] = (weights[place] as number) + 1;
    });
  }
  normaliseRows(weights, components);
  const normals = startEmission({ family: 'gaussian' }, all, places, starts, finer, floors, random) as Of<'gaussian'>;
  return { family: 'gaussian-mixture', dimensions, components, weights, means: normals.means, variances: normals.variances };
}

/** Durations of the runs of equal labels; one that reaches an end of its sequence counts too. */
function startDurations({ family, longest }: DurationChoice, lengths: readonly number[], labels: Int32Array, states: number): Durations {
  checkWhole('longest', longest);
  const probabilities = new Float64Array(states * longest).fill(1 / longest);
  const visits = new Float64Array(states).fill(1);
  const steps = new Float64Array(states);
  let begin = 0;
  for (const length of lengths) {
    for (let t = begin, run = 1; t < begin + length; t++, run++) {
      const k = labels[t] as number;
      const last = t === begin + length - 1 || labels[t + 1] !== k;
      if (!last) continue;
      const lasted = Math.min(run, longest);
      if (k >= 0) {
        probabilities[k * longest + lasted - 1] = (probabilities[k * longest + lasted - 1] as number) + 1;
        visits[k] = (visits[k] as number) + 1;
        steps[k] = (steps[k] as number) + lasted - 1;
      }
      run = 0;
    }
    begin += length;
  }
  if (family === 'table') {
    normaliseRows(probabilities, longest);
    return { family, longest, probabilities };
  }
  const means = steps.map((sum, k) => Math.max(0.5, sum / (visits[k] as number)));
  return family === 'poisson' ? { family, longest, means } : { family, longest, means, sizes: new Float64Array(states).fill(1) };
}

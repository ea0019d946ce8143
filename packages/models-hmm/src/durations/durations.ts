import { checkPositive, checkRows, checkWhole, reorderRows } from '../arrays.ts';
import { logFactorial, logRising } from '../special.ts';

/**
 * How many steps a visit to a state lasts: 1 .. longest, of a distribution of its own for each state. `poisson` and `negative-binomial` are of the steps
 * after the first, cut off at `longest` and scaled to sum to 1.
 */
export type Durations = TableDurations | PoissonDurations | NegativeBinomialDurations;

/** Any distribution (Ferguson 1980). */
export interface TableDurations {
  readonly family: 'table';
  /** Most steps of a visit. */
  readonly longest: number;
  /** [K x longest]: P(a visit lasts 1 .. longest steps). Every row sums to 1. */
  readonly probabilities: Float64Array;
}

/** Steps after the first: Poisson. */
export interface PoissonDurations {
  readonly family: 'poisson';
  readonly longest: number;
  /** Mean of the steps after the first before they are cut off, [K], above 0. */
  readonly means: Float64Array;
}

/** Steps after the first: negative binomial. */
export interface NegativeBinomialDurations {
  readonly family: 'negative-binomial';
  readonly longest: number;
  /** [K], above 0. */
  readonly means: Float64Array;
  /** [K], above 0: variance = mean + mean^2 / size; size 1 is geometric. */
  readonly sizes: Float64Array;
}

/** @throws RangeError that names the part */
export function checkDurations(durations: Durations, states: number): void {
  checkWhole('longest', durations.longest);
  if (states < 2) throw new RangeError('a model with durations needs 2 states: a visit ends in another');
  if (durations.family === 'table') checkRows('probabilities of durations', durations.probabilities, states, durations.longest);
  else if (durations.family === 'poisson') checkPositive('means of durations', durations.means, states);
  else if (durations.family === 'negative-binomial') {
    checkPositive('means of durations', durations.means, states);
    checkPositive('sizes of durations', durations.sizes, states);
  } else throw new RangeError(`there is no family of durations "${(durations as { family: string }).family}"`);
}

export function copyDurations(durations: Durations): Durations {
  if (durations.family === 'table') return { ...durations, probabilities: durations.probabilities.slice() };
  if (durations.family === 'poisson') return { ...durations, means: durations.means.slice() };
  return { ...durations, means: durations.means.slice(), sizes: durations.sizes.slice() };
}

export function reorderDurations(durations: Durations, order: readonly number[]): Durations {
  if (durations.family === 'table') return { ...durations, probabilities: reorderRows(durations.probabilities, durations.longest, order) };
  if (durations.family === 'poisson') return { ...durations, means: reorderRows(durations.means, 1, order) };
  return { ...durations, means: reorderRows(durations.means, 1, order), sizes: reorderRows(durations.sizes, 1, order) };
}

/** Numbers that a fit is free to choose. */
export function freeDurations(durations: Durations, states: number): number {
  if (durations.family === 'table') return states * (durations.longest - 1);
  return durations.family === 'poisson' ? states : 2 * states;
}

/** A duration distribution as the passes need it, each [K x longest]. */
export interface DurationTable {
  readonly longest: number;
  /** P(a visit lasts d steps). */
  readonly probabilities: Float64Array;
  /** P(it lasts at least d steps). */
  readonly survivors: Float64Array;
  /** P(it ends after step d | it has lasted d steps). 1 where it cannot have lasted so long. */
  readonly hazards: Float64Array;
}

export function makeTable(durations: Durations, states: number): DurationTable {
  const size = states * durations.longest;
  const table = {
    longest: durations.longest,
    probabilities: new Float64Array(size),
    survivors: new Float64Array(size),
    hazards: new Float64Array(size),
  };
  fillTable(table, durations, states);
  return table;
}

/** Must be called after the durations were changed in place. */
export function fillTable({ longest, probabilities, survivors, hazards }: DurationTable, durations: Durations, states: number): void {
  for (let k = 0; k < states; k++) {
    const row = probabilities.subarray(k * longest, (k + 1) * longest);
    if (durations.family === 'table') row.set(durations.probabilities.subarray(k * longest, (k + 1) * longest));
    else if (durations.family === 'poisson') poissonRow(durations.means[k] as number, row);
    else negativeBinomialRow(durations.means[k] as number, durations.sizes[k] as number, row);
    let left = 0;
    for (let d = longest - 1; d >= 0; d--) {
      const probability = row[d] as number;
      left += probability;
      survivors[k * longest + d] = left;
      hazards[k * longest + d] = left > 0 ? Math.min(1, probability / left) : 1;
    }
  }
}

/** Fills `row` with the shifted Poisson of that mean, cut off at its end. */
export function poissonRow(mean: number, row: Float64Array): void {
  const log = Math.log(mean);
  for (let d = 0; d < row.length; d++) row[d] = d * log - logFactorial(d);
  fromLogs(row);
}

/** The same of a negative binomial. */
export function negativeBinomialRow(mean: number, size: number, row: Float64Array): void {
  const log = -Math.log1p(size / mean);
  for (let d = 0; d < row.length; d++) row[d] = logRising(size, d) - logFactorial(d) + d * log;
  fromLogs(row);
}

function fromLogs(row: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let d = 0; d < row.length; d++) largest = Math.max(largest, row[d] as number);
  let sum = 0;
  for (let d = 0; d < row.length; d++) {
    row[d] = Math.exp((row[d] as number) - largest);
    sum += row[d] as number;
  }
  for (let d = 0; d < row.length; d++) row[d] = (row[d] as number) / sum;
}

import { checkWhole } from './arrays.ts';
import type { Emission } from './emissions/emission.ts';
import { isCount } from './special.ts';

/** Observations, row-major [T x D]: row = time, oldest first. NaN = not observed. */
export interface Sequence {
  readonly values: Float64Array;
  /** D. */
  readonly dimensions: number;
}

/** Beyond this a square leaves the range of a double. */
const MOST = 1e150;

/** T of a sequence. @throws RangeError when the values are no whole number of rows. */
export function lengthOf({ values, dimensions }: Sequence): number {
  checkWhole('dimensions', dimensions);
  const length = values.length / dimensions;
  if (!Number.isInteger(length)) throw new RangeError(`${values.length} values are no whole rows of ${dimensions}`);
  return length;
}

/** The greatest T; 0 of no sequences. There may be more of them than a call takes arguments. */
export function longestOf(sequences: readonly Sequence[]): number {
  let longest = 0;
  for (const sequence of sequences) longest = Math.max(longest, lengthOf(sequence));
  return longest;
}

/** Rows in which something was observed. */
export function observedRows({ values, dimensions }: Sequence): number {
  let rows = 0;
  for (let at = 0; at < values.length; at += dimensions) {
    for (let d = at; d < at + dimensions; d++) {
      if (Number.isNaN(values[d])) continue;
      rows++;
      break;
    }
  }
  return rows;
}

/** T of a sequence that a model is to read. @throws RangeError when it has other dimensions */
export function rowsFor(sequence: Sequence, { dimensions }: Emission): number {
  if (sequence.dimensions !== dimensions)
    throw new RangeError(`the sequence has ${sequence.dimensions} dimensions, the model ${dimensions}`);
  return lengthOf(sequence);
}

/**
 * Refuses what no parameter can be learnt from.
 *
 * @throws RangeError that says which value of which sequence
 */
export function checkValues(sequences: readonly Sequence[], family: Emission['family'], symbols: number): void {
  sequences.forEach(({ values }, s) => {
    for (let i = 0; i < values.length; i++) {
      const x = values[i] as number;
      if (Number.isNaN(x)) continue;
      const wrong = wrongValue(x, family, symbols);
      if (wrong) throw new RangeError(`value ${i} of sequence ${s}, ${x}, ${wrong}`);
    }
  });
}

function wrongValue(x: number, family: Emission['family'], symbols: number): string | undefined {
  if (family === 'categorical') return isCount(x) && x < symbols ? undefined : `is no symbol: a whole number below ${symbols}`;
  if (family === 'poisson' || family === 'negative-binomial') return isCount(x) ? undefined : 'is no count: a whole number from 0';
  return Math.abs(x) <= MOST ? undefined : 'is out of range';
}

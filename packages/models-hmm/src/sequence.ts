/**
 * Observations, row-major [T x D]: row = time, oldest first. NaN = not observed: such a value has likelihood 1 in every
 * state, so it moves the chain on by the transition alone.
 */
export interface Sequence {
  readonly values: Float64Array;
  /** D. */
  readonly dimensions: number;
}

/** T of a sequence. @throws RangeError when the values are no whole number of rows. */
export function lengthOf(sequence: Sequence): number {
  const length = sequence.values.length / sequence.dimensions;
  if (!Number.isInteger(length)) throw new RangeError(`${sequence.values.length} values are no whole rows of ${sequence.dimensions}`);
  return length;
}

/** Rows of probabilities may miss 1 by this much: what rounding does to a sum of a few hundred terms. */
const TOLERANCE = 1e-6;

/** @throws RangeError that names the part: a wrong length, or a number that is not finite */
export function checkFinite(name: string, values: Float64Array, length: number): void {
  if (!(values instanceof Float64Array)) throw new RangeError(`${name} must be a Float64Array`);
  if (values.length !== length) throw new RangeError(`${name} must hold ${length} numbers, not ${values.length}`);
  if (!values.every(Number.isFinite)) throw new RangeError(`${name} must be finite`);
}

/** @throws RangeError that names the part */
export function checkPositive(name: string, values: Float64Array, length: number): void {
  checkFinite(name, values, length);
  if (values.some((value) => value <= 0)) throw new RangeError(`${name} must be above 0`);
}

/** @throws RangeError that names the part: also a probability below 0, or a row that does not sum to 1 */
export function checkRows(name: string, values: Float64Array, rows: number, columns: number): void {
  checkFinite(name, values, rows * columns);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const probability = values[row * columns + column] as number;
      if (probability < 0) throw new RangeError(`${name} must not be negative`);
      sum += probability;
    }
    if (Math.abs(sum - 1) > TOLERANCE) throw new RangeError(`row ${row} of ${name} sums to ${sum}, not 1`);
  }
}

/** @throws RangeError that names the part */
export function checkWhole(name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} must be a whole number from ${least}, not ${value}`);
}

/** Divides each row of `columns` by its sum; a row of zeros is left alone. */
export function normaliseRows(values: Float64Array, columns: number): void {
  for (let row = 0; row < values.length; row += columns) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += values[row + c] as number;
    for (let c = 0; c < columns && sum > 0; c++) values[row + c] = (values[row + c] as number) / sum;
  }
}

/** Rows of `width` numbers in another order: new row k is old row order[k]. */
export function reorderRows(values: Float64Array, width: number, order: readonly number[]): Float64Array {
  const out = new Float64Array(values.length);
  order.forEach((from, to) => {
    out.set(values.subarray(from * width, (from + 1) * width), to * width);
  });
  return out;
}

/** `value` for each of `length` places; fewer numbers are repeated. @throws RangeError when they do not divide */
export function broadcast(name: string, value: number | Float64Array, length: number): Float64Array {
  if (typeof value === 'number') return new Float64Array(length).fill(value);
  if (value.length === 0 || length % value.length !== 0)
    throw new RangeError(`${name} must hold a divisor of ${length} numbers, not ${value.length}`);
  return Float64Array.from({ length }, (_, i) => value[i % value.length] as number);
}

/** A column of numbers for the page: plain values, or [value, count, value, count, …] under `r`. NaN is null. */
export type Column = readonly (number | null)[] | { readonly r: readonly (number | null)[] };

/** Four significant digits: more than a pixel can show. Whole numbers below a million stay exact. */
export function encodeColumn(values: ArrayLike<number>): Column {
  const plain = Array.from(values, round);
  const runs: (number | null)[] = [];
  for (const value of plain) {
    if (runs.length > 0 && runs.at(-2) === value) runs[runs.length - 1] = (runs.at(-1) as number) + 1;
    else runs.push(value, 1);
  }
  return runs.length < plain.length ? { r: runs } : plain;
}

function round(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value;
  return Number(value.toPrecision(4));
}

/**
 * For each row of a horizon the row of another that is nearest to it from below, or its first: where what was learnt of rows goes when the
 * horizon moves.
 */
export function nearestRows(from: readonly number[], to: readonly number[]): number[] {
  return to.map((ahead) =>
    Math.max(
      0,
      from.findLastIndex((each) => each <= ahead),
    ),
  );
}

/** Values by row, `width` a row, moved to other rows. */
export function moveRows(values: Float64Array, rows: readonly number[], width = 1): Float64Array {
  const moved = new Float64Array(rows.length * width);
  for (const [to, from] of rows.entries()) moved.set(values.subarray(from * width, (from + 1) * width), to * width);
  return moved;
}

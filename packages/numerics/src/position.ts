/**
 * Where `value` lies among rising numbers, as a fractional index: 1.5 = half way from the second to the third. Clamped to their ends.
 *
 * @param rising strictly, at least one
 */
export function positionIn(rising: readonly number[], value: number): number {
  if (value <= (rising[0] as number)) return 0;
  for (let index = 1; index < rising.length; index++) {
    const below = rising[index - 1] as number;
    const above = rising[index] as number;
    if (value <= above) return index - 1 + (value - below) / (above - below);
  }
  return rising.length - 1;
}

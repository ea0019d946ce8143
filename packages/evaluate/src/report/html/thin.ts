/**
 * One value for every `by` neighbours: the worst case, so that no shortage vanishes from a picture. `max` for demand,
 * `min` for supply. NaN only where all are.
 */
export function thin(values: ArrayLike<number>, by: number, how: 'max' | 'min'): Float64Array {
  if (by === 1) return Float64Array.from(values);
  const out = new Float64Array(Math.ceil(values.length / by)).fill(Number.NaN);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const slot = Math.floor(i / by);
    const present = out[slot] as number;
    if (Number.isNaN(present)) out[slot] = value;
    else if (!Number.isNaN(value)) out[slot] = how === 'max' ? Math.max(present, value) : Math.min(present, value);
  }
  return out;
}

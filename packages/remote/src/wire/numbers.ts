/** A whole number (time, units, epoch) for the wire; what lies beyond whole numbers becomes the nearest that can travel. */
export function toInt(value: number): bigint {
  const most = Number.MAX_SAFE_INTEGER;
  if (Number.isNaN(value)) throw new RangeError('not a number where a time or a count was expected');
  return BigInt(Math.round(Math.min(most, Math.max(-most, value))));
}

/** Slots that the size of a change is averaged over. */
const MEMORY = 200;
/** Least size of a change: a constant series must not make the next stir a thousand of them. */
const LEAST = 0.01;

/** A series' own units: what makes one network fit them all. */
export interface Scale {
  /** Mean log rate over about a day. */
  mean: number;
  /** Mean absolute change of the log rate from slot to slot. */
  change: number;
  count: number;
}

export function beginScale(): Scale {
  return { mean: 0, change: 0.1, count: 0 };
}

/** Adds one slot; plain means until there are as many slots as they span. */
export function addToScale(scale: Scale, log: number, change: number, perDay: number): void {
  const count = ++scale.count;
  scale.mean += (log - scale.mean) / Math.min(count, perDay);
  // The first belief counts for ten slots; a leap counts for what ten usual changes would.
  const size = Math.min(Math.abs(change), 10 * scale.change);
  scale.change = Math.max(LEAST, scale.change + (size - scale.change) / Math.min(count + 10, MEMORY));
}

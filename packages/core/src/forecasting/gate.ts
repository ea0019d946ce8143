/** Half-life of past errors, in outcomes. */
const KEEP = 0.5 ** (1 / 300);
/** Outcomes before the gate may close: fewer are no evidence. */
const LEAST_OUTCOMES = 100;
/** A closed gate opens this much above the skill at which it closed, so that it does not flap. */
const HYSTERESIS = 0.1;

/**
 * Is a series' forecast better than "the last value goes on", which is what a reactive rule goes by? Mean absolute errors of both over
 * the whole horizon: at one step alone the last value may be right by chance, as a day ahead it is. And, for each row, how far the last
 * value was off, which is the spread of the forecast that stands in.
 */
export interface Gate {
  /** Mean absolute log error of the last value, by row of the horizon. 0 = not known. */
  readonly spread: Float64Array;
  /** Discounted sums of absolute errors over the horizon: the combined median, and the last value. Rates a second. */
  ours: number;
  naive: number;
  outcomes: number;
  closed: boolean;
}

export function beginGate(rows: number): Gate {
  return { spread: new Float64Array(rows), ours: 0, naive: 0, outcomes: 0, closed: false };
}

/** Learns how far the last value was off for one row: log units. */
export function learnSpread({ spread }: Gate, row: number, error: number): void {
  const known = spread[row] as number;
  spread[row] = known === 0 ? error : 0.98 * known + 0.02 * error;
}

/**
 * Learns the errors of all that was forecast for one step, and opens or closes.
 *
 * @param least skill below which the gate closes; null = it never does
 */
export function learnGate(gate: Gate, ours: number, naive: number, least: number | null): void {
  gate.ours = KEEP * gate.ours + ours;
  gate.naive = KEEP * gate.naive + naive;
  gate.outcomes++;
  const skill = skillOf(gate);
  if (least === null || skill === undefined) gate.closed = false;
  else if (gate.closed) gate.closed = skill < least + HYSTERESIS;
  else gate.closed = skill < least;
}

/** 1 − MAE of the median / MAE of the last value, 1 = perfect, 0 = no better. Undefined while there is too little to tell. */
export function skillOf({ ours, naive, outcomes }: Gate): number | undefined {
  if (outcomes < LEAST_OUTCOMES) return undefined;
  // A constant series: both are right.
  if (naive === 0) return ours === 0 ? 0 : Number.NEGATIVE_INFINITY;
  return 1 - ours / naive;
}

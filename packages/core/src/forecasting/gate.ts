import { moveRows } from './rows.ts';

const HOUR_MS = 3_600_000;
/** Half-life of past errors: nights and mornings must both be remembered. Never fewer outcomes. */
const HALF_LIFE_MS = 72 * HOUR_MS;
const LEAST_HALF_LIFE = 300;
/**
 * The gate of the last minutes: forecasts that were right for days and are lost in a crowd that nobody planned. It closes where their errors are
 * so many times those of the last value, so many times what they are at most times, and such a share of demand; and opens
 * when forecasts have been right again for some outcomes in a row. Without it quantiles that follow the errors widen for an hour, and buy several times what the crowd needs.
 */
const QUICK_KEEP = 0.5 ** (1 / 10);
const QUICK = { naive: 2, usual: 3, share: 0.3, right: 5 } as const;
/** What a gate must have seen before it may close. */
const EVIDENCE_MS = 12 * HOUR_MS;
const LEAST_OUTCOMES = 100;
/** Share of outcome or level below which an error is none, and multiple of the level above which it grows no more: one answer must not decide for days. */
const LEAST_SHARE = 1e-3;
const MOST_LEVELS = 10;

/**
 * Is a series' forecast better than "the last value goes on", which is what a reactive rule goes by? Mean absolute errors of both over
 * the whole horizon: at one step alone the last value may be right by chance, as a day ahead it is. And, for each row, how far the last
 * value was off, which is the spread of the forecast that stands in.
 */
export interface Gate {
  /** Mean absolute log error of the last value, by row of the horizon, and the outcomes that it is of. */
  readonly spread: Float64Array;
  readonly seen: Float64Array;
  /** Discounted sums of absolute errors over the horizon, rates a second: the median as it was issued, and the last value. */
  ours: number;
  naive: number;
  /** Steps of which at least one row was judged. */
  outcomes: number;
  closed: boolean;
  /** The same of the last minutes alone; absent in states of versions before there was one. */
  quick?: Quick | undefined;
  /** Whether it was last told that it is closed. */
  told: boolean;
}

/** Discounted sums over the last outcomes: errors of the median and of the last value, and what they are errors of. */
interface Quick {
  readonly ours: number;
  readonly naive: number;
  readonly size: number;
  readonly closed: boolean;
  /** While it is closed: outcomes in a row of which the forecast was as near as usual, or nearer than the last value. */
  readonly right: number;
}

const NO_QUICK: Quick = { ours: 0, naive: 0, size: 0, closed: false, right: 0 };

export function beginGate(rows: number): Gate {
  return { spread: new Float64Array(rows), seen: new Float64Array(rows), ours: 0, naive: 0, outcomes: 0, closed: false, told: false };
}

/** The same gate for another horizon. @param rows for each of its rows the nearest that is known */
export function gateFor(rows: readonly number[], gate: Gate): Gate {
  return { ...gate, spread: moveRows(gate.spread, rows), seen: moveRows(gate.seen, rows) };
}

/** Learns how far the last value was off for one row: log units. A plain mean of the first fifty outcomes, then of about the last hundred. */
export function learnSpread({ spread, seen }: Gate, row: number, error: number): void {
  const count = (seen[row] as number) + 1;
  seen[row] = count;
  spread[row] = (spread[row] as number) + Math.max(0.02, 1 / count) * (error - (spread[row] as number));
}

/**
 * An error as the gate counts it, in rates: what is missing in busy hours weighs more than a quiet night's noise.
 * @param level mean rate of the series
 */
export function gateError(forecast: number, outcome: number, level: number): number {
  const error = Math.abs(forecast - outcome);
  const size = Math.max(outcome, level);
  return error < LEAST_SHARE * size ? 0 : Math.min(error, MOST_LEVELS * size);
}

/**
 * Learns the errors of all that was forecast for one step, and opens or closes.
 *
 * @param size what they are errors of: the outcome, or the level of the series, as often as one was judged
 * @param least skill below which the gate closes; null = it never does
 */
export function learnGate(gate: Gate, ours: number, naive: number, size: number, least: number | null, stepMs: number): void {
  const keep = 0.5 ** (1 / Math.max(LEAST_HALF_LIFE, HALF_LIFE_MS / stepMs));
  gate.quick = least === null ? NO_QUICK : quickly(gate, ours, naive, size, keep);
  // What was not issued is not judged: one crowd would close the gate for days after it.
  if (gate.quick.closed) return;
  gate.ours = keep * gate.ours + ours;
  gate.naive = keep * gate.naive + naive;
  gate.outcomes++;
  const skill = skillOf(gate, stepMs);
  if (least === null || skill === undefined) gate.closed = false;
  else gate.closed = skill < (gate.closed ? opensAt(least) : least);
}

/** Before the errors are among the usual ones. */
function quickly({ quick = NO_QUICK, ours: sum, outcomes }: Gate, ours: number, naive: number, size: number, keep: number): Quick {
  const next = {
    ours: QUICK_KEEP * quick.ours + ours,
    naive: QUICK_KEEP * quick.naive + naive,
    size: QUICK_KEEP * quick.size + size,
  };
  const usual = (sum * (1 - keep)) / (1 - keep ** outcomes);
  if (quick.closed) {
    const right = ours <= naive || ours <= QUICK.usual * usual ? quick.right + 1 : 0;
    // Its sums begin anew: those of the crowd would close it again.
    return right < QUICK.right ? { ...next, closed: true, right } : NO_QUICK;
  }
  const lost =
    next.ours > QUICK.naive * next.naive && next.ours > (QUICK.usual * usual) / (1 - QUICK_KEEP) && next.ours > QUICK.share * next.size;
  return { ...next, closed: outcomes >= LEAST_OUTCOMES && lost, right: 0 };
}

/** Does the last value go on in place of the predictors? */
export function isClosed({ closed, quick }: Gate): boolean {
  return closed || quick?.closed === true;
}

/** How many times as far off as the last value the predictors were in the last minutes; undefined = it is not for these that the gate is closed. */
export function quickLoss({ quick }: Gate): number | undefined {
  return quick?.closed ? quick.ours / Math.max(quick.naive, 1e-9) : undefined;
}

/** A closed gate opens well above the skill at which it closed, so that it does not flap. */
function opensAt(least: number): number {
  return Math.min(least + 0.1, (least + 1) / 2);
}

/** 1 − error of the median / error of the last value, 1 = perfect, 0 = no better. Undefined while there is too little to tell. */
export function skillOf({ ours, naive, outcomes }: Gate, stepMs: number): number | undefined {
  if (outcomes < Math.max(LEAST_OUTCOMES, EVIDENCE_MS / stepMs)) return undefined;
  // A constant series: both are right.
  if (naive === 0) return ours === 0 ? 0 : Number.NEGATIVE_INFINITY;
  return 1 - ours / naive;
}

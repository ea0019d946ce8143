import { LEVELS } from '@auspex/contracts';
import { moveRows } from './rows.ts';

/** Share of the scale by which one outcome moves a quantile. */
const GAIN = 0.03;
/** Forgetting of the error scale: half of it is the last 70 outcomes. */
const KEEP = 0.99;

/**
 * Online correction of one series' quantiles, one offset a horizon row and level: after each outcome y,
 * θ ← θ + γ·s·(1[y > q + θ] − (1 − p)), the quantile tracker of Angelopoulos, Candès & Tibshirani (2023, eq. 6), in
 * log units so that it means the same at every level of demand. s = a running mean absolute error of the median.
 */
export interface Conformal {
  readonly theta: Float64Array;
  readonly scale: Float64Array;
}

export function beginConformal(rows: number): Conformal {
  return { theta: new Float64Array(rows * LEVELS.length), scale: new Float64Array(rows) };
}

/** The same correction for another horizon. @param rows for each of its rows the nearest that is known */
export function conformalFor(rows: readonly number[], { theta, scale }: Conformal): Conformal {
  return { theta: moveRows(theta, rows, LEVELS.length), scale: moveRows(scale, rows) };
}

/** The corrected quantiles as a new array; rows stay in order and not negative. */
export function correct(state: Conformal, quantiles: Float64Array, floor: number): Float64Array {
  const corrected = new Float64Array(quantiles.length);
  for (let row = 0, at = 0; at < quantiles.length; row++, at += LEVELS.length) correctRow(state, row, quantiles, at, floor, corrected, at);
  return corrected;
}

/** One row of quantiles, from `at` on, under the present correction, into `into` from `to` on. */
export function correctRow(
  { theta }: Conformal,
  row: number,
  quantiles: ArrayLike<number>,
  at: number,
  floor: number,
  into: Float64Array,
  to = 0,
): void {
  let below = 0;
  for (let column = 0; column < LEVELS.length; column++) {
    const shift = theta[row * LEVELS.length + column] as number;
    const q = quantiles[at + column] as number;
    const value = shift === 0 ? q : (q + floor) * Math.exp(shift) - floor;
    if (value > below) below = value;
    into[to + column] = below;
  }
}

/**
 * Learns from one matured row.
 *
 * @param row index of the horizon
 * @param at start of that row in `issued`, the uncorrected quantiles that were issued
 * @param y the outcome, rate a second
 * @param floor rate added before logarithms are taken
 */
export function learnConformal(state: Conformal, row: number, issued: ArrayLike<number>, at: number, y: number, floor: number): void {
  const columns = LEVELS.length;
  const logY = Math.log(y + floor);
  const error = Math.abs(logY - Math.log((issued[at + 3] as number) + floor));
  const scale = state.scale[row] as number;
  state.scale[row] = scale === 0 ? error : KEEP * scale + (1 - KEEP) * error;
  const gain = GAIN * (state.scale[row] as number);
  for (let column = 0; column < columns; column++) {
    const index = row * columns + column;
    const theta = state.theta[index] as number;
    const above = isAbove((y + floor) / ((issued[at + column] as number) + floor), theta) ? 1 : 0;
    state.theta[index] = theta + gain * (above - (1 - (LEVELS[column] as number)));
  }
}

/** ln(ratio) > theta; 1 - 1/x <= ln(x) <= x - 1 spares most logarithms, of which there would be eight a row. */
function isAbove(ratio: number, theta: number): boolean {
  if (theta < 1 - 1 / ratio) return true;
  return theta < ratio - 1 && Math.log(ratio) > theta;
}

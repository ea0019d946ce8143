import { LEVELS } from '@auspex/contracts';

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

/** The corrected quantiles as a new array; rows stay in order and not negative. */
export function correct(state: Conformal, quantiles: Float64Array, floor: number): Float64Array {
  const corrected = new Float64Array(quantiles.length);
  const columns = LEVELS.length;
  for (let index = 0; index < quantiles.length; index++) {
    const theta = state.theta[index] as number;
    const q = quantiles[index] as number;
    const value = theta === 0 ? q : Math.max(0, (q + floor) * Math.exp(theta) - floor);
    const below = index % columns === 0 ? 0 : (corrected[index - 1] as number);
    corrected[index] = Math.max(value, below);
  }
  return corrected;
}

/** One row of issued quantiles under the present correction, into `into`. */
export function correctRow(
  { theta }: Conformal,
  row: number,
  issued: ArrayLike<number>,
  at: number,
  floor: number,
  into: Float64Array,
): void {
  let below = 0;
  for (let column = 0; column < LEVELS.length; column++) {
    const value = ((issued[at + column] as number) + floor) * Math.exp(theta[row * LEVELS.length + column] as number) - floor;
    below = Math.max(below, value);
    into[column] = below;
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

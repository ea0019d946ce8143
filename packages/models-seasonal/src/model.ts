import { addRow, type NormalEquations, solveRidge } from '@auspex/numerics';
import { D1, DEV_FAST, INPUTS, LAGS, M4, PROFILE, W1 } from './features.ts';
import { beginSpread, type Spread, scaleOf } from './spread.ts';
import type { Workspace } from './workspace.ts';

/**
 * A solution holds for one row, then two, eight, at last 24: the more rows it stands on, the less one row moves it. Rows of short steps
 * say nearly the same as their neighbours: there it holds up to four times as long. Solving is most of what this predictor costs; against
 * 1, 4 and 12 this is a third of the solutions and .001 to .008 of relative loss.
 */
const FEW_ROWS = 24;
export const FIRST_ROWS = 100;
const MANY_ROWS = 400;
const LONG_STEP_MS = 600_000;
const HOUR_MS = 3_600_000;
/** Strengths of the prior that are tried, times the option `ridge`. */
export const STRENGTHS = [0.04, 0.3, 2, 15] as const;
/** Learning rate of their weights, for errors in scales. */
const RATE = 0.6;
/** A burst must not choose among them. */
const MOST_LOSS = 6;
/** Loss that a weaker belief begins with, for each step weaker: a few rows fit anything, and the first days would pay for it. */
const HEAD_START = 10;

/** The regression for one horizon with the forecasts that wait for their outcome. */
export interface HorizonModel extends NormalEquations {
  readonly h: number;
  readonly gram: Float32Array;
  readonly moment: Float32Array;
  /** Those in service: a mix of the candidates, which are solutions with priors of different strength. */
  readonly coefficients: Float64Array;
  readonly candidates: readonly Float32Array[];
  /** Discounted absolute errors of the candidates, in scales. */
  readonly losses: Float64Array;
  /** Sum of the forgetting weights of the rows, and rows in all. */
  weight: number;
  rows: number;
  /** Log forecasts made at the last `h` origins, by number of the step modulo `h`. NaN = none. */
  readonly pending: Float64Array;
  readonly spread: Spread;
}

/** Yesterday, last week, the mean of days and the profile of the week, plus what is left of the present deviation: half of it after two hours. */
export function priorCoefficients(h: number, stepMs: number, out: Float64Array): void {
  out.fill(0);
  out[1 + D1] = 0.3;
  out[1 + W1] = 0.2;
  out[1 + M4] = 0.1;
  out[1 + PROFILE] = 0.4;
  out[LAGS + DEV_FAST] = 0.5 ** ((h * stepMs) / (2 * HOUR_MS));
}

export function beginModel(h: number, stepMs: number): HorizonModel {
  const coefficients = new Float64Array(INPUTS);
  priorCoefficients(h, stepMs, coefficients);
  return {
    h,
    gram: new Float32Array((INPUTS * (INPUTS + 1)) / 2),
    moment: new Float32Array(INPUTS),
    coefficients,
    candidates: STRENGTHS.map(() => Float32Array.from(coefficients)),
    losses: Float64Array.from(STRENGTHS, (_, k) => HEAD_START * (STRENGTHS.length - 1 - k)),
    weight: 0,
    rows: 0,
    pending: new Float64Array(h).fill(Number.NaN),
    // A mean absolute error of about 15 % one minute ahead and 50 % a day ahead.
    spread: beginSpread(0.15 * Math.max(1, (h * stepMs) / 60_000) ** 0.165),
  };
}

/** The log forecast that was made after the step of that number; NaN = none. */
export function pendingAt({ pending, h }: HorizonModel, number: number): number {
  return pending[((number % h) + h) % h] as number;
}

export function predict(model: HorizonModel, x: Float64Array): number {
  const b = model.coefficients;
  let sum = 0;
  for (let i = 0; i < INPUTS; i++) sum += (b[i] as number) * (x[i] as number);
  return sum;
}

/**
 * Learns one row. Errors beyond two scales count less (Huber 1964), so that a burst does not bend the season.
 *
 * @param keep forgetting factor of one row
 * @param ridge weight of the prior, in rows
 */
export function learn(
  model: HorizonModel,
  x: Float64Array,
  y: number,
  keep: number,
  ridge: number,
  stepMs: number,
  space: Workspace,
): void {
  const scale = scaleOf(model.spread);
  const error = Math.abs(y - predict(model, x));
  const weight = Math.min(1, (2 * scale) / error);
  judgeStrengths(model, x, y, scale, keep);
  addRow(model, x, y, weight, keep);
  model.weight = keep * model.weight + weight;
  model.rows++;
  const lasts = rowsHeld(model.rows) * Math.max(1, Math.min(4, Math.round(LONG_STEP_MS / stepMs)));
  // Horizons take turns, so that no step pays for all.
  if ((model.rows + model.h) % lasts !== 0) return;
  const { prior, penalty, solution, work } = space;
  priorCoefficients(model.h, stepMs, prior);
  let trace = 0;
  for (let i = 0; i < INPUTS; i++) trace += model.gram[(i * (i + 3)) / 2] as number;
  // Each input's own size sets its penalty; a share of the mean size keeps inputs that never moved solvable.
  for (const [k, strength] of STRENGTHS.entries()) {
    for (let i = 0; i < INPUTS; i++) {
      penalty[i] = ((strength * ridge) / model.weight) * ((model.gram[(i * (i + 3)) / 2] as number) + 0.01 * (trace / INPUTS)) + 1e-9;
    }
    solveRidge(model, prior, penalty, solution, work);
    (model.candidates[k] as Float32Array).set(solution);
  }
  mixStrengths(model);
}

function rowsHeld(rows: number): number {
  if (rows <= FEW_ROWS) return 1;
  return rows <= FIRST_ROWS ? 2 : rows <= MANY_ROWS ? 8 : 24;
}

/** How well each strength of the prior would have done on this row, which none of them has learnt yet. */
function judgeStrengths(model: HorizonModel, x: Float64Array, y: number, scale: number, keep: number): void {
  for (const [k, b] of model.candidates.entries()) {
    let sum = 0;
    for (let i = 0; i < INPUTS; i++) sum += (b[i] as number) * (x[i] as number);
    model.losses[k] = keep * (model.losses[k] as number) + Math.min(MOST_LOSS, Math.abs(y - sum) / scale);
  }
}

/** The coefficients in service: those of each strength by its past loss (exponential weights). */
function mixStrengths({ candidates, losses, coefficients }: HorizonModel): void {
  const least = Math.min(...losses);
  let sum = 0;
  coefficients.fill(0);
  for (const [k, b] of candidates.entries()) {
    const weight = Math.exp(-RATE * ((losses[k] as number) - least));
    sum += weight;
    for (let i = 0; i < INPUTS; i++) coefficients[i] = (coefficients[i] as number) + weight * (b[i] as number);
  }
  for (let i = 0; i < INPUTS; i++) coefficients[i] = (coefficients[i] as number) / sum;
}

/** Lets what was learnt count `share` of itself: when inputs that were stand-ins become real. */
export function discount(model: HorizonModel, share: number): void {
  for (let i = 0; i < model.gram.length; i++) model.gram[i] = share * (model.gram[i] as number);
  for (let i = 0; i < model.moment.length; i++) model.moment[i] = share * (model.moment[i] as number);
  model.weight *= share;
}

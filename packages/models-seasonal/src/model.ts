import { addRow, type NormalEquations, solveRidge } from '@auspex/numerics';
import { D1, DEV_FAST, INPUTS, LAGS, M4, W1 } from './features.ts';
import { beginSpread, type Spread, scaleOf } from './spread.ts';
import type { Workspace } from './workspace.ts';

/** A solution holds for one row, then four, then twelve: the more rows it stands on, the less one row moves it. */
const FIRST_ROWS = 100;
const MANY_ROWS = 400;
const HOUR_MS = 3_600_000;

/** The regression for one horizon with the forecasts that wait for their outcome. */
export interface HorizonModel extends NormalEquations {
  readonly h: number;
  readonly gram: Float32Array;
  readonly moment: Float32Array;
  readonly coefficients: Float64Array;
  /** Sum of the forgetting weights of the rows, and rows in all. */
  weight: number;
  rows: number;
  /** Log forecasts made at the last `h` origins, by number of the step modulo `h`. NaN = none. */
  readonly pending: Float64Array;
  readonly spread: Spread;
}

/** Yesterday, last week and the mean of days, plus what is left of the present deviation: half of it after two hours. */
export function priorCoefficients(h: number, stepMs: number, out: Float64Array): void {
  out.fill(0);
  out[1 + D1] = 0.35;
  out[1 + W1] = 0.35;
  out[1 + M4] = 0.3;
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
    weight: 0,
    rows: 0,
    pending: new Float64Array(h).fill(Number.NaN),
    // A mean absolute error of about 15 % one minute ahead and 50 % a day ahead.
    spread: beginSpread(0.15 * Math.max(1, (h * stepMs) / 60_000) ** 0.165),
  };
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
  const error = Math.abs(y - predict(model, x));
  const weight = Math.min(1, (2 * scaleOf(model.spread)) / error);
  addRow(model, x, y, weight, keep);
  model.weight = keep * model.weight + weight;
  model.rows++;
  const lasts = model.rows <= FIRST_ROWS ? 1 : model.rows <= MANY_ROWS ? 4 : 12;
  // Horizons take turns, so that no step pays for all.
  if ((model.rows + model.h) % lasts !== 0) return;
  const { prior, penalty, work } = space;
  priorCoefficients(model.h, stepMs, prior);
  let trace = 0;
  for (let i = 0; i < INPUTS; i++) trace += model.gram[(i * (i + 3)) / 2] as number;
  // Each input's own size sets its penalty; a share of the mean size keeps inputs that never moved solvable.
  for (let i = 0; i < INPUTS; i++) {
    penalty[i] = (ridge / model.weight) * ((model.gram[(i * (i + 3)) / 2] as number) + 0.01 * (trace / INPUTS)) + 1e-9;
  }
  solveRidge(model, prior, penalty, model.coefficients, work);
}

/** Lets what was learnt count `share` of itself: when inputs that were stand-ins become real. */
export function discount(model: HorizonModel, share: number): void {
  for (let i = 0; i < model.gram.length; i++) model.gram[i] = share * (model.gram[i] as number);
  for (let i = 0; i < model.moment.length; i++) model.moment[i] = share * (model.moment[i] as number);
  model.weight *= share;
}

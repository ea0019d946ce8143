import { addRow, type NormalEquations, solveRidge } from '@auspex/numerics';

/** Leaders of a pool. */
export const SLOTS = 4;
/** How long ago a leader is looked at, in lead times: what is new counts, and what has been there for long the pool shows by itself. */
const DELAYS: readonly number[] = [0, 0.5, 1, 2];
export const INPUTS_OF_ONE = DELAYS.length;
export const INPUTS = SLOTS * INPUTS_OF_ONE;

const MINUTE = 60_000;
/** After so long an outcome counts half. */
const HALF_LIFE_MS = 21 * 86_400_000;
/** Minutes of news of one log unit that "it leads nothing" counts as. */
const RIDGE = 10;
/** Solving costs more than all the rest, and an hour changes little. */
const SOLVE_MS = 3_600_000;
const PRIOR = new Float64Array(INPUTS);
const PENALTY = new Float64Array(INPUTS).fill(RIDGE);

const work = new Float64Array((INPUTS * (INPUTS + 1)) / 2 + INPUTS);

/** What is believed of how a pool follows its leaders at one row of its horizon: least squares with forgetting and a ridge. Data. */
export interface RowBelief extends NormalEquations {
  readonly gram: Float64Array;
  readonly moment: Float64Array;
  /** Step of the last outcome, epoch ms. */
  last: number;
  /** Weights of the inputs as they were last solved for, and when. */
  readonly weights: Float64Array;
  solved: number;
}

/** @param like a belief that this one begins as; absent = that nobody leads */
export function copyRow(like?: RowBelief): RowBelief {
  if (like) return { ...like, gram: like.gram.slice(), moment: like.moment.slice(), weights: like.weights.slice() };
  return {
    gram: new Float64Array((INPUTS * (INPUTS + 1)) / 2),
    moment: new Float64Array(INPUTS),
    last: 0,
    weights: new Float64Array(INPUTS),
    solved: 0,
  };
}

/** Steps back at which leaders are looked at, newest first. */
export function delaysOf(leadTimeMs: number, stepMs: number): number[] {
  return DELAYS.map((delay) => Math.ceil((delay * leadTimeMs) / stepMs));
}

/**
 * Learns one outcome.
 *
 * @param inputs as they were at the origin, [leader x delay]
 * @param outcome log of the demand relative to the median that was forecast without leaders
 */
export function learnRow(row: RowBelief, inputs: Float64Array, outcome: number, step: number, stepMs: number): void {
  const keep = row.last === 0 ? 1 : 0.5 ** (Math.max(0, step - row.last) / HALF_LIFE_MS);
  // In minutes, so that a long step counts as what it is.
  addRow(row, inputs, outcome, stepMs / MINUTE, keep);
  row.last = step;
}

/**
 * Log units that each leader is believed to move the pool by, into `parts` from `at` on.
 *
 * @param origin of the forecast, epoch ms
 */
export function partsOf(row: RowBelief, inputs: Float64Array, origin: number, parts: Float32Array, at: number): void {
  const { weights } = row;
  if (origin - row.solved >= SOLVE_MS) {
    if (!solveRidge(row, PRIOR, PENALTY, weights, work)) weights.fill(0);
    row.solved = origin;
  }
  for (let slot = 0; slot < SLOTS; slot++) {
    let sum = 0;
    for (let i = slot * INPUTS_OF_ONE; i < (slot + 1) * INPUTS_OF_ONE; i++) sum += (weights[i] as number) * (inputs[i] as number);
    parts[at + slot] = sum;
  }
}

/** Nothing is known of the leader that takes a slot over. */
export function clearSlot({ gram, moment, weights }: RowBelief, slot: number): void {
  const isOf = (i: number): boolean => Math.floor(i / INPUTS_OF_ONE) === slot;
  for (let i = 0, k = 0; i < INPUTS; i++) {
    if (isOf(i)) {
      moment[i] = 0;
      weights[i] = 0;
    }
    for (let j = 0; j <= i; j++, k++) if (isOf(i) || isOf(j)) gram[k] = 0;
  }
}

import { type ForecastRequest, LEVELS, NOT_READY, type NotReady, type Prediction } from '@auspex/contracts';
import type { Weights } from './artifact.ts';
import { headWidth, rawOutputs, rise } from './head.ts';
import { columnsOf } from './levels.ts';
import { bounded, type Memory, oneOf, seasonChange, seasonChanges } from './memory.ts';
import { EXTRAS, HORIZONS, INPUTS, OUTPUTS } from './network.ts';
import { lastRow, type RnnState, rerun } from './state.ts';

/** Furthest that a quantile may lie above the day's highest rate, on the log scale: a factor of twenty. */
const MOST = 3;
/** Span over which a day bends so much that yesterday's one noisy slot is a better guide than a straight line; less counts in part. */
const BEND = 4 * 3_600_000;

/** Working memory of one instance; holds nothing between calls. */
export interface Room {
  readonly hidden: Float64Array;
  readonly cell: Float64Array;
  readonly gates: Float64Array;
  readonly v: Float64Array;
  readonly raw: Float64Array;
  readonly quantiles: Float64Array;
}

export function beginRoom(hidden: number): Room {
  return {
    hidden: new Float64Array(hidden),
    cell: new Float64Array(hidden),
    gates: new Float64Array(4 * hidden),
    v: new Float64Array(headWidth(hidden)),
    raw: new Float64Array(OUTPUTS),
    quantiles: new Float64Array(OUTPUTS),
  };
}

/** Quantiles of the rate, from the carried state in O(1), or from the ring when it was made by other weights. */
export function forecastState(
  state: RnnState,
  { origin, horizon, levels }: ForecastRequest,
  weights: Weights | undefined,
  room: Room,
): Prediction | NotReady {
  const { memory } = state;
  if (!weights || memory.slots < state.inputs.length / INPUTS) return NOT_READY;
  runHead(state, weights, room);
  const columns = levels.length;
  const quantiles = new Float64Array(horizon.length * columns);
  const { left, share } = columnsOf(levels);
  const one = oneOf(memory.stepMs);
  const most = highest(memory.day) + MOST;
  for (let row = 0; row < horizon.length; row++) {
    const target = origin + ((horizon[row] as number) - 1) * memory.stepMs;
    const ahead = Math.floor((target - memory.slot) / memory.slotMs);
    let k = 0;
    while (k < HORIZONS.length - 2 && ahead >= (HORIZONS[k + 1] as number)) k++;
    const from = HORIZONS[k] as number;
    const part = bounded(2 * ((ahead - from) / ((HORIZONS[k + 1] as number) - from)) - 1, 1) * 0.5 + 0.5;
    const span = Math.max((HORIZONS[k + 1] as number) - from, ahead - (HORIZONS[k + 1] as number)) * memory.slotMs;
    const season = Math.min(1, span / BEND) * seasonBeside(memory, room.v.length - EXTRAS + k, part, Math.max(1, ahead), room.v);
    let least = 0;
    for (let column = 0; column < columns; column++) {
      const at = k * LEVELS.length + (left[column] as number);
      const low = between(room.quantiles, at, part);
      const change = low + (share[column] as number) * (between(room.quantiles, at + 1, part) - low);
      const log = Math.min(most, memory.last + (change + season) * memory.scale.change);
      least = Math.max(least, Math.exp(log) - one);
      quantiles[row * columns + column] = least;
    }
  }
  return { quantiles };
}

/**
 * What yesterday shows at a target beyond the line between the two horizons around it, whose own values are `v` at `at` and
 * after: a peak between 8 and 16 slots is not cut off, and beyond 16 the season goes on. 0 at a horizon of the head.
 */
function seasonBeside(memory: Memory, at: number, part: number, ahead: number, v: Float64Array): number {
  const low = v[at] as number;
  const change = seasonChange(memory, ahead) - (low + part * ((v[at + 1] as number) - low));
  return Number.isNaN(change) ? 0 : change;
}

function highest(day: Float64Array): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < day.length; i++) if ((day[i] as number) > top) top = day[i] as number;
  return top;
}

/** One quantile between two horizons. */
function between(quantiles: Float64Array, at: number, part: number): number {
  const near = quantiles[at] as number;
  return near + part * ((quantiles[at + LEVELS.length] as number) - near);
}

function runHead(state: RnnState, weights: Weights, room: Room): void {
  const { network, tag } = weights;
  if (state.tag === tag) room.v.set(state.hidden);
  else {
    rerun(state, weights, room.hidden, room.cell, room.gates);
    room.v.set(room.hidden);
  }
  const row = lastRow(state);
  for (let i = 0; i < INPUTS; i++) room.v[network.hidden + i] = state.inputs[row + i] as number;
  seasonChanges(state.memory, room.v, network.hidden + INPUTS);
  rawOutputs(network, room.v, room.raw);
  rise(room.raw, room.quantiles);
}

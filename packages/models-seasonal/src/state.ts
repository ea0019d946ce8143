import type { SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { DEVIATIONS, INPUTS, ORIGIN } from './features.ts';
import { horizonGrid } from './grid.ts';
import { beginHours, type Hours } from './hours.ts';
import { beginMemory, type Memory } from './memory.ts';
import { beginModel, type HorizonModel, STRENGTHS } from './model.ts';
import { beginRecent, type Recent } from './recent.ts';
import { KEPT, sortErrors } from './spread.ts';

/** Version of the encoding. */
const VERSION = 3;

/** All that is known of one series. */
export interface SeasonalState {
  readonly zone: string;
  readonly stepMs: number;
  readonly maxSteps: number;
  /** Most steps ahead that forecasts are asked for, at most `maxSteps`. */
  readonly ahead: number;
  /** Added to rates before logarithms: a share of the level, so that zeros have one. */
  offset: number;
  /** Start of the last step, and of the last one that was observed, epoch ms. NaN = none. */
  lastStep: number;
  cleanStep: number;
  /** By how much the log of a bound lies above what is believed of a capped step. 0 = not at all. */
  lift: number;
  /** How far back seasons reach: 0 nothing, 1 a day, 2 a week. */
  reach: number;
  readonly memory: Memory;
  readonly recent: Recent;
  readonly hours: Hours;
  /** Inputs at the last `maxSteps` origins, by number of the step, and at the last observed one. */
  readonly origins: Float64Array;
  readonly clean: Float64Array;
  readonly models: readonly HorizonModel[];
}

export function beginState(series: SeriesInfo, maxSteps: number): SeasonalState {
  const ahead = aheadOf(series, maxSteps);
  return {
    zone: series.zone,
    stepMs: series.stepMs,
    maxSteps,
    ahead,
    offset: 0,
    lastStep: Number.NaN,
    cleanStep: Number.NaN,
    lift: 0,
    reach: 0,
    memory: beginMemory(series.stepMs),
    recent: beginRecent(),
    hours: beginHours(),
    origins: new Float64Array(maxSteps * ORIGIN).fill(Number.NaN),
    clean: new Float64Array(ORIGIN),
    models: horizonGrid(maxSteps, ahead).map((h) => beginModel(h, series.stepMs)),
  };
}

function aheadOf({ ahead }: SeriesInfo, maxSteps: number): number {
  return Math.max(1, Math.min(maxSteps, ahead ?? maxSteps));
}

export function encodeState(state: SeasonalState): Uint8Array {
  return pack({
    v: VERSION,
    ...state,
    models: state.models.map((model) => {
      const { sorted: _, ...spread } = model.spread;
      return { ...model, spread: { ...spread, ring: spread.ring.slice(0, Math.min(spread.count, KEPT)) } };
    }),
  });
}

/**
 * @param series what is asked now: where it asks further ahead than it did, or less far, horizons that have no model yet begin one
 * @throws Error on bytes that `encodeState` did not write
 */
export function decodeState(bytes: Uint8Array, series?: SeriesInfo): SeasonalState {
  const { v, ...state } = unpack<SeasonalState & { v: number }>(bytes);
  if (v !== VERSION) throw new Error(`this is no state of seasonal, version ${VERSION}`);
  if (!hasShape(state)) throw new Error('the state of seasonal is incomplete');
  const ahead = series === undefined ? state.ahead : aheadOf(series, state.maxSteps);
  const read = new Map(
    state.models.map((model) => {
      const ring = new Float32Array(KEPT);
      ring.set(model.spread.ring);
      const spread = { ...model.spread, ring, sorted: new Float32Array(KEPT) };
      sortErrors(spread);
      return [model.h, { ...model, spread }] as const;
    }),
  );
  return { ...state, ahead, models: horizonGrid(state.maxSteps, ahead).map((h) => read.get(h) ?? beginModel(h, state.stepMs)) };
}

function hasShape(state: SeasonalState): boolean {
  if (!(state.stepMs > 0 && state.maxSteps > 0 && state.ahead > 0 && Array.isArray(state.models))) return false;
  const grid = horizonGrid(state.maxSteps, state.ahead);
  return (
    state.memory.logs.length === beginMemory(state.stepMs).logs.length &&
    state.memory.profile.length === beginMemory(state.stepMs).profile.length &&
    state.origins.length === state.maxSteps * ORIGIN &&
    state.clean.length === ORIGIN &&
    state.recent.means.length === 4 &&
    state.recent.deviations.length === DEVIATIONS &&
    state.models.length === grid.length &&
    state.models.every(
      (model, i) =>
        model.h === grid[i] &&
        model.moment.length === INPUTS &&
        model.coefficients.length === INPUTS &&
        model.coefficients.every(Number.isFinite) &&
        model.candidates.length === STRENGTHS.length &&
        model.candidates.every((each: Float32Array) => each.length === INPUTS) &&
        model.pending.length === model.h &&
        model.spread.ring.length <= KEPT,
    )
  );
}

import type { Observation } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { believe } from './believe.ts';
import { assemble, ORIGIN, REFERENCE, seasonalLags } from './features.ts';
import { addHour, type Hours, hourFactor, meanError } from './hours.ts';
import { DAY, lag, placeOf, reanchor, remember } from './memory.ts';
import { discount, FIRST_ROWS, type HorizonModel, learn, pendingAt } from './model.ts';
import { addRecent, originInputs } from './recent.ts';
import { addError, scaleOf } from './spread.ts';
import type { SeasonalState } from './state.ts';
import type { Workspace } from './workspace.ts';

/** Offset of the logarithm as a share of the week's mean rate. */
const OFFSET_SHARE = 0.3;
/** A bound above what is believed raises near forecasts by at most this factor: retries can multiply what is seen. */
const MOST_LIFT = Math.log(8);
const LIFT_HALF_LIFE_MS = 1_800_000;
/** Steps left out are filled in, but no more than memory reaches back. */
const MOST_FILLED_MS = 16 * DAY;

/** How models learn; the same for every step of one series. */
export interface Learning {
  /** Every `stride`-th step is a row: neighbours say nearly the same, and a long memory has rows enough. */
  readonly stride: number;
  /** Forgetting factor of one row, and the weight of the prior in rows. */
  readonly keep: number;
  readonly ridge: number;
}

/** Learning with a half-life of `halfLifeSteps`: at least two thousand rows inside it before steps are passed over. */
export function learningFor(halfLifeSteps: number, ridge: number): Learning {
  const stride = Math.max(1, Math.min(4, Math.floor(halfLifeSteps / 2_000)));
  return { stride, keep: 0.5 ** (stride / halfLifeSteps), ridge };
}

/** What is left of a lift after `steps` steps. */
export function liftKept(steps: number, stepMs: number): number {
  return 0.5 ** (steps / Math.max(3, LIFT_HALF_LIFE_MS / stepMs));
}

/** Adds one closed step. Steps at or before the last are ignored; steps that were left out count as missing. */
export function observe(state: SeasonalState, seen: Observation, learning: Learning, space: Workspace): SeasonalState {
  if (seen.step <= state.lastStep) return state;
  const known = seen.truth === 'observed' && Number.isFinite(seen.value) && seen.value >= 0;
  if (Number.isNaN(state.lastStep)) {
    if (!known) return state;
    state.offset = seen.value > 0 ? OFFSET_SHARE * seen.value : (OFFSET_SHARE * 1_000) / state.stepMs;
  } else {
    const skipped = Math.min(MOST_FILLED_MS / state.stepMs, Math.round((seen.step - state.lastStep) / state.stepMs) - 1);
    for (let i = skipped; i > 0; i--) pass(state, seen.step - i * state.stepMs, undefined, space);
  }
  if (known) meet(state, seen.step, seen.value, learning, space);
  else pass(state, seen.step, seen.truth === 'censored' && Number.isFinite(seen.value) ? seen.value : undefined, space);
  return state;
}

/** Learns from an observed step, then forecasts from it for every horizon: the forecasts that will be judged. */
function meet(state: SeasonalState, step: number, rate: number, learning: Learning, space: Workspace): void {
  const { models, origins, stepMs, maxSteps } = state;
  const number = Math.floor(step / stepMs);
  anchor(state);
  const y = Math.log(rate + state.offset);
  reachBack(state, step);
  const local = zone(state.zone).toLocal(step);
  seasonalLags(state.memory, local, stepMs, space.lags, space.holidays);
  const factor = hourFactor(state.hours, local, meanError(state.hours));
  for (const model of models) {
    judge(model, number, y, state.hours, local, factor);
    if ((state.reach > 0 || model.rows > FIRST_ROWS) && slot(number + model.h, learning.stride) !== 0) continue;
    const from = slot(number - model.h, maxSteps) * ORIGIN;
    const reference = origins[from + REFERENCE] as number;
    if (Number.isNaN(reference)) continue;
    assemble(space.lags, origins, from, space.x);
    learn(model, space.x, y - reference, learning.keep, learning.ridge, stepMs, space);
  }
  keep(state, step, rate, y, true, space);
  const at = slot(number, maxSteps) * ORIGIN;
  originInputs(state.recent, space.lags, state.offset, origins, at);
  state.clean.set(origins.subarray(at, at + ORIGIN));
  state.cleanStep = step;
  state.lift = 0;
  for (const model of models) {
    model.pending[slot(number, model.h)] = believe(state, state.clean, 0, step + model.h * stepMs, model.h, space);
  }
}

/**
 * Passes over a step of which demand is not known: memory gets what is believed of it, and no model learns. A bound
 * raises forecasts for a while, and nothing else: neither a cap nor a storm of retries reaches next week's forecast.
 */
function pass(state: SeasonalState, step: number, bound: number | undefined, space: Workspace): void {
  const { models, origins, stepMs, maxSteps } = state;
  const number = Math.floor(step / stepMs);
  const believed = believe(state, state.clean, 0, step, Math.round((step - state.cleanStep) / stepMs), space);
  keep(state, step, Math.max(0, Math.exp(believed) - state.offset), believed, false, space);
  const at = slot(number, maxSteps) * ORIGIN;
  origins.fill(Number.NaN, at, at + ORIGIN);
  for (const model of models) model.pending[slot(number, model.h)] = Number.NaN;
  const above = bound === undefined ? 0 : Math.min(MOST_LIFT, Math.log(Math.max(0, bound) + state.offset) - believed);
  state.lift = Math.max(0, above, state.lift * liftKept(1, stepMs));
}

function slot(number: number, length: number): number {
  return ((number % length) + length) % length;
}

function judge(model: HorizonModel, number: number, y: number, hours: Hours, local: number, factor: number): void {
  const forecast = pendingAt(model, number);
  if (Number.isNaN(forecast)) return;
  addHour(hours, local, (y - forecast) / scaleOf(model.spread));
  addError(model.spread, (y - forecast) / factor);
}

function keep(state: SeasonalState, step: number, rate: number, log: number, observed: boolean, space: Workspace): void {
  const local = zone(state.zone).toLocal(step);
  const typical = observed && !space.holidays?.has(Math.floor(local / DAY));
  remember(state.memory, local, rate, state.offset, typical);
  addRecent(state.recent, rate, log, space.lags, state.stepMs);
  state.lastStep = step;
}

/** When a day, then a week, first lies behind: what was learnt on stand-ins gives way to the real lags. */
function reachBack(state: SeasonalState, step: number): void {
  if (state.reach === 2) return;
  const days = state.reach === 0 ? 1 : 7;
  if (Number.isNaN(lag(state.memory, placeOf(state.memory, zone(state.zone).toLocal(step), state.stepMs), days))) return;
  for (const model of state.models) discount(model, state.reach === 0 ? 0.05 : 0.3);
  state.reach++;
}

/** Moves the offset when the level has moved by a factor of two since it was set. */
function anchor(state: SeasonalState): void {
  const wanted = OFFSET_SHARE * (state.recent.means[3] as number);
  if (!(wanted > 0) || (wanted < 2 * state.offset && wanted > 0.5 * state.offset)) return;
  const before = state.offset;
  state.offset = wanted;
  reanchor(state.memory, before, wanted);
  const { last } = state.recent;
  for (let i = 0; i < last.length; i++) last[i] = Math.log(Math.max(0, Math.exp(last[i] as number) - before) + wanted);
}

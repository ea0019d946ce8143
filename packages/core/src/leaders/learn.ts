import { LEVELS } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { rowLoss } from '../forecasting/ensemble.ts';
import { floorOf, type SeriesState } from '../forecasting/mixer.ts';
import { learnRow, SLOTS } from './belief.ts';
import { closeDay, noteGain } from './proof.ts';
import { isUsed, type LeadersState, reach, type Waiting } from './state.ts';

const MEDIAN = LEVELS.indexOf(0.5);
const COLUMNS = LEVELS.length;
const DAY_MS = 86_400_000;
/** A pool is moved by its leaders by no more than this, log units; nor is more learnt from one outcome than a factor of 7. */
const MOST_SHIFT = Math.LN2;
const MOST_OUTCOME = 2;
/** What a leader says that is nothing, log units. */
const SLIGHT = 0.01;

const shifted = new Float64Array(COLUMNS);

/** Rows of a waiting forecast, its parts among them: what leaders in use move a row by together, log units. */
export function shiftOf(state: LeadersState, parts: ArrayLike<number>, row: number, band: number, only: (slot: number) => boolean): number {
  let sum = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (state.leaders[slot]?.proofs[band]?.used && only(slot)) sum += parts[row * SLOTS + slot] as number;
  }
  return bounded(sum);
}

function bounded(shift: number): number {
  return Math.min(MOST_SHIFT, Math.max(-MOST_SHIFT, shift));
}

/** Learns from what came of the forecasts in which leaders had a say. Only what was seen teaches: a bound says too little. */
export function learnOutcomes(state: LeadersState, total: SeriesState, step: number, rate: number | undefined): void {
  if (state.leaders.every((leader) => leader === undefined)) return;
  const { stepMs, zone: name } = total.info;
  reach(state, total.horizon);
  // The day ends before its next step is judged.
  endDay(state, Math.floor(zone(name).toLocal(step) / DAY_MS));
  if (state.waiting.length === 0) return;
  if (rate !== undefined) {
    for (const waiting of state.waiting) {
      const row = total.horizon.indexOf(Math.round((step - waiting.origin) / stepMs) + 1);
      if (row >= 0) learnOutcome(state, total, waiting, row, step, rate);
    }
  }
  const last = total.horizon.at(-1) as number;
  state.waiting = state.waiting.filter(({ origin }) => step - origin < (last - 1) * stepMs);
}

function learnOutcome(state: LeadersState, total: SeriesState, waiting: Waiting, row: number, step: number, rate: number): void {
  const floor = floorOf(total);
  const at = row * COLUMNS;
  const outcome = Math.log((rate + floor) / ((waiting.quantiles[at + MEDIAN] as number) + floor));
  judge(state, total, waiting, row, rate);
  const told = Math.min(MOST_OUTCOME, Math.max(-MOST_OUTCOME, outcome));
  learnRow(state.rows[row] as (typeof state.rows)[number], waiting.inputs, told, step, total.info.stepMs);
}

/** What each leader was worth beside those in use, by the weights of the forecast's time. */
function judge(state: LeadersState, { bands, level }: SeriesState, { parts, quantiles }: Waiting, row: number, rate: number): void {
  const band = bands[row] as number;
  const whole = shiftOf(state, parts, row, band, () => true);
  for (const [slot, leader] of state.leaders.entries()) {
    const part = parts[row * SLOTS + slot] as number;
    const proof = leader?.proofs[band];
    if (proof === undefined || Math.abs(part) < SLIGHT) continue;
    const without = shiftOf(state, parts, row, band, (each) => each !== slot);
    const beside = proof.used ? whole : bounded(without + part);
    const loss = lossOf(quantiles, row, without, rate) / level;
    noteGain(proof, loss - lossOf(quantiles, row, beside, rate) / level, loss);
  }
}

function lossOf(quantiles: Float32Array, row: number, shift: number, rate: number): number {
  const factor = Math.exp(shift);
  for (let column = 0; column < COLUMNS; column++) shifted[column] = factor * (quantiles[row * COLUMNS + column] as number);
  return rowLoss(shifted, 0, rate);
}

function endDay(state: LeadersState, day: number): void {
  if (day === state.day) return;
  state.day = day;
  for (const leader of state.leaders) {
    if (!leader) continue;
    const before = isUsed(leader);
    for (const proof of leader.proofs) closeDay(proof);
    const used = isUsed(leader);
    if (used !== before) state.untold.push({ source: leader.source, used });
  }
}

import type { SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { Weights } from './artifact.ts';
import { INPUTS } from './features.ts';
import { beginMemory, type Memory, slotLength } from './memory.ts';
import { stepCell } from './network/step.ts';

/** Version of the encoding. */
const VERSION = 2;

/** All that is known of one series. */
export interface RnnState {
  readonly memory: Memory;
  /** Inputs of the last `window` slots, [window x INPUTS]: slot n is row n modulo window. */
  readonly inputs: Float64Array;
  /** The cell's state after the last slot, [H] each, and the tag of the weights that made it. 0 = none. */
  readonly hidden: Float64Array;
  readonly cell: Float64Array;
  tag: number;
}

export function beginState(series: SeriesInfo, hidden: number, window: number): RnnState {
  return {
    memory: beginMemory(series),
    inputs: new Float64Array(window * INPUTS),
    hidden: new Float64Array(hidden),
    cell: new Float64Array(hidden),
    tag: 0,
  };
}

/** Runs the cell over the ring from zeros into `hidden` and `cell`: after new weights came. */
export function rerun(
  { inputs, memory }: RnnState,
  { network }: Weights,
  hidden: Float64Array,
  cell: Float64Array,
  gates: Float64Array,
): void {
  hidden.fill(0);
  cell.fill(0);
  const window = inputs.length / INPUTS;
  for (let slot = Math.max(0, memory.slots - window); slot < memory.slots; slot++) {
    stepCell(network, inputs, (slot % window) * INPUTS, hidden, cell, gates);
  }
}

export function encodeState(state: RnnState): Uint8Array {
  return pack({ v: VERSION, ...state });
}

/** @throws Error on bytes that `encodeState` did not write for these options */
export function decodeState(bytes: Uint8Array, hidden: number, window: number): RnnState {
  const plain = unpack<RnnState & { v: number }>(bytes);
  if (plain === null || typeof plain !== 'object' || plain.v !== VERSION) throw new Error(`this is no state of rnn, version ${VERSION}`);
  const { v: _, ...state } = plain;
  const { memory } = state;
  const fresh = typeof memory?.zone === 'string' && memory.stepMs > 0 ? beginMemory(memory) : undefined;
  const whole =
    fresh !== undefined &&
    memory.slotMs === slotLength(memory.stepMs) &&
    (['yesterday', 'day', 'daysSeen', 'week', 'weeksSeen'] as const).every((name) => memory[name]?.length === fresh[name].length) &&
    [memory.mean, memory.offset, memory.slots, memory.lately, memory.dayLong, memory.lastChange].every(Number.isFinite) &&
    (memory.slots === 0 || [memory.last, memory.slot].every(Number.isFinite)) &&
    [memory.sum, memory.count].every(Number.isFinite) &&
    [memory.openSlot, memory.dayBefore].every((each) => typeof each === 'number') &&
    memory.change > 0 &&
    memory.daily > 0 &&
    state.inputs?.length === window * INPUTS &&
    state.hidden?.length === hidden &&
    state.cell?.length === hidden &&
    [state.inputs, state.hidden, state.cell].every((values) => values.every(Number.isFinite));
  if (!whole) throw new Error('the state of rnn is incomplete, or was made with other options');
  return state;
}

import type { SeriesInfo } from '@auspex/contracts';
import { emptyTail, isTail, pack, type Tail, unpack } from '@auspex/numerics';
import { type Episode, noEpisode } from './episode.ts';

/** Deviations averaged over some steps. */
export interface Scale {
  readonly steps: number;
  mean: number;
  /** How far it was above 0, and how far below. */
  readonly above: Tail;
  readonly below: Tail;
}

/** All that is known of one series. Data, of a size that does not grow. */
export interface ResidualState {
  readonly group: string;
  readonly pop: string;
  readonly stepMs: number;
  /** The last step learnt, epoch ms; NaN = none. */
  last: number;
  learnt: number;
  readonly scales: readonly Scale[];
  /** Mean absolute relative deviation, where only a number was expected; and of how many steps. */
  relative: number;
  relatives: number;
  /** The last value, how often it has come in a row before, and how often values did. */
  value: number;
  repeated: number;
  readonly repeats: Tail;
  readonly episode: Episode;
}

export function beginState({ name, pop, stepMs }: SeriesInfo, scales: readonly number[]): ResidualState {
  return {
    group: name,
    pop,
    stepMs,
    last: Number.NaN,
    learnt: 0,
    scales: scales.map((steps) => ({ steps, mean: 0, above: emptyTail(), below: emptyTail() })),
    relative: 0,
    relatives: 0,
    value: Number.NaN,
    repeated: 0,
    repeats: emptyTail(),
    episode: noEpisode(),
  };
}

const KIND = 'residual';
const FORMAT = 1;

interface Plain extends ResidualState {
  readonly kind: string;
  readonly v: number;
}

export function encodeState(state: ResidualState): Uint8Array {
  return pack({ kind: KIND, v: FORMAT, ...state } satisfies Plain);
}

/**
 * @param scales of the options; a state with others begins anew
 * @throws on bytes that `encodeState` of this version did not write
 */
export function decodeState(bytes: Uint8Array, scales: readonly number[]): ResidualState {
  const plain = unpack<Plain | null>(bytes);
  if (plain?.kind !== KIND || plain.v !== FORMAT) throw new Error(`this is no state of ${KIND}, format ${FORMAT}`);
  const { kind: _, v: __, ...state } = plain;
  const fits =
    state.scales?.length === scales.length &&
    state.scales.every(({ steps, above, below }, i) => steps === scales[i] && isTail(above) && isTail(below));
  if (!fits || !isTail(state.repeats)) throw new Error(`the state of ${KIND} has not the scales that its options ask for`);
  return state;
}

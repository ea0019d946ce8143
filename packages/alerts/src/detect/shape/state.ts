import type { SeriesInfo } from '@auspex/contracts';
import { emptyTail, isTail, pack, type Tail, unpack } from '@auspex/numerics';
import { type Bank, emptyBank } from './bank.ts';
import { beginRecent, type Recent } from './recent.ts';

/** What a value is looked at together with; each is a view, with points and a tail of its own. */
export const VIEWS = ['value', 'before', 'most', 'spread', 'time'] as const;

/** One way to look at a value. */
export interface View {
  bank: Bank;
  tail: Tail;
}

/** All that is known of one series. Data, of a size that does not grow. */
export interface ShapeState {
  readonly group: string;
  readonly pop: string;
  readonly zone: string;
  readonly stepMs: number;
  /** Steps learnt so far. */
  rows: number;
  /** The last of them, epoch ms; NaN = none. */
  last: number;
  /** Mean of all values, and their mean deviation from it. */
  mean: number;
  deviation: number;
  /** The least and the most of all values. */
  least: number;
  most: number;
  peak: number;
  readonly recent: Recent;
  /** One for each of `VIEWS`. */
  readonly views: readonly View[];
}

export function beginState({ name, pop, zone, stepMs }: SeriesInfo, room: number): ShapeState {
  return {
    group: name,
    pop,
    zone,
    stepMs,
    rows: 0,
    last: Number.NaN,
    mean: 0,
    deviation: 0,
    least: Number.POSITIVE_INFINITY,
    most: Number.NEGATIVE_INFINITY,
    peak: 0,
    recent: beginRecent(),
    views: VIEWS.map((view) => ({ bank: emptyBank(room, view !== 'value'), tail: emptyTail() })),
  };
}

const KIND = 'shape';
const FORMAT = 1;

interface Plain extends ShapeState {
  readonly kind: string;
  readonly v: number;
}

/** Banks are written whole, also where they are not full: the length of a state does not follow their filling. */
export function encodeState(state: ShapeState): Uint8Array {
  return pack({ kind: KIND, v: FORMAT, ...state } satisfies Plain);
}

/**
 * @param room points of a bank; a state with another number begins anew
 * @throws on bytes that `encodeState` of this version did not write
 */
export function decodeState(bytes: Uint8Array, room: number): ShapeState {
  const plain = unpack<Plain | null>(bytes);
  if (plain?.kind !== KIND || plain.v !== FORMAT) throw new Error(`this is no state of ${KIND}, format ${FORMAT}`);
  const { kind: _, v: __, ...state } = plain;
  const fits = ({ bank, tail }: View): boolean => bank.values.length === room + 1 && bank.size <= room && isTail(tail);
  if (state.views?.length !== VIEWS.length || !state.views.every(fits))
    throw new Error(`the state of ${KIND} has not the views and banks that its options ask for`);
  return state;
}

import { pack, unpack } from '@auspex/numerics';
import { BAND_COUNT } from '../forecasting/ensemble.ts';
import { clearSlot, copyRow, INPUTS, INPUTS_OF_ONE, type RowBelief, SLOTS } from './belief.ts';
import { beginProof, type Proof } from './proof.ts';
import type { SignInHabit } from './sign-ins.ts';
import { beginSignal, type Signal } from './signal.ts';

/** Who leads: the users of the pool who sign in, or another group. */
export type Source = { readonly kind: 'sign-ins' } | { readonly kind: 'group'; readonly group: string };

/** One that may lead a pool. */
export interface Leader {
  readonly source: Source;
  /** When it was chosen, epoch ms. */
  readonly since: number;
  readonly signal: Signal;
  /** By band of horizons. */
  readonly proofs: readonly Proof[];
}

/** A forecast at whose origin a leader had news, until its outcomes are known. */
export interface Waiting {
  readonly origin: number;
  /** [leader x delay] */
  readonly inputs: Float64Array;
  /** What each leader was believed to do, log units, [row x leader]. */
  readonly parts: Float32Array;
  /** What was forecast without leaders, rates a second, [row x level]. */
  readonly quantiles: Float32Array;
}

/** A leader that began or ceased to be used, and of which the journal does not know. */
export interface Untold {
  readonly source: Source;
  readonly used: boolean;
}

/** All that is known of the leaders of one pool. Data. */
export interface LeadersState {
  /** By slot; a leader keeps its own. */
  leaders: (Leader | undefined)[];
  /** The horizon that rows are of, steps ahead, and what is believed at each; empty while nobody may lead. */
  horizon: readonly number[];
  rows: RowBelief[];
  /** Oldest first, one a step at most. */
  waiting: Waiting[];
  /** Since the first sign-in. */
  habit: SignInHabit | undefined;
  /** Times that leaders were chosen. */
  choices: number;
  /** Local day of the last step. */
  day: number;
  untold: Untold[];
}

export function beginLeaders(): LeadersState {
  return {
    leaders: new Array(SLOTS).fill(undefined),
    horizon: [],
    rows: [],
    waiting: [],
    habit: undefined,
    choices: 0,
    day: -1,
    untold: [],
  };
}

/** Puts another, or nobody, into a slot; nothing of the one before it stays. */
export function place(state: LeadersState, slot: number, source: Source | undefined, at: number): void {
  state.leaders[slot] = source && {
    source,
    since: at,
    signal: beginSignal(),
    proofs: Array.from({ length: BAND_COUNT }, beginProof),
  };
  for (const row of state.rows) clearSlot(row, slot);
  for (const { inputs, parts } of state.waiting) {
    inputs.fill(0, slot * INPUTS_OF_ONE, (slot + 1) * INPUTS_OF_ONE);
    for (let at = slot; at < parts.length; at += SLOTS) parts[at] = 0;
  }
}

/**
 * The pool's horizon is this from now on, since its lead time is another: what is believed of a row goes to those nearest, and what waits
 * for outcomes is given up.
 */
export function reach(state: LeadersState, horizon: readonly number[]): void {
  // Most steps it is the very same.
  if (state.horizon === horizon) return;
  if (state.horizon.join() === horizon.join()) {
    state.horizon = horizon;
    return;
  }
  const { horizon: old, rows } = state;
  const nearest = (ahead: number): RowBelief | undefined => {
    const near = Math.min(...old.map((each) => Math.abs(each - ahead)));
    return rows[old.findIndex((each) => Math.abs(each - ahead) === near)];
  };
  state.rows = horizon.map((ahead) => copyRow(nearest(ahead)));
  state.horizon = horizon;
  state.waiting = [];
}

export function isUsed({ proofs }: Leader): boolean {
  return proofs.some(({ used }) => used);
}

const FORMAT = 1;

interface Encoded extends Omit<LeadersState, 'leaders' | 'habit'> {
  readonly v: number;
  readonly leaders: readonly (Leader | null)[];
  readonly habit: SignInHabit | null;
}

export function encodeLeaders(state: LeadersState): Uint8Array {
  const { leaders, habit } = state;
  return pack({ v: FORMAT, ...state, leaders: leaders.map((leader) => leader ?? null), habit: habit ?? null });
}

/** @throws on bytes that `encodeLeaders` did not write */
export function decodeLeaders(bytes: Uint8Array): LeadersState {
  const encoded = unpack<Encoded>(bytes);
  if (encoded?.v !== FORMAT) throw new Error(`leaders of format ${String(encoded?.v)}; this version reads ${FORMAT}`);
  const { v: _, leaders, habit, ...state } = encoded;
  if (leaders.length !== SLOTS || state.rows.some(({ weights }) => weights.length !== INPUTS)) throw new Error('leaders in other places');
  // In the order of a state that begins, so that the same is written again.
  return { ...beginLeaders(), ...state, leaders: leaders.map((leader) => leader ?? undefined), habit: habit ?? undefined };
}

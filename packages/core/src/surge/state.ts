import { pack, unpack } from '@auspex/numerics';
import type { ReactiveShadow } from '../rollout/reactive-shadow.ts';
import { beginHabit, type Habit } from './habit.ts';
import { INPUTS, PRIORS } from './inputs.ts';
import { beginLogistic, type Logistic } from './logistic.ts';

/** A probability that waits for its outcome. */
export interface Waiting {
  /** First and last step of its window, epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Rate above which it is a surge. */
  readonly reference: number;
  readonly inputs: readonly number[];
  /** Did a step of the window go beyond, or was one not known? */
  surged: boolean;
  unknown: boolean;
}

/** What is learnt of the surges of one pool. Data. */
export interface SurgeState {
  readonly logistic: Logistic;
  readonly habit: Habit;
  waiting: Waiting[];
  /** What a reactive policy would have. */
  shadow: ReactiveShadow | undefined;
  /** What the last forecast said of the step that was next: its median and its .9 quantile, rates a second. */
  next: { readonly step: number; readonly median: number; readonly high: number } | undefined;
  /** Fast mean of how far steps were off, in spreads. */
  deviation: number;
  /** Rates of the last lead time, oldest first. */
  rates: number[];
}

export function beginSurge(): SurgeState {
  return {
    logistic: beginLogistic(PRIORS),
    habit: beginHabit(),
    waiting: [],
    shadow: undefined,
    next: undefined,
    deviation: 0,
    rates: [],
  };
}

const FORMAT = 1;

export function encodeSurge(state: SurgeState): Uint8Array {
  return pack({ v: FORMAT, inputs: INPUTS, ...state, shadow: state.shadow ?? null, next: state.next ?? null });
}

interface Encoded extends Omit<SurgeState, 'shadow' | 'next'> {
  readonly v: number;
  readonly inputs: readonly string[];
  readonly shadow: ReactiveShadow | null;
  readonly next: SurgeState['next'] | null;
}

/**
 * Reads a state back. What another version knew of inputs that this one has goes on; inputs that are new begin at their prior.
 *
 * @throws on bytes that `encodeSurge` did not write
 */
export function decodeSurge(bytes: Uint8Array): SurgeState {
  const { v, inputs, shadow, next, ...state } = unpack<Encoded>(bytes);
  if (v !== FORMAT) throw new Error(`surge state of format ${String(v)}; this version reads ${FORMAT}`);
  const read = { ...state, shadow: shadow ?? undefined, next: next ?? undefined };
  if (inputs.join() === INPUTS.join()) return read;
  const from = INPUTS.map((name) => inputs.indexOf(name));
  return {
    ...read,
    logistic: reorder(state.logistic, from),
    // What was not asked when it was told said nothing.
    waiting: state.waiting.map((each) => ({ ...each, inputs: from.map((i) => (i < 0 ? 0 : (each.inputs[i] as number))) })),
  };
}

/** @param from by input of this version, its place among those that were learnt; -1 = it is new */
function reorder({ weights, covariance }: Logistic, from: readonly number[]): Logistic {
  const begun = beginLogistic(PRIORS);
  const before = weights.length;
  for (const [i, a] of from.entries()) {
    if (a < 0) continue;
    begun.weights[i] = weights[a] as number;
    for (const [j, b] of from.entries()) {
      if (b >= 0) begun.covariance[i * from.length + j] = covariance[a * before + b] as number;
    }
  }
  return begun;
}

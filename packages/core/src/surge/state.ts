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

/** @throws on bytes that `encodeSurge` did not write, or whose inputs were others */
export function decodeSurge(bytes: Uint8Array): SurgeState {
  const { v, inputs, shadow, next, ...state } = unpack<
    { v: number; inputs: readonly string[] } & Omit<SurgeState, 'shadow' | 'next'> & {
        shadow: ReactiveShadow | null;
        next: SurgeState['next'] | null;
      }
  >(bytes);
  if (v !== FORMAT || inputs.join() !== INPUTS.join()) throw new Error(`surge state of format ${String(v)} over ${String(inputs)}`);
  return { ...state, shadow: shadow ?? undefined, next: next ?? undefined };
}

import type { BehaviorProfile, Correlation } from '../data/profile.ts';
import type { Truth, Usage } from '../data/usage.ts';

/** The group that a profile is about. */
export interface GroupInfo {
  readonly id: string;
  /** IANA zone or fixed offset in which the group lives. */
  readonly zone: string;
  readonly stepMs: number;
}

/** One closed step of one group: its usage at every POP. */
export interface GroupStep {
  readonly step: number;
  readonly truth: Truth;
  /** One entry a POP; empty when nothing was seen. */
  readonly usage: readonly Usage[];
}

/**
 * Stage 2: what is believed of a group. A fold over closed steps in order; state is data.
 *
 * `fold` MUST ignore a step at or before the last one folded (a replay after a crash folds nothing twice) and MUST NOT
 * keep or change the usage it is given. `decode` MUST throw on bytes that `encode` did not write. `expected` is pure and cheap: it is asked for every group and step.
 */
export interface Profiler<S = unknown> {
  begin(group: GroupInfo): S;
  fold(state: S, step: GroupStep): S;
  /** Expected requests a second at `at` (epoch ms); undefined while too little was seen. */
  expected(state: S, at: number): number | undefined;
  sensitivity(state: S): number;
  profile(state: S): BehaviorProfile;
  /** Relates groups to each other; called once a day with all groups in memory. Optional. */
  relate?(states: ReadonlyMap<string, S>): ReadonlyMap<string, readonly Correlation[]>;
  /**
   * Takes users out of the state, by their hashes in usage; the state may be changed in place. `merged` = it counts users in registers,
   * which cannot lose one. Called by `auspex forget`, never while the engine runs. Optional: a profiler that cannot forget users is
   * reported as such.
   */
  forget?(state: S, users: ReadonlySet<number>): { readonly state: S; readonly merged: boolean };
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}

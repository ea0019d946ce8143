import type { StepOutcome } from '../data/outcome.ts';

/** Stage 7: what is learnt from outcomes. One outcome a pool and step, as soon as it is known. A missing outcome MUST change nothing; the same outcomes MUST give the same state. */
export interface Learner<S = unknown> {
  begin(): S;
  learn(state: S, outcomes: readonly StepOutcome[]): S;
  /**
   * What the sensitivity that a group's profile says is multiplied with; 1 = what is seen comes as it is, undefined = no opinion. Not negative.
   * Asked for every group and step. Optional.
   */
  sensitivity?(state: S, group: string): number | undefined;
  /** Forgets a group; the state may be changed in place. Optional: without it what was learnt of the group goes with time. */
  forget?(state: S, group: string): S;
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}

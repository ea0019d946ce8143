import type { StepOutcome } from '../data/outcome.ts';

/** Stage 7: what is learnt from outcomes. A missing outcome MUST change nothing; the same outcomes MUST give the same state. */
export interface Learner<S = unknown> {
  begin(): S;
  learn(state: S, outcomes: readonly StepOutcome[]): S;
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}

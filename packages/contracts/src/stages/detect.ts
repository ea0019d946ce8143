import type { Anomaly } from '../data/anomaly.ts';
import type { Observation, SeriesInfo } from '../data/series.ts';
import type { Usage } from '../data/usage.ts';

/** What else is known of the step that a detector scores. */
export interface DetectView {
  /** What was forecast of it one step ahead, a second, one value for each of `LEVELS`; absent = nothing was. */
  readonly quantiles?: Float64Array;
  /** What the group did at the POP; of a pool's total, what all its groups did together. Undefined = nothing is known. Computed when asked. */
  readonly usage: () => Usage | undefined;
}

/** Beside the flow: how unlike the expected is this step? Scores in 0..1; MUST use nothing later than the step. */
export interface Detector<S = unknown> {
  begin(series: SeriesInfo): S;
  detect(state: S, observation: Observation, expected: number | undefined, view?: DetectView): Anomaly;
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}

import type { Anomaly } from '../data/anomaly.ts';
import type { Observation, SeriesInfo } from '../data/series.ts';

/** Beside the flow: how unlike the expected is this step? Scores in 0..1; MUST use nothing later than the step. */
export interface Detector<S = unknown> {
  begin(series: SeriesInfo): S;
  detect(state: S, observation: Observation, expected: number | undefined): Anomaly;
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}

import type { Forecast, Pool } from '@auspex/contracts';
import type { ReplayInput } from '../replay/input.ts';
import type { Recording } from '../replay/recorder.ts';

/** What policies are tried on: the demand that one replay recorded, as each decision sees it. */
export interface RecordedDemand {
  readonly recording: Recording;
  readonly pools: readonly Pool[];
  /** The fleets' own options and the seed are the replay's. */
  readonly input: ReplayInput;
  /** By pool: the rate of the step before each, a second; NaN = nothing is known of it. */
  readonly seen: readonly Float64Array[];
  /** By pool: the forecast of each decision. Absent = nothing was forecast, or it was not kept. */
  readonly forecasts: readonly (readonly (Forecast | undefined)[])[];
  /** The first step that is decided: without any history the second. */
  readonly begin: number;
}

/** The recording as the source of totals tells it to a baseline: the same numbers to the last bit. */
export function recordedDemand(recording: Recording, pools: readonly Pool[], input: ReplayInput): RecordedDemand {
  const { steps, stepMs, historySteps } = recording;
  const seconds = stepMs / 1000;
  const told = (rate: number): number => (rate * stepMs) / 1000 / seconds;
  const seen = recording.pools.map(({ rate, history }) =>
    Float64Array.from({ length: steps }, (_, i) => told(i === 0 ? history.last : (rate[i - 1] as number))),
  );
  const forecasts = recording.pools.map((pool) => pool.forecasts ?? []);
  return { recording, pools, input, seen, forecasts, begin: historySteps > 0 ? 0 : 1 };
}

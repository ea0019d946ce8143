import { INPUTS, LAGS } from './features.ts';
import type { Holidays } from './holidays.ts';

/**
 * Buffers of one plugin instance, so that no step allocates, and the calendar of its options. They carry nothing of any series from one
 * call to the next.
 */
export interface Workspace {
  readonly holidays: Holidays | undefined;
  readonly lags: Float64Array;
  readonly x: Float64Array;
  readonly prior: Float64Array;
  readonly penalty: Float64Array;
  readonly solution: Float64Array;
  readonly work: Float64Array;
  /** The levels last asked for and their standard normal quantiles: every request of an engine has the same. */
  levels: readonly number[];
  normal: readonly number[];
}

export function beginWorkspace(holidays?: Holidays): Workspace {
  return {
    holidays,
    lags: new Float64Array(LAGS),
    x: new Float64Array(INPUTS),
    prior: new Float64Array(INPUTS),
    penalty: new Float64Array(INPUTS),
    solution: new Float64Array(INPUTS),
    work: new Float64Array((INPUTS * (INPUTS + 1)) / 2 + INPUTS),
    levels: [],
    normal: [],
  };
}

/**
 * Sample paths of one series: draws of its whole horizon at once. Each step of them spreads as the forecast's quantiles say, and steps
 * belong together as the series' past errors did: what a window needs is read off them, since quantiles of single steps do not add up.
 */
export interface SamplePaths {
  readonly series: string;
  /** Start of the first step that was not known, epoch milliseconds. */
  readonly origin: number;
  readonly stepMs: number;
  /** Steps ahead, rising, as in the forecast. */
  readonly horizon: readonly number[];
  readonly count: number;
  /** Rates a second, row-major [path x horizon]. Finite, not negative. */
  readonly rates: Float64Array;
}

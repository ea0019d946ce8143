/** The probability levels of every forecast in Auspex, in order. Their index is the column of `Forecast.quantiles`. */
export const LEVELS: readonly number[] = Object.freeze([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]);

/** Quantiles of the rate of one series over a horizon. */
export interface Forecast {
  readonly series: string;
  /** Start of the first step that was not known: the forecast uses nothing at or after it. Epoch milliseconds. */
  readonly origin: number;
  readonly stepMs: number;
  /** Steps ahead, rising, 1 = the step that begins at `origin`. */
  readonly horizon: readonly number[];
  /** Rates a second, row-major: row = horizon index, column = index in `LEVELS`. Finite, not negative, rising in a row. */
  readonly quantiles: Float64Array;
  /** Which predictor made it, or `ensemble`. */
  readonly by: string;
  /** Why this is a fallback, when it is one. Absent = it is not. */
  readonly fallback?: string;
  /** For an ensemble: each predictor's weight, summing to 1. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The regime, season or state that the predictor thinks it is in, for explanations. */
  readonly note?: string;
}

import type { Observation, SeriesInfo } from '../data/series.ts';

/** What a predictor is asked. */
export interface ForecastRequest {
  /** Start of the first unknown step, epoch ms. Every observation given so far lies before it. */
  readonly origin: number;
  /** Steps ahead, rising; 1 = the step that starts at `origin`. */
  readonly horizon: readonly number[];
  /** Probability levels, rising, inside (0, 1). */
  readonly levels: readonly number[];
}

/** A predictor's answer. */
export interface Prediction {
  /** Rates a second, row-major [horizon x levels]: finite, not negative, rising in a row. */
  readonly quantiles: Float64Array;
  /** The state it thinks it is in, for explanations: "regime 2 of 3: busy". */
  readonly note?: string;
}

/** "Too little seen to answer": not an error. */
export const NOT_READY: unique symbol = Symbol.for('auspex/not-ready');
export type NotReady = typeof NOT_READY;

/** One answer a series, in the order of the question. */
export type Answers = readonly (Prediction | NotReady)[];

/** History of one series for training. */
export interface TrainingSeries {
  readonly series: SeriesInfo;
  /**
   * Oldest first, one for each closed step. May be gone through several times, with the same outcome. Each observation is made when it is
   * asked for: copy what is needed into arrays of numbers, since a list of millions of objects is slow and large.
   */
  readonly observations: Iterable<Observation>;
}

/**
 * Stage 3: quantiles of a series' rate over a horizon. Functions over a state that the engine keeps.
 *
 * - `observe` is called once for every closed step, in order, gaps included (`truth: 'missing'`). It may change and return
 *   the state it was given. A `censored` value is a lower bound; `masked` and `missing` values MUST NOT be learnt from.
 * - `forecast` MUST leave the state alone and give the same answer to the same question.
 * - `decode(encode(state))` MUST forecast the same. `decode` MUST throw on bytes that `encode` did not write.
 * - Nothing may be kept outside the state, except weights loaded by `use`.
 */
export interface Predictor<S = unknown> {
  begin(series: SeriesInfo): S;
  observe(state: S, observation: Observation): S;
  forecast(state: S, request: ForecastRequest): Prediction | NotReady;
  /** Many series in one call; used in place of `forecast` when the capability `batch` is declared. */
  forecastBatch?(states: readonly S[], requests: readonly ForecastRequest[], signal: AbortSignal): Answers | Promise<Answers>;
  /**
   * Trains weights over all series and returns them as an artifact; only with the capability `trains`. MUST be deterministic.
   *
   * It runs beside the steps, which observe and forecast with the weights in service meanwhile; the engine puts the artifact into service
   * later, by `use`. Work that does not let go of the thread holds the steps up all the same: give way now and then, or compute in a worker
   * thread as `rnn` does. After a restart in between it is asked again, with the same history.
   *
   * @param signal aborts when the engine stops and when the time limit is over; what is answered after that is dropped
   * @returns undefined = too little was seen, or nothing better was found: the old weights stay
   * @throws AuspexError `TRAINING_DIVERGED` where the loss became no number or exploded; anything else is a failure, too: the old weights stay
   */
  train?(history: readonly TrainingSeries[], signal: AbortSignal): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Puts an artifact into service. MUST throw on bytes that it did not write and then go on with the old weights. */
  use?(artifact: Uint8Array): void;
  encode(state: S): Uint8Array;
  /** @param series what `begin` would be given now: a pool whose lead time was changed asks further ahead. Absent = as it was */
  decode(bytes: Uint8Array, series?: SeriesInfo): S;
  /** Ends what it has opened, such as a process that forecasts for it. Optional. */
  close?(): Promise<void>;
}

/** What a predictor declares. */
export interface PredictorCapabilities {
  /** Answers many series a call. When false the engine asks one by one. */
  readonly batch: boolean;
  /** Has weights that `train` makes. When false `train` and `use` are never called. */
  readonly trains: boolean;
  /**
   * Tells regimes of demand apart, so that it may be sure of what the mix of all predictors averages away: its own quantiles count for the
   * chance of a pool's surge beside those of the mix. When false, the default, only the mix counts.
   */
  readonly regimes?: boolean;
}

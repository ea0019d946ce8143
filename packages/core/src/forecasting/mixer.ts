import { type Forecast, LEVELS, type Observation, type Prediction, type SeriesInfo } from '@auspex/contracts';
import { beginConformal, type Conformal, correct, learnConformal } from './conformal.ts';
import { beginEnsemble, combine, type Ensemble, learnWeights, rowLoss, weights } from './ensemble.ts';
import { Pending } from './pending.ts';
import { persistence } from './persistence.ts';

/** One series with everything that is learnt about it. */
export interface SeriesState {
  readonly info: SeriesInfo;
  readonly horizon: readonly number[];
  /** By predictor slot: its state, or `NONE` where it does not serve this series. */
  readonly members: unknown[];
  ensemble: Ensemble;
  conformal: Conformal;
  pending: Pending;
  /** Last observed rate; undefined before the first. */
  last: number | undefined;
  /** Running mean rate, for the floor of logarithms. */
  level: number;
  lastStep: number;
}

/** What the engine itself does with a series: mixes the predictors' answers, and learns from outcomes what the answers were worth. */
export class Mixer {
  /** By slot; their order is the order of `members`. */
  readonly #names: readonly string[];
  readonly #losses: Float64Array;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#losses = new Float64Array(names.length);
  }

  /** @param horizon steps ahead, rising */
  begin(info: SeriesInfo, horizon: readonly number[], members: unknown[]): SeriesState {
    return {
      info,
      horizon,
      members,
      ensemble: beginEnsemble(this.#names.length),
      conformal: beginConformal(horizon.length),
      pending: new Pending(horizon.at(-1) as number, this.#names.length, horizon.length * LEVELS.length),
      last: undefined,
      level: 0,
      lastStep: -1,
    };
  }

  /** Learns from what was forecast for this step. */
  observe(series: SeriesState, observation: Observation): void {
    series.lastStep = observation.step;
    if (observation.truth === 'observed') {
      series.level = series.last === undefined ? observation.value : 0.995 * series.level + 0.005 * observation.value;
      this.#mature(series, observation);
      series.last = observation.value;
    } else if (observation.truth === 'censored' && (series.last === undefined || observation.value > series.last)) {
      // A bound above what was seen last is news for the forecast of last resort, though nothing to learn from.
      series.last = observation.value;
    }
  }

  #floor(series: SeriesState): number {
    return Math.max(0.02 * series.level, 100 / series.info.stepMs);
  }

  #mature(series: SeriesState, observation: Observation): void {
    const { pending, horizon } = series;
    const step = Math.round(observation.step / series.info.stepMs);
    const floor = this.#floor(series);
    const losses = this.#losses.fill(0);
    let rows = 0;
    for (let row = 0; row < horizon.length; row++) {
      const block = pending.block(step - (horizon[row] as number) + 1);
      if (block < 0) continue;
      rows++;
      for (let k = 0; k < pending.members; k++) {
        const at = block + k * pending.length;
        losses[k] = Number.isNaN(pending.values[at] as number)
          ? Number.NaN
          : (losses[k] as number) + rowLoss(pending.values, at + row * LEVELS.length, observation.value);
      }
      const combined = block + pending.members * pending.length + row * LEVELS.length;
      learnConformal(series.conformal, row, pending.values, combined, observation.value, floor);
    }
    if (rows > 0) learnWeights(series.ensemble, losses);
  }

  /** One forecast out of the answers; undefined = a slot has none. */
  mix(series: SeriesState, answers: readonly (Prediction | undefined)[], origin: number): Forecast {
    const { info, horizon, pending } = series;
    const base = { series: info.id, origin, stepMs: info.stepMs, horizon };
    if (answers.every((answer) => answer === undefined)) {
      return { ...base, quantiles: persistence(series.last, horizon), by: 'persistence', fallback: 'no predictor has an answer' };
    }
    const weight = weights(series.ensemble, answers);
    const combined = combine(answers, weight, horizon.length * LEVELS.length);
    pending.issue(Math.round(origin / info.stepMs), answers, combined);
    const named: Record<string, number> = {};
    let note: string | undefined;
    for (let k = 0; k < answers.length; k++) {
      if (answers[k] === undefined) continue;
      named[this.#names[k] as string] = weight[k] as number;
      note ??= answers[k]?.note;
    }
    const quantiles = correct(series.conformal, combined, this.#floor(series));
    const forecast = { ...base, quantiles, by: 'ensemble', weights: named };
    return note === undefined ? forecast : { ...forecast, note };
  }
}

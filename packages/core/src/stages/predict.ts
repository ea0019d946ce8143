import {
  type Forecast,
  LEVELS,
  NOT_READY,
  type NotReady,
  type Observation,
  type Prediction,
  type Predictor,
  type SeriesInfo,
} from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { checkQuantiles } from '../forecasting/check.ts';
import { beginConformal, type Conformal, correct, learnConformal } from '../forecasting/conformal.ts';
import { beginEnsemble, combine, type Ensemble, learnWeights, rowLoss, weights } from '../forecasting/ensemble.ts';
import { Pending } from '../forecasting/pending.ts';
import { persistence } from '../forecasting/persistence.ts';
import type { Failures } from './failures.ts';

/** All that this stage is handed of a predictor: never its lifecycle or config. */
export interface PredictorSlot {
  readonly name: string;
  readonly predictor: Pick<Predictor, 'begin' | 'observe' | 'forecast' | 'forecastBatch' | 'encode' | 'decode'>;
  readonly batch: boolean;
  /** Which series it forecasts. */
  readonly for: 'all' | 'pools' | 'groups';
}

/** One series with everything that is learnt about it. */
export interface SeriesState {
  readonly info: SeriesInfo;
  readonly horizon: readonly number[];
  /** By predictor slot; undefined where the slot does not serve this series. */
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

const FORMAT = 1;

interface Encoded {
  readonly v: number;
  readonly names: readonly string[];
  readonly horizon: readonly number[];
  readonly members: readonly (Uint8Array | null)[];
  readonly loss: Float64Array;
  readonly theta: Float64Array;
  readonly scale: Float64Array;
  readonly origins: Float64Array;
  readonly values: Float32Array;
  readonly last: number | null;
  readonly level: number;
  readonly lastStep: number;
}

/** Forecasts every series: predictors answer, weights mix them, outcomes correct them, and a failure yields a marked fallback. */
export class PredictStage {
  readonly #slots: readonly PredictorSlot[];
  readonly #failures: Failures;
  readonly #losses: Float64Array;
  /** The answers for one series, reused: this runs for every series and step. */
  readonly #row: (Prediction | undefined)[];

  constructor(slots: readonly PredictorSlot[], failures: Failures) {
    this.#slots = slots;
    this.#failures = failures;
    this.#losses = new Float64Array(slots.length);
    this.#row = slots.map(() => undefined);
  }

  /** @param horizon steps ahead, rising */
  begin(info: SeriesInfo, horizon: readonly number[]): SeriesState {
    const members = this.#slots.map((slot) => (this.#serves(slot, info) ? this.#beginMember(slot, info) : undefined));
    return {
      info,
      horizon,
      members,
      ensemble: beginEnsemble(this.#slots.length),
      conformal: beginConformal(horizon.length),
      pending: new Pending(horizon.at(-1) as number, this.#slots.length, horizon.length * LEVELS.length),
      last: undefined,
      level: 0,
      lastStep: -1,
    };
  }

  #serves(slot: PredictorSlot, info: SeriesInfo): boolean {
    return slot.for === 'all' || (slot.for === 'pools') === (info.scope === 'pool');
  }

  #beginMember(slot: PredictorSlot, info: SeriesInfo): unknown {
    try {
      return slot.predictor.begin(info);
    } catch (error) {
      this.#failures.report('predict', slot.name, info.id, error, 'its series goes on without it');
      return undefined;
    }
  }

  /** Learns one closed step: first from what was forecast for it, then into every predictor's state. */
  observe(series: SeriesState, observation: Observation): void {
    if (observation.step <= series.lastStep) return;
    series.lastStep = observation.step;
    if (observation.truth === 'observed') {
      series.level = series.last === undefined ? observation.value : 0.995 * series.level + 0.005 * observation.value;
      this.#mature(series, observation);
      series.last = observation.value;
    } else if (observation.truth === 'censored' && (series.last === undefined || observation.value > series.last)) {
      // A bound above what was seen last is news for the forecast of last resort, though nothing to learn from.
      series.last = observation.value;
    }
    this.#slots.forEach((slot, k) => {
      const state = series.members[k];
      if (state === undefined) return;
      try {
        series.members[k] = slot.predictor.observe(state, observation);
      } catch (error) {
        this.#failures.report('predict', slot.name, series.info.id, error, 'its state begins again from nothing');
        series.members[k] = this.#beginMember(slot, series.info);
      }
    });
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

  /** Forecasts all series from `origin` (epoch ms), in the order given. */
  forecast(all: readonly SeriesState[], origin: number): Forecast[] {
    const answers = this.#slots.map((slot, k) => this.#ask(slot, k, all, origin));
    const forecasts = new Array<Forecast>(all.length);
    for (let index = 0; index < all.length; index++) {
      for (let k = 0; k < answers.length; k++) this.#row[k] = answers[k]?.[index];
      forecasts[index] = this.#mix(all[index] as SeriesState, this.#row, origin);
    }
    return forecasts;
  }

  #ask(slot: PredictorSlot, k: number, all: readonly SeriesState[], origin: number): (Prediction | undefined)[] {
    const answers = new Array<Prediction | undefined>(all.length);
    if (slot.batch && slot.predictor.forecastBatch) {
      const asked = all.map((_, index) => index).filter((index) => all[index]?.members[k] !== undefined);
      if (asked.length === 0) return answers;
      try {
        const batch = slot.predictor.forecastBatch(
          asked.map((index) => all[index]?.members[k]),
          asked.map((index) => ({ origin, horizon: all[index]?.horizon ?? [], levels: LEVELS })),
        );
        if (batch.length !== asked.length) throw new Error(`answered ${batch.length} series where ${asked.length} were asked`);
        asked.forEach((index, i) => {
          answers[index] = this.#accept(slot, all[index] as SeriesState, batch[i] as Prediction | NotReady);
        });
      } catch (error) {
        for (const index of asked)
          this.#failures.report('predict', slot.name, (all[index] as SeriesState).info.id, error, 'the others forecast without it');
      }
      return answers;
    }
    for (let index = 0; index < all.length; index++) {
      const series = all[index] as SeriesState;
      const state = series.members[k];
      if (state === undefined) continue;
      try {
        answers[index] = this.#accept(slot, series, slot.predictor.forecast(state, { origin, horizon: series.horizon, levels: LEVELS }));
      } catch (error) {
        this.#failures.report('predict', slot.name, series.info.id, error, 'the others forecast without it');
      }
    }
    return answers;
  }

  #accept(slot: PredictorSlot, series: SeriesState, answer: Prediction | NotReady): Prediction | undefined {
    if (answer === NOT_READY) return undefined;
    const wrong = checkQuantiles(answer.quantiles, series.horizon.length);
    if (wrong !== undefined) {
      this.#failures.report('predict', slot.name, series.info.id, new Error(wrong), 'the others forecast without it');
      return undefined;
    }
    this.#failures.recovered('predict', slot.name, series.info.id);
    return answer;
  }

  #mix(series: SeriesState, answers: readonly (Prediction | undefined)[], origin: number): Forecast {
    const { info, horizon, pending } = series;
    const base = { series: info.id, origin, stepMs: info.stepMs, horizon };
    if (answers.every((answer) => answer === undefined)) {
      return { ...base, quantiles: persistence(series.last, horizon), by: 'persistence', fallback: 'no predictor has an answer yet' };
    }
    const weight = weights(series.ensemble, answers);
    const combined = combine(answers, weight, horizon.length * LEVELS.length);
    pending.issue(Math.round(origin / info.stepMs), answers, combined);
    const named: Record<string, number> = {};
    let note: string | undefined;
    for (let k = 0; k < answers.length; k++) {
      if (answers[k] === undefined) continue;
      named[(this.#slots[k] as PredictorSlot).name] = weight[k] as number;
      note ??= answers[k]?.note;
    }
    const quantiles = correct(series.conformal, combined, this.#floor(series));
    const forecast = { ...base, quantiles, by: 'ensemble', weights: named };
    return note === undefined ? forecast : { ...forecast, note };
  }

  encode(series: SeriesState): Uint8Array {
    const encoded: Encoded = {
      v: FORMAT,
      names: this.#slots.map((slot) => slot.name),
      horizon: series.horizon,
      members: series.members.map((state, k) => (state === undefined ? null : (this.#slots[k] as PredictorSlot).predictor.encode(state))),
      loss: series.ensemble.loss,
      theta: series.conformal.theta,
      scale: series.conformal.scale,
      origins: series.pending.origins,
      values: series.pending.values,
      last: series.last ?? null,
      level: series.level,
      lastStep: series.lastStep,
    };
    return pack(encoded);
  }

  /**
   * Reads a series back. A predictor whose part cannot be read, or that is new, begins from nothing; a changed horizon drops
   * what waited for outcomes. Only bytes that hold no series at all are refused, by throwing.
   */
  decode(info: SeriesInfo, horizon: readonly number[], bytes: Uint8Array): SeriesState {
    const encoded = unpack<Encoded>(bytes);
    if (encoded?.v !== FORMAT) throw new Error(`series state of format ${String(encoded?.v)}; this version reads ${FORMAT}`);
    const series = this.begin(info, horizon);
    series.last = encoded.last ?? undefined;
    series.level = encoded.level;
    series.lastStep = encoded.lastStep;
    this.#slots.forEach((slot, k) => {
      const from = encoded.names.indexOf(slot.name);
      const member = encoded.members[from];
      if (!member || series.members[k] === undefined) return;
      try {
        series.members[k] = slot.predictor.decode(member);
        series.ensemble.loss[k] = encoded.loss[from] as number;
      } catch (error) {
        this.#failures.report('predict', slot.name, info.id, error, 'its state could not be read and begins again from nothing');
      }
    });
    const same = encoded.names.join() === this.#slots.map((slot) => slot.name).join() && encoded.horizon.join() === horizon.join();
    if (same) {
      series.conformal = { theta: encoded.theta, scale: encoded.scale };
      series.pending.origins.set(encoded.origins);
      series.pending.values.set(encoded.values);
    }
    return series;
  }
}

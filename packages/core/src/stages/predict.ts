import {
  type Forecast,
  type ForecastRequest,
  LEVELS,
  NOT_READY,
  type NotReady,
  type Observation,
  type Prediction,
  type Predictor,
  type SamplePaths,
  type SeriesInfo,
} from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { withTimeLimit } from '../defaults/time-limit.ts';
import { checkQuantiles } from '../forecasting/check.ts';
import { conformalFor } from '../forecasting/conformal.ts';
import type { Dependence } from '../forecasting/dependence.ts';
import { BAND_COUNT } from '../forecasting/ensemble.ts';
import { type Gate, gateFor } from '../forecasting/gate.ts';
import { Mixer, type SeriesState } from '../forecasting/mixer.ts';
import { nearestRows } from '../forecasting/rows.ts';
import { atOnce, NONE } from './answer.ts';
import type { Failures } from './failures.ts';

/** All that this stage is handed of a predictor: never its lifecycle or config. */
export interface PredictorSlot {
  readonly name: string;
  readonly predictor: Pick<Predictor, 'begin' | 'observe' | 'forecast' | 'forecastBatch' | 'encode' | 'decode'>;
  readonly batch: boolean;
  /** Its own quantiles count for surges; default false. */
  readonly regimes?: boolean;
  /** Which series it forecasts. */
  readonly for: 'all' | 'pools' | 'groups';
}

const FORMAT = 3;
/** What no pool sees, a second. */
const MOST_RATE = 1e15;

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
  /** Absent in format 2. */
  readonly lasts?: Float64Array;
  readonly lastOrigins?: Float64Array;
  readonly medians?: Float64Array;
  readonly dependence?: Dependence | null;
  readonly gate?: Gate;
  readonly last: number | null;
  readonly level: number;
  readonly lastStep: number;
}

/** Forecasts every series: predictors answer, weights mix them, outcomes correct them, and a failure yields a marked fallback. */
export class PredictStage {
  readonly #slots: readonly PredictorSlot[];
  readonly #failures: Failures;
  readonly #limitMs: number;
  readonly #signal: AbortSignal;
  readonly #mixer: Mixer;
  /** The answers for one series, reused: this runs for every series and step. */
  readonly #row: (Prediction | undefined)[];

  /**
   * @param limitMs longest wait for a batch that is answered by a promise; Infinity = no limit, as in a replay
   * @param settings `minSkill` = the quality gate, null = none; `seed` of sample paths
   */
  constructor(
    slots: readonly PredictorSlot[],
    failures: Failures,
    limitMs: number,
    signal: AbortSignal,
    { minSkill, seed }: { readonly minSkill: number | null; readonly seed: number } = { minSkill: null, seed: 1 },
  ) {
    this.#slots = slots;
    this.#failures = failures;
    this.#limitMs = limitMs;
    this.#signal = signal;
    this.#mixer = new Mixer(
      slots.map((slot) => slot.name),
      minSkill,
      seed,
    );
    this.#row = slots.map(() => undefined);
  }

  /**
   * @param horizon steps ahead, rising
   * @param like a series whose weights are the belief that this one begins with
   */
  begin(info: SeriesInfo, horizon: readonly number[], like?: SeriesState): SeriesState {
    // Frozen: what a predictor is shown must not be what it changes.
    Object.freeze(info);
    Object.freeze(horizon);
    const members = this.#slots.map((slot) => (this.#serves(slot, info) ? this.#beginMember(slot, info) : NONE));
    return this.#mixer.begin(info, horizon, members, like);
  }

  #serves(slot: PredictorSlot, info: SeriesInfo): boolean {
    return slot.for === 'all' || (slot.for === 'pools') === (info.scope === 'pool');
  }

  #beginMember(slot: PredictorSlot, info: SeriesInfo): unknown {
    try {
      return atOnce(slot.predictor.begin(info), 'begin');
    } catch (error) {
      this.#failures.report('predict', slot.name, info.id, error, 'its series goes on without it');
      return NONE;
    }
  }

  /** What was forecast one step ahead for a step that has not been observed yet; undefined where nothing was, or it has been. */
  expected(series: SeriesState, step: number): Float64Array | undefined {
    return step > series.lastStep ? this.#mixer.expected(series, step) : undefined;
  }

  /** Learns one closed step: first from what was forecast for it, then into every predictor's state. */
  observe(series: SeriesState, given: Observation): void {
    if (given.step <= series.lastStep) return;
    const observation = this.#rate(series, given);
    this.#mixer.observe(series, observation);
    for (let k = 0; k < this.#slots.length; k++) {
      const slot = this.#slots[k] as PredictorSlot;
      const state = series.members[k];
      if (state === NONE) continue;
      // A copy each, and compared afterwards: freezing would cost more than all the rest of this.
      const { step, value, truth } = observation;
      const shown = { step, value, truth };
      try {
        series.members[k] = atOnce(slot.predictor.observe(state, shown), 'observe');
        if (shown.value !== value || shown.truth !== truth || shown.step !== step)
          throw new Error('changed the observation that it was given');
        this.#failures.recovered('predict', slot.name, series.info.id, 'observe');
      } catch (error) {
        this.#failures.report('predict', slot.name, series.info.id, error, 'its state begins again from nothing', 'observe');
        series.members[k] = this.#beginMember(slot, series.info);
      }
    }
  }

  /** A step whose rate is no rate is a step of which nothing is known: one bad record must not end an engine. */
  #rate(series: SeriesState, given: Observation): Observation {
    const { step, value, truth } = given;
    if (truth === 'missing' || truth === 'masked' || (value >= 0 && value < MOST_RATE)) return given;
    const error = new RangeError(`${value} a second at ${new Date(step).toISOString()} is no rate`);
    this.#failures.report('predict', 'engine', series.info.id, error, 'the step counts as missing', 'observe');
    return { step, value: 0, truth: 'missing' };
  }

  /** Forecasts all series from `origin` (epoch ms), in the order given. */
  async forecast(all: readonly SeriesState[], origin: number): Promise<Forecast[]> {
    const requests = questions(all, origin);
    const batches: ((Prediction | undefined)[] | undefined)[] = [];
    for (const [k, slot] of this.#slots.entries()) {
      batches.push(slot.batch && slot.predictor.forecastBatch ? await this.#askAtOnce(slot, k, all, requests) : undefined);
    }
    const forecasts = new Array<Forecast>(all.length);
    for (let index = 0; index < all.length; index++) {
      const series = all[index] as SeriesState;
      // Mixed before the next is asked: a predictor may well use its array again.
      for (let k = 0; k < batches.length; k++) {
        const batch = batches[k];
        this.#row[k] = batch ? batch[index] : this.#askAlone(k, series, requests[index] as ForecastRequest);
      }
      forecasts[index] = this.#mixer.mix(series, this.#row, origin);
    }
    return forecasts;
  }

  /** What a predictor that tells regimes apart said by itself at `origin`, uncorrected, [horizon x levels]; undefined = nothing. */
  regime({ pending, info }: SeriesState, origin: number): { readonly by: string; readonly quantiles: ArrayLike<number> } | undefined {
    const slot = this.#slots.findIndex(({ regimes }) => regimes === true);
    const block = slot < 0 ? -1 : pending.block(Math.round(origin / info.stepMs));
    if (block < 0) return undefined;
    const from = block + slot * pending.length;
    if (Number.isNaN(pending.values[from] as number)) return undefined;
    return { by: (this.#slots[slot] as PredictorSlot).name, quantiles: pending.values.subarray(from, from + pending.length) };
  }

  /** Sample paths of a series' forecast. */
  paths(series: SeriesState, forecast: Forecast, count?: number): SamplePaths {
    return this.#mixer.paths(series, forecast, count);
  }

  async #askAtOnce(
    slot: PredictorSlot,
    k: number,
    all: readonly SeriesState[],
    requests: readonly ForecastRequest[],
  ): Promise<(Prediction | undefined)[]> {
    const forecastBatch = slot.predictor.forecastBatch as NonNullable<Predictor['forecastBatch']>;
    const answers = new Array<Prediction | undefined>(all.length);
    const asked = all.map((_, index) => index).filter((index) => all[index]?.members[k] !== NONE);
    if (asked.length === 0) return answers;
    try {
      const states = asked.map((index) => all[index]?.members[k]);
      const questions = asked.map((index) => requests[index] as ForecastRequest);
      const answer = Promise.resolve(forecastBatch.call(slot.predictor, states, questions, this.#signal));
      const batch = await withTimeLimit(answer, this.#limitMs, `predict(${slot.name})`);
      if (batch.length !== asked.length) throw new Error(`answered ${batch.length} series where ${asked.length} were asked`);
      asked.forEach((index, i) => {
        const answer = batch[i] as Prediction | NotReady;
        const before = batch[i - 1];
        const shared = answer !== NOT_READY && before !== undefined && before !== NOT_READY && answer?.quantiles === before.quantiles;
        if (shared) throw new Error('answered several series with one array');
        answers[index] = this.#accept(slot, all[index] as SeriesState, answer);
      });
    } catch (error) {
      answers.fill(undefined);
      for (const index of asked)
        this.#failures.report('predict', slot.name, (all[index] as SeriesState).info.id, error, 'the others forecast without it');
    }
    return answers;
  }

  #askAlone(k: number, series: SeriesState, request: ForecastRequest): Prediction | undefined {
    const state = series.members[k];
    if (state === NONE) return undefined;
    const slot = this.#slots[k] as PredictorSlot;
    try {
      return this.#accept(slot, series, atOnce(slot.predictor.forecast(state, request), 'forecast'));
    } catch (error) {
      this.#failures.report('predict', slot.name, series.info.id, error, 'the others forecast without it');
      return undefined;
    }
  }

  #accept(slot: PredictorSlot, series: SeriesState, answer: Prediction | NotReady): Prediction | undefined {
    if (answer === NOT_READY) return undefined;
    const wrong = checkQuantiles(answer?.quantiles, series.horizon.length);
    if (wrong !== undefined) {
      // A predictor that answers for one series only in part may say why in its note.
      const why = answer?.note === undefined ? wrong : `${wrong}: ${answer.note}`;
      this.#failures.report('predict', slot.name, series.info.id, new Error(why), 'the others forecast without it');
      return undefined;
    }
    this.#failures.recovered('predict', slot.name, series.info.id);
    return answer;
  }

  #encodeMember(slot: PredictorSlot, series: SeriesState, state: unknown): Uint8Array | null {
    try {
      return atOnce(slot.predictor.encode(state), 'encode');
    } catch (error) {
      this.#failures.report('predict', slot.name, series.info.id, error, 'after a restart its state begins from nothing', 'encode');
      return null;
    }
  }

  encode(series: SeriesState): Uint8Array {
    const encoded: Encoded = {
      v: FORMAT,
      names: this.#slots.map((slot) => slot.name),
      horizon: series.horizon,
      members: series.members.map((state, k) =>
        state === NONE ? null : this.#encodeMember(this.#slots[k] as PredictorSlot, series, state),
      ),
      loss: series.ensemble.loss,
      theta: series.conformal.theta,
      scale: series.conformal.scale,
      origins: series.pending.origins,
      values: series.pending.values,
      lasts: series.pending.lasts,
      lastOrigins: series.pending.lastOrigins,
      medians: series.pending.medians,
      dependence: series.dependence ?? null,
      gate: series.gate,
      last: series.last ?? null,
      level: series.level,
      lastStep: series.lastStep,
    };
    return pack(encoded);
  }

  /** Past losses of slot `k`, by band. One that is new has nothing against it and nothing for it: it takes the mean of the others. */
  #decodeLoss(series: SeriesState, { loss, names }: Encoded, k: number, from: number): void {
    for (let band = 0; band < BAND_COUNT; band++) {
      const row = loss.subarray(band * names.length, (band + 1) * names.length);
      series.ensemble.loss[band * this.#slots.length + k] =
        from < 0 ? row.reduce((a, b) => a + b, 0) / names.length : (row[from] as number);
    }
  }

  /**
   * Reads a series back. A predictor whose part cannot be read, or that is new, begins from nothing; of a changed horizon each row goes on
   * from the nearest that is known, and what waited for outcomes, and the dependence of paths, begin anew. Only bytes that hold no series at all are refused, by throwing.
   */
  decode(info: SeriesInfo, horizon: readonly number[], bytes: Uint8Array): SeriesState {
    const encoded = unpack<Encoded>(bytes);
    if (encoded?.v !== FORMAT && encoded?.v !== 2)
      throw new Error(`series state of format ${String(encoded?.v)}; this version reads ${FORMAT}`);
    const series = this.begin(info, horizon);
    series.last = encoded.last ?? undefined;
    series.level = encoded.level;
    series.lastStep = encoded.lastStep;
    this.#slots.forEach((slot, k) => {
      const from = encoded.names.indexOf(slot.name);
      this.#decodeLoss(series, encoded, k, from);
      const member = encoded.members[from];
      if (!member || series.members[k] === NONE) return;
      try {
        series.members[k] = slot.predictor.decode(member, info);
      } catch (error) {
        this.#failures.report('predict', slot.name, info.id, error, 'its state could not be read and begins again from nothing');
      }
    });
    const sameNames = encoded.names.join() === this.#slots.map((slot) => slot.name).join();
    const sameHorizon = encoded.horizon.join() === horizon.join();
    const same = sameNames && sameHorizon;
    const rows = nearestRows(encoded.horizon, horizon);
    const { lasts, lastOrigins, medians, dependence, gate } = encoded;
    if (gate !== undefined) series.gate = sameHorizon ? gate : gateFor(rows, gate);
    if (same && lasts && lastOrigins && medians) {
      series.pending.lasts.set(lasts);
      series.pending.lastOrigins.set(lastOrigins);
      series.pending.medians.set(medians);
      if (series.dependence && dependence) series.dependence = dependence;
    }
    if (sameNames) {
      const { theta, scale } = encoded;
      series.conformal = sameHorizon ? { theta, scale } : conformalFor(rows, { theta, scale });
    }
    if (same) {
      series.pending.origins.set(encoded.origins);
      series.pending.values.set(encoded.values);
    }
    return series;
  }
}

/** What is asked of each series. Series of one pool share their horizon, and so the question. */
function questions(all: readonly SeriesState[], origin: number): ForecastRequest[] {
  const byHorizon = new Map<readonly number[], ForecastRequest>();
  return all.map(({ horizon }) => {
    let request = byHorizon.get(horizon);
    if (!request) {
      request = Object.freeze({ origin, horizon, levels: LEVELS });
      byHorizon.set(horizon, request);
    }
    return request;
  });
}

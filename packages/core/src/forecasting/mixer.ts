import { type Forecast, LEVELS, type Observation, type Prediction, type SamplePaths, type SeriesInfo } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { beginConformal, type Conformal, correct, correctRow, learnConformal } from './conformal.ts';
import { beginDependence, type Dependence, isKept, learnDependence } from './dependence.ts';
import { BAND_COUNT, bandOf, beginEnsemble, combine, type Ensemble, learnWeights, rowLoss, weights } from './ensemble.ts';
import { beginGate, type Gate, gateError, isClosed, learnGate, learnSpread, quickLoss, skillOf } from './gate.ts';
import { samplePaths } from './paths.ts';
import { Pending } from './pending.ts';
import { persistence } from './persistence.ts';

/** One series with everything that is learnt about it. */
export interface SeriesState {
  readonly info: SeriesInfo;
  readonly horizon: readonly number[];
  /** The band of weights of each row of the horizon. */
  readonly bands: readonly number[];
  /** By predictor slot: its state, or `NONE` where it does not serve this series. */
  readonly members: unknown[];
  ensemble: Ensemble;
  conformal: Conformal;
  /** Of pools' totals alone: nobody draws paths of a group. */
  dependence: Dependence | undefined;
  gate: Gate;
  pending: Pending;
  /** Last observed rate; undefined before the first. */
  last: number | undefined;
  /** Running mean rate, for the floor of logarithms. */
  level: number;
  lastStep: number;
}

const MEDIAN = LEVELS.indexOf(0.5);
/** Why the last value goes on where nobody answered. */
export const NO_ANSWER = 'no predictor has an answer';

/** What the engine itself does with a series: mixes the predictors' answers, and learns from outcomes what the answers were worth. */
export class Mixer {
  /** By slot; their order is the order of `members`. */
  readonly #names: readonly string[];
  /** Losses of one outcome, [band x predictor], and how many rows of each band they are of. */
  readonly #losses: Float64Array;
  readonly #rows = new Uint8Array(BAND_COUNT);
  readonly #row = new Float64Array(LEVELS.length);
  readonly #minSkill: number | null;
  readonly #seed: number;

  /** @param minSkill skill against the last value below which a series falls back on it; null = it never does */
  constructor(names: readonly string[], minSkill: number | null = null, seed = 1) {
    this.#names = names;
    this.#minSkill = minSkill;
    this.#seed = seed;
    this.#losses = new Float64Array(BAND_COUNT * names.length);
  }

  /**
   * @param horizon steps ahead, rising
   * @param like a series whose weights are the belief that this one begins with
   */
  begin(info: SeriesInfo, horizon: readonly number[], members: unknown[], like?: SeriesState): SeriesState {
    return {
      info,
      horizon,
      bands: like?.horizon === horizon ? like.bands : horizon.map(bandOf),
      members,
      ensemble: beginEnsemble(this.#names.length, like?.ensemble),
      conformal: beginConformal(horizon.length),
      dependence: info.scope === 'pool' ? beginDependence(horizon.length) : undefined,
      gate: beginGate(horizon.length),
      pending: new Pending(horizon.at(-1) as number, this.#names.length, horizon.length * LEVELS.length, horizon.length),
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

  /** What was forecast one step ahead for a step that has not been observed yet, as corrected now: a quantile for each of `LEVELS`. */
  expected(series: SeriesState, step: number): Float64Array | undefined {
    const { pending, horizon, conformal } = series;
    const block = horizon[0] === 1 ? pending.block(Math.round(step / series.info.stepMs)) : -1;
    if (block < 0) return undefined;
    const quantiles = new Float64Array(LEVELS.length);
    correctRow(conformal, 0, pending.values, block + pending.members * pending.length, floorOf(series), quantiles);
    return quantiles;
  }

  #mature(series: SeriesState, observation: Observation): void {
    const { pending, horizon } = series;
    const step = Math.round(observation.step / series.info.stepMs);
    const floor = floorOf(series);
    const losses = this.#losses.fill(0);
    const rows = this.#rows.fill(0);
    const y = observation.value;
    const logY = Math.log(y + floor);
    const sums = { ours: 0, naive: 0, judged: 0 };
    const size = Math.max(y, series.level);
    for (let row = 0; row < horizon.length; row++) {
      const origin = step - (horizon[row] as number) + 1;
      const last = pending.lastAt(origin);
      if (!Number.isNaN(last)) learnSpread(series.gate, row, Math.abs(logY - Math.log(last + floor)));
      const block = pending.block(origin);
      if (block < 0) continue;
      const band = series.bands[row] as number;
      rows[band] = (rows[band] as number) + 1;
      for (let k = 0; k < pending.members; k++) {
        const at = block + k * pending.length;
        const into = band * pending.members + k;
        losses[into] = Number.isNaN(pending.values[at] as number)
          ? Number.NaN
          : (losses[into] as number) + rowLoss(pending.values, at + row * LEVELS.length, y);
      }
      const combined = block + pending.members * pending.length + row * LEVELS.length;
      if (series.dependence && isKept(horizon, origin)) {
        correctRow(series.conformal, row, pending.values, combined, floor, this.#row);
        learnDependence(series.dependence, horizon, origin, row, this.#row, 0, y);
      }
      learnConformal(series.conformal, row, pending.values, combined, y, floor);
      if (Number.isNaN(last)) continue;
      sums.ours += gateError(pending.medianAt(origin, row), y, series.level);
      sums.naive += gateError(last, y, series.level);
      sums.judged++;
    }
    if (sums.judged > 0) learnGate(series.gate, sums.ours, sums.naive, sums.judged * size, this.#minSkill, series.info.stepMs);
    for (let band = 0; band < BAND_COUNT; band++) {
      if ((rows[band] as number) > 0) learnWeights(series.ensemble, band, losses, band * pending.members, pending.members);
    }
  }

  /** One forecast out of the answers; undefined = a slot has none. */
  mix(series: SeriesState, answers: readonly (Prediction | undefined)[], origin: number): Forecast {
    const { info, horizon, pending } = series;
    const number = Math.round(origin / info.stepMs);
    pending.keepLast(number, series.last);
    if (answers.every((answer) => answer === undefined)) {
      return this.#persistence(series, origin, NO_ANSWER);
    }
    const byBand: (Float64Array | undefined)[] = [];
    for (const band of series.bands) byBand[band] ??= weights(series.ensemble, band, answers);
    const combined = combine(answers, series.bands, byBand);
    pending.issue(number, answers, combined);
    const quantiles = correct(series.conformal, combined, floorOf(series));
    for (let row = 0; row < horizon.length; row++) pending.keepMedian(number, row, quantiles[row * LEVELS.length + MEDIAN] as number);
    if (this.#minSkill !== null && isClosed(series.gate)) return this.#persistence(series, origin, this.#whyClosed(series));
    const named: Record<string, number> = {};
    let note: string | undefined;
    for (let k = 0; k < answers.length; k++) {
      if (answers[k] === undefined) continue;
      named[this.#names[k] as string] = meanWeight(series.bands, byBand, k);
      note ??= answers[k]?.note;
    }
    const forecast = { series: info.id, origin, stepMs: info.stepMs, horizon, quantiles, by: 'ensemble', weights: named };
    return note === undefined ? forecast : { ...forecast, note };
  }

  #persistence(series: SeriesState, origin: number, fallback: string): Forecast {
    const { info, horizon, gate, last } = series;
    const quantiles = persistence(last, horizon, gate, floorOf(series));
    return { series: info.id, origin, stepMs: info.stepMs, horizon, quantiles, by: 'persistence', fallback };
  }

  #whyClosed({ gate, horizon, info }: SeriesState): string {
    const loss = quickLoss(gate);
    if (loss !== undefined)
      return `in the last minutes the predictors have been ${loss > 100 ? 'over 100' : loss.toFixed(1)} times as far off as the last value, which goes on`;
    const skill = skillOf(gate, info.stepMs) ?? 0;
    const percent = Math.round(100 * Math.abs(skill));
    // A last value that was hardly ever wrong makes a percentage that says nothing.
    const much = percent > 10_000 ? 'far worse than' : skill < 0 ? `${percent} % worse than` : `only ${percent} % better than`;
    return `up to ${horizon.at(-1)} steps ahead the predictors have been ${much} the last value going on (mean absolute error); minSkill is ${this.#minSkill}`;
  }

  /** Seeded sample paths of a forecast of this series; the same question has the same answer. */
  paths(series: SeriesState, forecast: Forecast, count?: number): SamplePaths {
    const random = new SeededRandom(`${this.#seed}/paths/${forecast.series}/${forecast.origin}`);
    return samplePaths(forecast, series.dependence, random, count);
  }
}

/** Rate that is added before logarithms are taken: a fiftieth of the mean, at least a tenth of a request a step. */
export function floorOf({ level, info }: SeriesState): number {
  return Math.max(0.02 * level, 100 / info.stepMs);
}

/** The weight of a predictor, averaged over the steps of the horizon. */
function meanWeight(bands: readonly number[], byBand: readonly (Float64Array | undefined)[], k: number): number {
  let sum = 0;
  for (const band of bands) sum += byBand[band]?.[k] as number;
  return sum / bands.length;
}

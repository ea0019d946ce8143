import type { Anomaly, Detector, Observation, SeriesInfo } from '@auspex/contracts';
import { learnInto, scoreOf, surpriseIn, zone } from '@auspex/numerics';
import { figure } from '../text.ts';
import { addPoint, distanceTo } from './bank.ts';
import { calibrated } from './calibration.ts';
import { causeOf } from './cause.ts';
import type { ShapeOptions } from './config.ts';
import { pushRecent, type Surroundings } from './recent.ts';
import { hold } from './rest.ts';
import { beginState, decodeState, encodeState, type ShapeState, VIEWS } from './state.ts';

const DAY = 86_400_000;
/** Steps from which on a long history raises the bar. */
const SPENT_FROM = 300;
/** What is larger would overflow when it is squared. */
const LARGEST = 1e150;

/**
 * Novelty of the newest value, alone and in its surroundings: the distance to the nearest of all that was seen before, read as a tail
 * probability under the novelty of the past. What was seen once is known, so that only what is unlike all of it stands out.
 */
export class Shape implements Detector<ShapeState> {
  readonly #options: ShapeOptions;

  constructor(options: ShapeOptions) {
    this.#options = options;
  }

  begin(series: SeriesInfo): ShapeState {
    return beginState(series, this.#options.bank);
  }

  detect(state: ShapeState, observation: Observation): Anomaly {
    const { step, truth } = observation;
    if (truth === 'missing' || truth === 'masked') return answer(state, step, 0, `the step is ${truth}`);
    if (!Number.isFinite(observation.value)) return answer(state, step, 0, 'its value is no number');
    const value = Math.max(-LARGEST, Math.min(LARGEST, observation.value));
    if (truth === 'censored') return this.#bound(state, step, value);
    const steps = Number.isNaN(state.last) ? 1 : Math.max(1, Math.round((step - state.last) / state.stepMs));
    const { surprise, told } = this.#novelty(state, step, value, steps - 1);
    const spent = surprise - this.#options.spend * Math.log10(Math.max(state.rows, SPENT_FROM) / SPENT_FROM);
    state.rows++;
    state.last = step;
    const shown = hold(state, Math.max(0, spent), steps, this.#options.rest);
    return answer(state, step, scoreOf(calibrated(shown)), told);
  }

  encode(state: ShapeState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): ShapeState {
    return decodeState(bytes, this.#options.bank);
  }

  /** Mean surprise of the views, and what the most surprised of them has to say. Learns the value. */
  #novelty(state: ShapeState, step: number, value: number, missed: number): { readonly surprise: number; readonly told: string } {
    const { context, day, fill } = this.#options;
    const around = pushRecent(state.recent, value, missed, context);
    state.mean += (value - state.mean) / (state.rows + 1);
    state.deviation += (Math.abs(value - state.mean) - state.deviation) / (state.rows + 1);
    const contexts = contextsOf(around, day > 0 ? timeOfDay(state, step) : Number.NaN);
    let [sum, known, most, which] = [0, 0, -1, 0];
    for (const [index, { bank, tail }] of state.views.entries()) {
      const beside = contexts[index] as number;
      if (Number.isNaN(beside)) continue;
      const circle = VIEWS[index] === 'time' ? day * state.deviation : undefined;
      const distance = distanceTo(bank, bank.size, value, beside, circle);
      addPoint(bank, distance, value, beside, circle);
      const novelty = distance === Number.POSITIVE_INFINITY ? 0 : distance;
      const surprise = surpriseIn(tail, novelty);
      if (state.rows >= fill) learnInto(tail, novelty);
      sum += surprise;
      known++;
      if (surprise > most) [most, which] = [surprise, index];
    }
    const told = causeOf(state, VIEWS[which] as (typeof VIEWS)[number], value, around, step);
    state.least = Math.min(state.least, value);
    state.most = Math.max(state.most, value);
    return { surprise: sum / known, told };
  }

  /** A lower bound says something only where it is above all that was seen; how much more there was nobody knows, so it teaches nothing. */
  #bound(state: ShapeState, step: number, value: number): Anomaly {
    if (!(value > state.most)) return answer(state, step, 0, 'more may have been wanted than was seen');
    const { tail } = state.views[0] as ShapeState['views'][number];
    const surprise = surpriseIn(tail, value - state.most);
    return answer(state, step, scoreOf(surprise), `at least ${figure(value)}/s: never so high (${figure(state.most)}/s)`);
  }
}

function contextsOf({ before, most, spread }: Surroundings, day: number): readonly number[] {
  return [0, before, most, spread, day];
}

/** Share of the local day that is over. */
function timeOfDay({ zone: name }: ShapeState, step: number): number {
  return (((zone(name).toLocal(step) % DAY) + DAY) % DAY) / DAY;
}

function answer({ group, pop }: ShapeState, step: number, score: number, cause: string): Anomaly {
  return { group, pop, step, score, cause };
}

import { type Anomaly, type Detector, type DetectView, LEVELS, type Observation, type SeriesInfo } from '@auspex/contracts';
import { learnBounded, scoreOf, surpriseAbove, type Tail } from '@auspex/numerics';
import { combine } from '../combine.ts';
import { AS_USUAL, figure, isUsual } from '../text.ts';
import type { ResidualOptions } from './config.ts';
import { deviationOf } from './deviation.ts';
import { follow, isReturn } from './episode.ts';
import { repeatSurprise } from './repeats.ts';
import { beginState, decodeState, encodeState, type ResidualState, type Scale } from './state.ts';

/** Averages take at most so much of one step: one spike is no hour of too much. */
const MOST = 8;
/** Smallest mean deviation that is told apart: below it the forecast was met. */
const LEAST = 0.02;
/** Surprise from which a step of an incident is one. */
const STRANGE = 3;
const HARDLY = 0.1;
const FIRST = LEVELS.indexOf(0.05);
const LAST = LEVELS.indexOf(0.95);

/**
 * How far what was seen is from what was forecast one step before: its place among the quantiles, averaged over several time scales, up and down, each read as a tail
 * probability under its own past. So a forecast that promises too much raises no alarm.
 */
export class Residual implements Detector<ResidualState> {
  readonly #options: ResidualOptions;

  constructor(options: ResidualOptions) {
    this.#options = options;
  }

  begin(series: SeriesInfo): ResidualState {
    return beginState(series, this.#options.scales);
  }

  detect(state: ResidualState, observation: Observation, expected: number | undefined, view?: DetectView): Anomaly {
    const { step, truth, value } = observation;
    if (truth === 'missing' || truth === 'masked') return answer(state, step, 0, `the step is ${truth}`);
    if (!Number.isFinite(value)) return answer(state, step, 0, 'its value is no number');
    const { memory, fill } = this.#options;
    const stuck = truth === 'observed' ? repeatSurprise(state, value, memory) : 0;
    const deviation = deviationFrom(state, observation, expected, view?.quantiles);
    if (deviation === undefined) return answer(state, step, 0, 'nothing is forecast yet');
    const scored = state.learnt >= fill;
    if (truth === 'censored') {
      // A lower bound says something only where it is too high, and nobody knows how much too high: it teaches nothing.
      const surprise = scored ? surpriseAbove((state.scales[0] as Scale).above, deviation, LEAST) : 0;
      return answer(state, step, scoreOf(surprise), `at least ${told(value, expected, view?.quantiles)}`);
    }
    const log = Math.log(Math.max(0, value) + 1000 / state.stepMs);
    const back = isReturn(state.episode, log, deviation);
    const surprises = back ? this.#skip(state, step) : this.#learn(state, step, deviation);
    const surprise = combine([...surprises, stuck]);
    follow(state.episode, log, deviation, scored ? surprise : 0);
    if (!scored) return answer(state, step, 0, 'too few steps were seen');
    if (back) return answer(state, step, 0, `${told(value, expected, view?.quantiles)}; back to where it was`);
    if (isUsual(surprise)) return answer(state, step, scoreOf(surprise), AS_USUAL);
    const strongest = surprises.indexOf(Math.max(...surprises));
    const { steps } = state.scales[strongest >> 1] as Scale;
    const lasting = steps > 1 ? `; ${strongest % 2 === 0 ? 'above' : 'below'} it for some ${steps} steps` : '';
    const cause =
      stuck > Math.max(...surprises)
        ? `${figure(value)}/s, the same ${state.repeated + 1} times in a row`
        : `${told(value, expected, view?.quantiles)}${lasting}`;
    return answer(state, step, scoreOf(surprise), cause);
  }

  encode(state: ResidualState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): ResidualState {
    return decodeState(bytes, this.#options.scales);
  }

  /** Surprises of each scale, upwards and downwards; then they are learnt. */
  #learn(state: ResidualState, step: number, deviation: number): number[] {
    const passed = Number.isNaN(state.last) ? 1 : Math.max(1, Math.round((step - state.last) / state.stepMs));
    state.last = step;
    state.learnt++;
    return state.scales.flatMap((scale) => {
      const weight = 1 / scale.steps;
      const bounded = scale.steps === 1 ? deviation : Math.max(-MOST, Math.min(MOST, deviation));
      // Steps that are missing were as expected, for all one knows.
      scale.mean = (1 - weight) ** passed * scale.mean + weight * bounded;
      return [this.#side(scale.above, scale.mean, state.episode.open), this.#side(scale.below, -scale.mean, state.episode.open)];
    });
  }

  /** A step that says nothing: averages begin anew. */
  #skip(state: ResidualState, step: number): number[] {
    state.last = step;
    for (const scale of state.scales) scale.mean = 0;
    return [0];
  }

  #side(tail: Tail, mean: number, strange: boolean): number {
    const far = Math.max(0, mean);
    const surprise = surpriseAbove(tail, far, LEAST);
    // What is of an incident is hardly a measure of the next.
    learnBounded(tail, far, LEAST, this.#options.memory, strange && surprise >= STRANGE ? HARDLY : 1);
    return surprise;
  }
}

/** Signed; undefined where nothing says what was to be expected. */
function deviationFrom(
  state: ResidualState,
  { value, truth }: Observation,
  expected: number | undefined,
  quantiles?: Float64Array,
): number | undefined {
  // One event more or less is no deviation.
  const one = 1000 / state.stepMs;
  if (quantiles) return deviationOf(quantiles, value, one);
  if (expected === undefined) return undefined;
  const relative = Math.log((value + one) / (expected + one));
  const usual = Math.max(1e-3, state.relative);
  if (truth === 'observed') {
    state.relatives++;
    const most = state.relatives > 1 ? 4 * usual : Number.POSITIVE_INFINITY;
    state.relative += (Math.min(most, Math.abs(relative)) - state.relative) / Math.min(state.relatives, 1000);
  }
  return Math.max(-40, Math.min(40, relative / usual));
}

function told(value: number, expected: number | undefined, quantiles?: Float64Array): string {
  if (quantiles) return `${figure(value)}/s, forecast ${figure(quantiles[FIRST] as number)}..${figure(quantiles[LAST] as number)}/s`;
  return `${figure(value)}/s, forecast ${figure(expected as number)}/s`;
}

function answer({ group, pop }: ResidualState, step: number, score: number, cause: string): Anomaly {
  return { group, pop, step, score, cause };
}

import {
  definePredictor,
  duration,
  type ForecastRequest,
  NOT_READY,
  type NotReady,
  type Observation,
  type Prediction,
  type Predictor,
  type SeriesInfo,
} from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  season: duration().prefault('1d').describe('After which time demand repeats itself: 1d, 7d. Default 1d.'),
});

/** Errors that the spread is made of, and fewest before there is an answer. */
const ERRORS = 256;
const FEWEST = 20;
/** Rate a second that is added to both sides of a ratio, so that zero has one. */
const SMALL = 0.01;

/** What is known of one series. The engine keeps it: data, of a size that does not grow. */
interface State {
  readonly stepMs: number;
  /** The last value seen at each step of the season; NaN = none yet. */
  readonly slots: Float64Array;
  /** Log ratios of what was seen to what was said, a ring; NaN = none yet. */
  readonly errors: Float64Array;
  /** How many errors were written. */
  written: number;
  /** The last value seen; NaN = none yet. */
  last: number;
}

/** Says the value of a season ago, spread by how wrong that was so far. */
class SeasonalNaive implements Predictor<State> {
  readonly #season: number;

  constructor({ season }: z.output<typeof options>) {
    this.#season = season;
  }

  begin({ stepMs }: SeriesInfo): State {
    const slots = new Float64Array(Math.max(1, Math.round(this.#season / stepMs))).fill(Number.NaN);
    return { stepMs, slots, errors: new Float64Array(ERRORS).fill(Number.NaN), written: 0, last: Number.NaN };
  }

  /** It may change the state that it is given, and nothing else: all that is known of a series is in its state. */
  observe(state: State, { step, value, truth }: Observation): State {
    // What was not seen, or is not to be learnt from, is no zero.
    if (truth === 'missing' || truth === 'masked') return state;
    const slot = slotOf(state, step);
    const before = saidFor(state, step);
    // A lower bound says something only where more was seen than thought.
    if (truth === 'censored' && !(value > before)) return state;
    if (Number.isFinite(before)) {
      state.errors[state.written % ERRORS] = Math.log((value + SMALL) / (before + SMALL));
      state.written++;
    }
    state.slots[slot] = value;
    state.last = value;
    return state;
  }

  /** It MUST leave the state alone. Too little seen is no error. */
  forecast(state: State, { origin, horizon, levels }: ForecastRequest): Prediction | NotReady {
    if (state.written < FEWEST) return NOT_READY;
    const errors = state.errors.subarray(0, Math.min(state.written, ERRORS)).toSorted();
    const factors = levels.map((level) => Math.exp(quantile(errors, level)));
    const quantiles = new Float64Array(horizon.length * levels.length);
    for (const [row, ahead] of horizon.entries()) {
      const said = saidFor(state, origin + (ahead - 1) * state.stepMs) + SMALL;
      for (const [column, factor] of factors.entries()) quantiles[row * levels.length + column] = Math.max(0, said * factor - SMALL);
    }
    return { quantiles, note: `as a season ago, by ${errors.length} errors` };
  }

  encode({ stepMs, slots, errors, written, last }: State): Uint8Array {
    const numbers = Float64Array.of(MARK, slots.length, stepMs, written, last, ...slots, ...errors);
    return new Uint8Array(numbers.buffer);
  }

  /** It MUST throw on bytes that it did not write: the series then begins anew. */
  decode(bytes: Uint8Array): State {
    if (bytes.length % 8 !== 0 || bytes.length < 48) throw new TypeError('this is no state of __ID__');
    const [mark, length = 0, stepMs = 0, written = 0, last = 0, ...rest] = new Float64Array(bytes.slice().buffer);
    if (mark !== MARK || rest.length !== length + ERRORS) throw new TypeError('this is no state of __ID__');
    return { stepMs, slots: Float64Array.from(rest.slice(0, length)), errors: Float64Array.from(rest.slice(length)), written, last };
  }
}

/** Begins every state. Another one when the layout changes: states of before are then refused, and no nonsense. */
const MARK = 20_260_105.1;

function slotOf({ stepMs, slots }: State, step: number): number {
  return Math.floor(step / stepMs) % slots.length;
}

/** What is said for a step: the same step a season ago, else the last value. */
function saidFor(state: State, step: number): number {
  const slot = state.slots[slotOf(state, step)] ?? Number.NaN;
  return Number.isNaN(slot) ? state.last : slot;
}

/** Of sorted values, between the two that lie nearest. */
function quantile(sorted: Float64Array, level: number): number {
  const place = level * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? 0;
  return below + (above - below) * (place - Math.floor(place));
}

/** The predictor `__ID__`. */
export const __VALUE__ = definePredictor({
  id: '__ID__',
  summary: 'Says the value of a season ago, spread by how wrong that was so far.',
  config: options,
  // `batch`: it answers many series a call, by `forecastBatch`. `trains`: it has weights, by `train` and `use`.
  capabilities: { batch: false, trains: false },
  create: (given) => new SeasonalNaive(given),
});

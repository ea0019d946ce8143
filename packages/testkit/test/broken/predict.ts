import {
  type Answers,
  AuspexError,
  definePredictor,
  LEVELS,
  NOT_READY,
  type NotReady,
  type Observation,
  type Prediction,
  type Predictor,
} from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import type { PredictorSubject } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

interface State {
  id: string;
  count: number;
  /** A mean that fades; rates a second. */
  mean: number;
  last: number;
  asked: number;
  tag: number;
  trail?: number[];
}

type Tiny = Predictor<State>;
/** What the weights of one instance are: a factor. */
interface Weights {
  factor: number;
}

/** The mean of what was seen, wider the further ahead; its weights are a factor. */
function tiny(weights: Weights): Tiny {
  const self: Tiny = {
    begin: ({ id }) => ({ id, count: 0, mean: 0, last: 0, asked: 0, tag: 1 }),
    observe: (state, { value, truth }) => {
      if (truth === 'observed') {
        state.count++;
        state.mean += (value - state.mean) / Math.min(state.count, 50);
        state.last = value;
      } else if (truth === 'censored') state.mean = Math.max(state.mean, value);
      return state;
    },
    forecast: (state, { horizon, levels }): Prediction | NotReady => {
      if (state.count === 0) return NOT_READY;
      const width = (h: number): number => Math.min(1, 0.1 * Math.sqrt(h));
      const rows = horizon.flatMap((h) => levels.map((level) => state.mean * weights.factor * (1 + width(h) * (level - 0.5))));
      return { quantiles: Float64Array.from(rows) };
    },
    forecastBatch: (states, requests) => states.map((state, i) => self.forecast(state, requests[i] as never)),
    train: (history) => {
      const all = history.flatMap((series) => [...series.observations].slice(-100).map((one) => one.value));
      return pack({ tiny: 1, factor: 1 + 0.01 * Math.tanh(all.reduce((sum, value) => sum + value, 0) / 1e6) });
    },
    use: (artifact) => {
      const read = unpack<{ tiny?: number; factor?: number }>(artifact);
      if (read?.tiny !== 1 || !(Number(read.factor) > 0)) throw new Error('these are no weights of tiny');
      weights.factor = Number(read.factor);
    },
    encode: (state) => pack({ v: 1, ...state }),
    decode: (bytes) => {
      const read = unpack<State & { v: number }>(bytes);
      if (read?.v !== 1) throw new Error('this is no state of tiny');
      const { v: _, ...state } = read;
      return state;
    },
  };
  return self;
}

type Change = (right: Tiny, weights: Weights) => Partial<Tiny>;
type Make = () => PredictorSubject;

const subject =
  (change: Change): Make =>
  () => ({
    warmUp: 240,
    plugin: definePredictor<z.ZodObject, State>({
      id: 'tiny',
      summary: 'A test.',
      config: z.strictObject({}),
      capabilities: { batch: true, trains: true },
      create: () => {
        const weights = { factor: 1 };
        const right = tiny(weights);
        return { ...right, ...change(right, weights) };
      },
    }),
  });

export const rightPredictor = subject(() => ({}));

const broken = (law: string, how: string, change: Change): Broken<PredictorSubject> => ({ law, how, make: subject(change) });

/** Changes what is answered, one by one and at once alike. */
function answering(
  change: (answer: Prediction, state: State, right: Tiny, question: Parameters<Tiny['forecast']>[1]) => Prediction | NotReady,
): Change {
  return (right) => {
    const forecast: Tiny['forecast'] = (state, question) => {
      const answer = right.forecast(state, question);
      return answer === NOT_READY ? answer : change(answer, state, right, question);
    };
    return { forecast, forecastBatch: (states, questions) => states.map((state, i) => forecast(state, questions[i] as never)) };
  };
}

const times =
  (factor: number): ((answer: Prediction) => Prediction) =>
  (answer) => ({ quantiles: answer.quantiles.map((value) => value * factor) });
const learning =
  (truth: Observation['truth']): Change =>
  (right) => ({
    observe: (state, seen) => right.observe(state, seen.truth === truth ? { ...seen, truth: 'observed' } : seen),
  });
const reading =
  (spoil: (state: State) => void): Change =>
  (right) => ({
    decode: (bytes) => {
      const state = right.decode(bytes);
      spoil(state);
      return state;
    },
  });

const STAYS = 'an answer stays as it was given';

export const brokenPredictors: readonly Broken<PredictorSubject>[] = [
  ...commonlyBroken(rightPredictor),
  broken('it answers every step and level that is asked, and no other', 'it has eight levels, whatever is asked', (right, weights) =>
    answering((_, state, __, question) => right.forecast(state, { ...question, levels: LEVELS }))(right, weights),
  ),
  broken(
    'it answers every step and level that is asked, and no other',
    'its quantiles are a plain array',
    answering((answer) => ({
      quantiles: [...answer.quantiles] as unknown as Float64Array,
    })),
  ),
  broken(
    'rates are finite, not negative, and rise with the level, in every world',
    'its quantiles go below nothing',
    answering((answer) => ({
      quantiles: answer.quantiles.map((value) => value - 1e-3),
    })),
  ),
  broken(
    'rates are finite, not negative, and rise with the level, in every world',
    'it overflows',
    answering((answer) => ({
      quantiles: answer.quantiles.map((value) => (value > 1e8 ? Number.POSITIVE_INFINITY : value)),
    })),
  ),
  broken(
    'rates are finite, not negative, and rise with the level, in every world',
    'levels cross after a jump',
    answering((answer, state) => {
      return state.last > 1e8 && state.mean < 5e8 ? { quantiles: answer.quantiles.toReversed() } : answer;
    }),
  ),
  broken(
    'early it answers well or says that it is not ready',
    'two observations have no variance',
    answering((answer, state) => (state.count === 2 ? times(Number.NaN)(answer) : answer)),
  ),
  broken(
    'after its warm-up it has an answer',
    'it is never ready',
    answering(() => NOT_READY),
  ),
  broken(
    'after its warm-up it has an answer',
    'it says nothing where it saw nothing',
    answering((answer, state) => (state.mean === 0 ? NOT_READY : answer)),
  ),
  broken('what it is given stays as it was', 'it sorts the levels in place', (right) => ({
    forecastBatch: (states, questions) => {
      for (const { levels } of questions) (levels as number[]).sort((a, b) => a - b);
      return right.forecastBatch?.(states, questions, undefined as never) as Answers;
    },
  })),
  broken('what it is given stays as it was', 'it cleans the observation', (right) => ({
    observe: (state, seen) => {
      (seen as { value: number }).value = Math.max(0, seen.value);
      return right.observe(state, seen);
    },
  })),
  broken('what it is given stays as it was', 'it empties the history', (right) => ({
    train: (history, signal) => {
      const weights = right.train?.(history, signal);
      (history as unknown[]).length = 0;
      return weights;
    },
  })),
  broken(
    'a forecast leaves the state alone and repeats itself',
    'it counts questions in the state',
    answering((answer, state) => {
      state.asked++;
      return answer;
    }),
  ),
  broken('a forecast leaves the state alone and repeats itself', 'it grows bolder each time', (right) => {
    const asked = new WeakSet<State>();
    return {
      forecastBatch: (states, questions, signal) => {
        const answers = right.forecastBatch?.(states, questions, signal) as Answers;
        const again = states.length === 1 && asked.has(states[0] as State);
        if (states.length === 1) asked.add(states[0] as State);
        return again ? answers.map((answer) => (answer === NOT_READY ? answer : times(1.5)(answer as Prediction))) : answers;
      },
    };
  }),
  broken(
    'the same seed and observations give the same answer, whatever the clock and chance of the process',
    'it looks at the wall clock',
    answering((answer) => times(Date.now() > Date.UTC(2040, 0) ? 1.1 : 1)(answer)),
  ),
  broken(
    'the same seed and observations give the same answer, whatever the clock and chance of the process',
    'it draws its own chance',
    (right, weights) => {
      const fixed = Math.random() === 0.999_999 ? 1.1 : 1;
      return answering(times(fixed))(right, weights);
    },
  ),
  broken(
    'the same seed and observations give the same answer, whatever the clock and chance of the process',
    'it looks at the hour',
    answering((answer) => times(new Date().getUTCHours() === 23 && new Date().getUTCSeconds() === 37 ? 1.1 : 1)(answer)),
  ),
  broken(STAYS, 'it uses its arrays again', (right) => {
    const arrays = new Map<string, Float64Array>();
    const again = (answer: Prediction | NotReady, place: string): Prediction | NotReady => {
      if (answer === NOT_READY) return answer;
      const { quantiles } = answer as Prediction;
      const key = `${place}/${quantiles.length}`;
      const array = arrays.get(key) ?? new Float64Array(quantiles.length);
      arrays.set(key, array);
      array.set(quantiles);
      return { quantiles: array };
    };
    return {
      forecast: (state, question) => again(right.forecast(state, question), 'alone'),
      forecastBatch: (states, questions) => states.map((state, i) => again(right.forecast(state, questions[i] as never), String(i))),
    };
  }),
  broken(STAYS, 'its answer is a part of its state', (right, weights) => {
    const told = new WeakMap<State, Float64Array>();
    return {
      ...answering((answer, state) => {
        told.set(state, answer.quantiles);
        return answer;
      })(right, weights),
      observe: (state, seen) => {
        told.get(state)?.fill(seen.value);
        return right.observe(state, seen);
      },
    };
  }),
  broken('a constant world is forecast as such', 'its rates are per step', answering(times(900))),
  broken(
    'a constant world is forecast as such',
    'it says the same whatever it saw',
    answering((answer) => ({ quantiles: answer.quantiles.fill(42) })),
  ),
  broken('series are kept apart', 'it keeps the last series outside the state', (right, weights) => {
    let last = '';
    return {
      ...answering((answer, state) => times(state.id === last || last.length < 4 ? 1 : 2)(answer))(right, weights),
      begin: (series) => {
        if (series.id !== 'web@*/requests') last = series.id.startsWith('neighbour') ? series.id : '';
        return right.begin(series);
      },
    };
  }),
  broken(
    'a state that is read back goes on as the one that was written',
    'the mean is rounded',
    reading((state) => {
      state.mean = Math.round(state.mean);
    }),
  ),
  broken(
    'a state that is read back goes on as the one that was written',
    'it forgets how much it saw',
    reading((state) => {
      if (state.count > 0) state.count = 1;
    }),
  ),
  broken('bytes that it did not write are refused', 'an empty map is a new state', (right) => ({
    decode: (bytes) => (bytes.length === 1 && bytes[0] === 0x80 ? right.begin({ id: '' } as never) : right.decode(bytes)),
  })),
  broken('bytes that it did not write are refused', 'what is unreadable begins anew', (right) => ({
    decode: (bytes) => {
      try {
        return right.decode(bytes);
      } catch {
        return right.begin({ id: '' } as never);
      }
    },
  })),
  broken('the value of a masked or missing step is never learnt', 'masked steps are learnt', learning('masked')),
  broken('the value of a masked or missing step is never learnt', 'a missing step is a bound', (right) => ({
    observe: (state, seen) => right.observe(state, seen.truth === 'missing' ? { ...seen, truth: 'censored' } : seen),
  })),
  broken('a censored value is a lower bound', 'it is learnt as it is', learning('censored')),
  broken('moved by four hundred years it says the same', 'there is a trend since 1970', (right) => ({
    observe: (state, seen) => right.observe(state, { ...seen, value: seen.value * (1 + seen.step / 1e17) }),
  })),
  broken('its state stays small', 'it keeps every step', (right) => ({
    observe: (state, seen) => {
      state.trail = [...(state.trail ?? []), seen.step];
      return right.observe(state, seen);
    },
  })),
  broken('many at once is as one by one', 'answers come in another order', (right) => ({
    forecastBatch: (states, questions, signal) => {
      const answers = right.forecastBatch?.(states, questions, signal) as Answers;
      return [...answers].reverse();
    },
  })),
  broken('many at once is as one by one', 'those that are not ready are left out', (right) => ({
    forecastBatch: (states, questions, signal) => {
      const answers = right.forecastBatch?.(states, questions, signal) as Answers;
      return states.length > 1 ? answers.filter((answer) => answer !== NOT_READY) : answers;
    },
  })),
  broken('many at once is as one by one', 'it only declares it', () => ({ forecastBatch: undefined as never })),
  broken('a batch that is told to stop ends', 'it waits for its server', (right) => ({
    forecastBatch: async (states, questions, signal) => {
      await Promise.resolve();
      if (signal.aborted) await new Promise(() => {});
      return right.forecastBatch?.(states, questions, signal) as Answers;
    },
  })),
  broken('training is deterministic', 'weights begin at random', (right) => ({
    train: async (history, signal) =>
      pack({ ...unpack<object>((await right.train?.(history, signal)) as Uint8Array), drawn: Math.random() }),
  })),
  broken('training is deterministic', 'weights hold when they were made', (right) => ({
    train: async (history, signal) => pack({ ...unpack<object>((await right.train?.(history, signal)) as Uint8Array), at: Date.now() }),
  })),
  broken('training is deterministic', 'it never has enough', () => ({ train: () => undefined })),
  broken('training changes nothing until its weights are used', 'it uses them at once', (right, weights) => ({
    train: (history, signal) => {
      const made = right.train?.(history, signal) as Uint8Array;
      weights.factor = 3;
      return made;
    },
  })),
  broken('new weights serve the states that were there before', 'a state belongs to its weights', (right, weights) => {
    let generation = 0;
    return {
      ...answering((answer, state) => {
        if (state.tag !== 1 + generation && state.tag !== 0) throw new Error('this state was made with other weights');
        return answer;
      })(right, weights),
      begin: (series) => ({ ...right.begin(series), tag: 1 + generation }),
      use: (artifact) => {
        right.use?.(artifact);
        generation++;
      },
    };
  }),
  broken('weights that it did not write are refused, and the old ones stay', 'what is unreadable is ignored', (right) => ({
    use: (artifact) => {
      try {
        right.use?.(artifact);
      } catch {}
    },
  })),
  broken('weights that it did not write are refused, and the old ones stay', 'the old ones are gone', (right, weights) => ({
    use: (artifact) => {
      weights.factor = 2;
      right.use?.(artifact);
    },
  })),
  broken('training that is told to stop ends', 'it never answers then', (right) => ({
    train: (history, signal) => (signal.aborted ? new Promise(() => {}) : right.train?.(history, signal)),
  })),
];

/** A predictor that can only be asked for many at once, as one in another process. */
export const remotePredictor = subject((right) => ({
  forecast: () => {
    throw new AuspexError('SUPPORT', 'it answers many at once');
  },
  forecastBatch: async (states, questions, signal) => right.forecastBatch?.(states, questions, signal) as Answers,
}));

import { definePredictor, LEVELS, NOT_READY, type Plugin, type Predictor, type TrainingSeries } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { z } from 'zod';

/** One call of `train`. */
export interface Lesson {
  /** Steps of each series, by its id. */
  readonly counts: Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
  readonly answer: (artifact: Uint8Array | undefined) => void;
  readonly fail: (error: unknown) => void;
  /** What it answers if nobody says otherwise: a digest of all that it saw, and of the weights that it went on from. */
  readonly weights: Uint8Array;
}

/** A predictor whose training is in the test's hand. Its forecasts depend on its weights. */
export interface School {
  readonly plugin: Plugin<'predictor'>;
  readonly lessons: Lesson[];
  /** First byte of each artifact that `use` was given, in order; those that it refused too. */
  readonly used: number[];
}

const MAGIC = 77;

function digest(history: readonly TrainingSeries[], from: number): number {
  let hash = 2166136261 ^ from;
  const mix = (value: number): void => {
    for (const word of new Uint32Array(new Float64Array([value]).buffer)) hash = Math.imul(hash ^ word, 16777619);
  };
  for (const { series, observations } of history) {
    for (const letter of series.id) mix(letter.charCodeAt(0));
    for (const { step, value, truth } of observations) for (const each of [step, value, truth.length]) mix(each);
  }
  return (hash >>> 0) % 65_536;
}

/**
 * @param teach called with each lesson; by default it is answered after some turns of the event loop
 */
export function school(teach: (lesson: Lesson, count: number) => void = afterTurns(20), id = 'pupil'): School {
  const lessons: Lesson[] = [];
  const used: number[] = [];
  const plugin = definePredictor({
    id,
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { batch: false, trains: true },
    create: (): Predictor<{ value: number }> => {
      let weight = 0;
      return {
        begin: () => ({ value: Number.NaN }),
        observe: (state, { value, truth }) => (truth === 'observed' ? { value } : state),
        forecast: ({ value }, { horizon }) => {
          if (Number.isNaN(value)) return NOT_READY;
          const rows = horizon.flatMap(() => LEVELS.map((level) => value * (1 + 0.2 * level + weight / 65_536)));
          return { quantiles: Float64Array.from(rows) };
        },
        train: (history, signal) =>
          new Promise((answer, fail) => {
            const made = digest(history, weight);
            const counts = Object.fromEntries(history.map(({ series, observations }) => [series.id, [...observations].length]));
            const lesson = { counts, signal, answer, fail, weights: new Uint8Array([MAGIC, made >> 8, made & 255]) };
            lessons.push(lesson);
            teach(lesson, lessons.length);
          }),
        use: (artifact) => {
          used.push(artifact[0] as number);
          if (artifact[0] !== MAGIC || artifact.length !== 3) throw new Error('no weights of a pupil');
          weight = 256 * (artifact[1] as number) + (artifact[2] as number);
        },
        encode: (state) => pack(state),
        decode: (bytes) => unpack(bytes),
      };
    },
  }) as unknown as Plugin<'predictor'>;
  return { plugin, lessons, used };
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Answers after `count` turns of the event loop. */
export function afterTurns(count: number): (lesson: Lesson) => void {
  return async ({ answer, weights }) => {
    for (let i = 0; i < count; i++) await turn();
    answer(weights);
  };
}

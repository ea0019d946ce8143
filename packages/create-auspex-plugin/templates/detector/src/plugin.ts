import { type Anomaly, type Detector, defineDetector, type Observation, type SeriesInfo } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  memory: z.int().positive().default(200).describe('Steps after which a deviation counts half as much. Default 200.'),
  quiet: z.number().positive().default(1).describe('Rate a second below which differences say little. Default 1.'),
});

/** Steps before there is a score. */
const FEWEST = 20;
/** So many times the usual deviation is the most that is learnt from a step: an outlier must not make the next one usual. */
const MOST = 4;

/** What is known of one series. The engine keeps it: data, of a size that does not grow. */
const stateOf = z.strictObject({
  v: z.literal(1),
  group: z.string(),
  pop: z.string(),
  steps: z.int().nonnegative(),
  mean: z.number(),
  variance: z.number().nonnegative(),
});
type State = z.output<typeof stateOf>;

/** Compares the deviation of a step with the usual one: a z-score as a tail probability. */
class Deviations implements Detector<State> {
  readonly #weight: number;
  readonly #quiet: number;

  constructor({ memory, quiet }: z.output<typeof options>) {
    this.#weight = 1 - 0.5 ** (1 / memory);
    this.#quiet = quiet;
  }

  begin({ name, pop }: SeriesInfo): State {
    return { v: 1, group: name, pop, steps: 0, mean: 0, variance: 0 };
  }

  /** Scores the step by what was known before it, and then learns it. */
  detect(state: State, { step, value, truth }: Observation, expected: number | undefined): Anomaly {
    const { group, pop } = state;
    const answer = (score: number, cause: string): Anomaly => ({ group, pop, step, score, cause });
    if (truth === 'missing' || truth === 'masked') return answer(0, `the step is ${truth}`);
    if (expected === undefined) return answer(0, 'nothing is expected yet');
    // A lower bound says something only where it lies above.
    if (truth === 'censored' && value <= expected) return answer(0, 'more may have been wanted than was seen');
    const off = Math.log((value + this.#quiet) / (expected + this.#quiet));
    const deviation = Math.max(Math.sqrt(state.variance), 1e-3);
    const z = (off - state.mean) / deviation;
    const early = state.steps < FEWEST;
    if (truth === 'observed') this.#learn(state, early ? off : state.mean + deviation * Math.max(-MOST, Math.min(MOST, z)));
    if (early) return answer(0, 'too few steps were seen');
    const text = `${value.toPrecision(3)}/s where ${expected.toPrecision(3)}/s were expected: ${Math.abs(z).toFixed(1)} times the usual deviation`;
    return answer(inside(Math.abs(z)), text);
  }

  encode(state: State): Uint8Array {
    return new TextEncoder().encode(JSON.stringify(state));
  }

  /** It MUST throw on bytes that it did not write: the series then begins anew. */
  decode(bytes: Uint8Array): State {
    return stateOf.parse(JSON.parse(new TextDecoder().decode(bytes)));
  }

  #learn(state: State, off: number): void {
    // The mean of all while there are few, one that forgets afterwards.
    const weight = Math.max(this.#weight, 1 / (state.steps + 1));
    const before = off - state.mean;
    state.mean += weight * before;
    state.variance = (1 - weight) * (state.variance + weight * before * before);
    state.steps++;
  }
}

/** Probability that a normal value lies within `z` deviations of its mean: erf(z / √2), to 2e-7 (Abramowitz and Stegun 7.1.26). */
function inside(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.min(1, Math.max(0, 1 - tail * Math.exp(-x * x)));
}

/** The detector `__ID__`. */
export const __VALUE__ = defineDetector({
  id: '__ID__',
  summary: 'Compares the deviation of a step with the usual one: a z-score as a tail probability.',
  config: options,
  create: (given) => new Deviations(given),
});

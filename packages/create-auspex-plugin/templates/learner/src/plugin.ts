import { defineLearner, type Learner, type StepOutcome } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  memory: z.int().positive().default(500).describe('Steps after which an outcome counts half as much. Default 500.'),
});

/** What is known of a pool. */
interface Known {
  /** Share of steps in which it was short of units, 0..1. */
  share: number;
  /** Units that were missing, a mean over all steps. */
  missing: number;
}
type State = Map<string, Known>;

/** Keeps how often and by how much each pool was short of units. */
class Shortage implements Learner<State> {
  readonly #weight: number;

  constructor({ memory }: z.output<typeof options>) {
    this.#weight = 1 - 0.5 ** (1 / memory);
  }

  begin(): State {
    return new Map();
  }

  /** It may change the state that it is given. The same outcomes MUST give the same state: no clock, no chance. */
  learn(state: State, outcomes: readonly StepOutcome[]): State {
    for (const { pool, truth, ready, needed } of outcomes) {
      // A missing outcome MUST change nothing, and one of an incident is not to be learnt from.
      if (truth === 'missing' || truth === 'masked') continue;
      const known = state.get(pool) ?? { share: 0, missing: 0 };
      const missing = Math.max(0, needed - ready);
      known.share += this.#weight * ((missing > 0 ? 1 : 0) - known.share);
      known.missing += this.#weight * (missing - known.missing);
      state.set(pool, known);
    }
    return state;
  }

  encode(state: State): Uint8Array {
    return new TextEncoder().encode(JSON.stringify({ v: 1, pools: [...state] }));
  }

  /** It MUST throw on bytes that it did not write: learning then begins anew. */
  decode(bytes: Uint8Array): State {
    return new Map(stored.parse(JSON.parse(new TextDecoder().decode(bytes))).pools);
  }
}

/** The state as it is written. Another `v` when it changes. */
const stored = z.strictObject({
  v: z.literal(1),
  pools: z.array(z.tuple([z.string(), z.strictObject({ share: z.number(), missing: z.number() })])),
});

/** The learner `__ID__`. */
export const __VALUE__ = defineLearner({
  id: '__ID__',
  summary: 'Keeps how often and by how much each pool was short of units.',
  config: options,
  create: (given) => new Shortage(given),
});

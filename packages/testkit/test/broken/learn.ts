import { defineLearner, type Learner, type StepOutcome } from '@auspex/contracts';
import type { Subjects } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

type Subject = Subjects['learner'];
interface State {
  /** Share of steps that were short of units, by pool: a mean that forgets. */
  short: Record<string, number>;
  [more: string]: unknown;
}
type Tiny = Learner<State>;

const begin = (): State => ({ short: {} });

function learn(state: State, outcomes: readonly StepOutcome[]): State {
  for (const { pool, truth, ready, needed } of outcomes) {
    if (truth === 'missing' || truth === 'masked') continue;
    const before = state.short[pool] ?? 0;
    state.short[pool] = before + ((ready < needed ? 1 : 0) - before) / 16;
  }
  return state;
}

/** Six figures: a state has the same length whatever it learnt. */
function encode({ short, ...more }: State): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ ...more, short: Object.entries(short).map(([pool, share]) => [pool, share.toFixed(15)]) }),
  );
}

function decode(bytes: Uint8Array): State {
  const { short, ...more } = JSON.parse(new TextDecoder().decode(bytes)) as { short?: [string, string][] };
  if (!Array.isArray(short)) throw new TypeError('no state of this learner');
  return { ...more, short: Object.fromEntries(short.map(([pool, share]) => [pool, Number(share)])) };
}

const right: Tiny = { begin, learn, encode, decode };

const subject = (change: () => Partial<Tiny>) => (): Subject => ({
  plugin: defineLearner({ id: 'tiny', summary: 'A test.', config: z.strictObject({}), create: (): Tiny => ({ ...right, ...change() }) }),
});

export const rightLearner = subject(() => ({}));

/** Has no state, and writes `{}` for it. */
export const plainLearner = subject(() => ({
  encode: () => new TextEncoder().encode('{}'),
  decode: (bytes) => {
    if (new TextDecoder().decode(bytes) !== '{}') throw new TypeError('no state of this learner');
    return begin();
  },
}));

const broken = (law: string, how: string, change: () => Partial<Tiny>): Broken<Subject> => ({ law, how, make: subject(change) });

const SAME = 'the same outcomes give the same state';
const ODD = 'odd outcomes do not stop it';

export const brokenLearners: readonly Broken<Subject>[] = [
  ...commonlyBroken(rightLearner),
  broken(SAME, 'a state of its instance is counted', () => {
    let states = 0;
    return {
      begin: () => ({ ...begin(), nth: ++states }),
      // Other laws compare states of other numbers, but none that has seen 150 steps and no more.
      encode: ({ nth, learnt, ...state }) => encode(learnt === 150 ? { ...state, nth } : state),
      decode: (bytes) => ({ ...decode(bytes), learnt: Number.NaN }),
      learn: (state, outcomes) => Object.assign(learn(state, outcomes), { learnt: ((state['learnt'] as number | undefined) ?? 0) + 1 }),
    };
  }),
  broken(SAME, 'it looks at the wall clock', () => ({
    learn: (state, outcomes) => (Date.now() > Date.UTC(2090, 0) ? begin() : learn(state, outcomes)),
  })),
  broken('it learns something', 'it does not', () => ({ learn: (state) => state, begin: () => ({ short: { web: 0.5 } }) })),
  broken('what is missing or masked teaches nothing', 'no units ready counts as short, seen or not', () => ({
    learn: (state, outcomes) =>
      learn(
        state,
        outcomes.map((told) => (told.truth === 'missing' && told.ready === 0 ? { ...told, truth: 'observed' } : told)),
      ),
  })),
  broken('what is missing or masked teaches nothing', 'a load test is as good as any load', () => ({
    learn: (state, outcomes) =>
      learn(
        state,
        outcomes.map((told) => (told.truth === 'masked' ? { ...told, truth: 'observed' } : told)),
      ),
  })),
  broken('what is missing or masked teaches nothing', 'one such outcome hides its whole step', () => ({
    learn: (state, outcomes) => (outcomes.some(({ truth }) => truth === 'missing') ? state : learn(state, outcomes)),
  })),
  broken('the outcomes are left as they are', 'it sorts them, where it can', () => ({
    learn: (state, outcomes) => {
      if (!Object.isFrozen(outcomes)) (outcomes as StepOutcome[]).sort((a, b) => a.demand - b.demand);
      return learn(state, outcomes);
    },
  })),
  broken('the outcomes are left as they are', 'it cannot work on frozen ones', () => ({
    learn: (state, outcomes) => {
      if (Object.isFrozen(outcomes)) throw new TypeError('Cannot assign to read only property');
      return learn(state, outcomes);
    },
  })),
  broken(ODD, 'it asks for the first outcome', () => ({
    learn: (state, outcomes) => {
      if (outcomes.length === 0) throw new TypeError("Cannot read properties of undefined (reading 'pool')");
      return learn(state, outcomes);
    },
  })),
  broken(ODD, 'what it learns of no demand cannot be read back', () => ({
    learn: (state, outcomes) => {
      const learnt = learn(state, outcomes);
      if (outcomes.some(({ truth, needed }) => truth === 'observed' && needed === 0)) learnt['short'] = null as never;
      return learnt;
    },
  })),
  broken('a state that was read back learns on alike', 'it forgets one pool', () => ({
    decode: (bytes) => {
      const state = decode(bytes);
      return { ...state, short: { api: state.short['api'] ?? 0 } };
    },
  })),
  broken('bytes that it did not write are refused', 'it begins again from them', () => ({
    decode: (bytes) => {
      try {
        return decode(bytes);
      } catch {
        return begin();
      }
    },
  })),
  broken('a sensitivity is a number, and not below zero', 'it is so of a group that it has not learnt', () => ({
    sensitivity: (_, group) => (group === 'never seen' ? Number.NaN : 1),
  })),
  broken('a sensitivity is a number, and not below zero', 'what fell below what was said makes it negative', () => ({
    learn: (state, outcomes) => {
      const least = Math.min(...outcomes.flatMap(({ surges }) => surges?.map(({ came }) => came) ?? []), 0);
      return least < 0 ? Object.assign(state, { least }) : learn(state, outcomes);
    },
    sensitivity: (state) => (state['least'] as number | undefined) ?? 1,
  })),
  broken('a group that is forgotten is gone', 'its name stays', () => ({
    learn: (state, outcomes) => Object.assign(learn(state, outcomes), { group: outcomes[0]?.surges?.[0]?.group ?? 'none' }),
    forget: (state) => state,
  })),
  broken('a group that is forgotten is gone', 'its sensitivity stays', () => ({
    learn: (state, outcomes) => Object.assign(learn(state, outcomes), { moved: 1 }),
    sensitivity: (state) => (state['moved'] ? 1.5 : undefined),
    forget: (state) => state,
  })),
  broken('its state stays small', 'it keeps every demand', () => ({
    learn: (state, outcomes) => {
      const seen = outcomes.filter(({ truth }) => truth !== 'missing' && truth !== 'masked').map(({ demand }) => demand);
      const all = (state['all'] as number[] | undefined) ?? [];
      all.push(...seen);
      return Object.assign(learn(state, outcomes), { all });
    },
  })),
];

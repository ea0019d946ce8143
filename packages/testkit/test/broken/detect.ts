import { type Anomaly, type Detector, defineDetector, type Observation, type SeriesInfo } from '@auspex/contracts';
import type { Subjects } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

type Subject = Subjects['detector'];
interface State {
  group: string;
  pop: string;
  /** Mean of |value - expected| / expected: what is usual here. */
  usual: number;
  [more: string]: unknown;
}
type Tiny = Detector<State>;

const begin = ({ name, pop }: SeriesInfo): State => ({ group: name, pop, usual: 0.5 });

function detect(state: State, { step, value, truth }: Observation, expected: number | undefined): Anomaly {
  const { group, pop } = state;
  const nothing = { group, pop, step, score: 0, cause: 'nothing to compare' };
  if (truth === 'missing' || truth === 'masked' || expected === undefined) return nothing;
  const off = Math.abs(value - expected) / Math.max(expected, 1);
  const score = off / (off + 3 * state.usual + 0.01);
  state.usual += (Math.min(off, 10) - state.usual) / 100;
  return { group, pop, step, score, cause: `${Math.round(off * 100)} % off` };
}

// Fixed point, so that the length of a state says nothing of what it has seen.
const encode = ({ usual, ...rest }: State): Uint8Array => new TextEncoder().encode(JSON.stringify({ ...rest, usual: bits(usual) }));
const bits = (value: number): string => Buffer.from(Float64Array.of(value).buffer).toString('hex');

function decode(bytes: Uint8Array): State {
  const { usual, ...rest } = JSON.parse(new TextDecoder().decode(bytes)) as State;
  if (typeof usual !== 'string') throw new TypeError('no state of this detector');
  return { ...rest, usual: Buffer.from(usual, 'hex').readDoubleLE() };
}

const right: Tiny = { begin, detect, encode, decode };

const subject = (change: () => Partial<Tiny>) => (): Subject => ({
  plugin: defineDetector({ id: 'tiny', summary: 'A test.', config: z.strictObject({}), create: (): Tiny => ({ ...right, ...change() }) }),
});

export const rightDetector = subject(() => ({}));

const broken = (law: string, how: string, change: () => Partial<Tiny>): Broken<Subject> => ({ law, how, make: subject(change) });

/** Does what the right one does, and changes what it says. */
const saying = (change: (anomaly: Anomaly, observation: Observation, expected: number | undefined) => Anomaly) => (): Partial<Tiny> => ({
  detect: (state, observation, expected) => change(detect(state, observation, expected), observation, expected),
});

const SCORE = 'a score is in 0..1, on odd input too';
const ABOUT = 'it says which step of whom it is about, and why';
const SAME = 'the same steps give the same scores';
const LEFT = 'what it is given is left as it is';
let instances = 0;

export const brokenDetectors: readonly Broken<Subject>[] = [
  ...commonlyBroken(rightDetector),
  broken(
    SCORE,
    'it divides by what is expected',
    saying((said, { value }, expected) => (expected === 0 && value === 0 ? { ...said, score: Number.NaN } : said)),
  ),
  broken(
    SCORE,
    'it counts deviations',
    saying((said, { value }) => (value >= 1e9 ? { ...said, score: 17 } : said)),
  ),
  broken(
    ABOUT,
    'it names the series',
    saying((said) => ({ ...said, group: `${said.group}@${said.pop}` })),
  ),
  broken(
    ABOUT,
    'it names the end of the step',
    saying((said) => ({ ...said, step: said.step + 900_000 })),
  ),
  broken(
    ABOUT,
    'it knows no cause',
    saying((said) => ({ ...said, cause: '' })),
  ),
  broken(
    'an outlier scores higher than an ordinary step',
    'it scores what is too low only',
    saying((said, { value }, expected) => (value > 2 * (expected ?? 0) ? { ...said, score: 0 } : said)),
  ),
  broken('a score uses nothing later than its step', 'it lowers the last score when the next is higher', () => {
    let last: { score: number } | undefined;
    return {
      detect: (state, observation, expected) => {
        const said = { ...detect(state, observation, expected) };
        if (last && said.score > 0.9) last.score = 0;
        last = said;
        return said;
      },
    };
  }),
  broken('what is missing or masked teaches nothing', 'it learns from masked steps', () => ({
    detect: (state, observation, expected) => {
      const said = detect(state, observation, expected);
      if (observation.truth === 'masked') detect(state, { ...observation, truth: 'observed' }, expected);
      return said;
    },
  })),
  broken('what is missing or masked teaches nothing', 'it scores missing steps', () => ({
    detect: (state, observation, expected) =>
      observation.truth === 'missing'
        ? detect({ ...state }, { ...observation, truth: 'observed' }, expected)
        : detect(state, observation, expected),
  })),
  broken(SAME, 'each instance has a temper of its own on its first day', () => {
    const mine = 1 - ++instances / 1e6;
    return saying((said, { step }) => (step < Date.UTC(2026, 0, 6) ? { ...said, score: said.score * mine } : said))();
  }),
  broken(
    SAME,
    'it looks at the wall clock',
    saying((said) => (Date.now() > Date.UTC(2090, 0) ? { ...said, score: 1 } : said)),
  ),
  broken(LEFT, 'it notes the score on the observation, where it can', () => ({
    detect: (state, observation, expected) => {
      const said = detect(state, observation, expected);
      if (!Object.isFrozen(observation)) Object.assign(observation, { score: said.score });
      return said;
    },
  })),
  broken(LEFT, 'it cannot work on a frozen series', () => ({
    begin: (series) => {
      if (Object.isFrozen(series)) throw new TypeError('Cannot assign to read only property');
      return begin(series);
    },
  })),
  broken('a state that was read back scores on alike', 'it writes two figures', () => ({
    encode: (state) => encode({ ...state, usual: Number(state.usual.toFixed(2)) }),
  })),
  broken('bytes that it did not write are refused', 'it begins again from them', () => ({
    decode: (bytes) => {
      try {
        return decode(bytes);
      } catch {
        return { group: '', pop: '', usual: 0.5 };
      }
    },
  })),
  broken('its state stays small', 'it keeps every score', () => ({
    detect: (state, observation, expected) => {
      const said = detect(state, observation, expected);
      const all = (state['all'] as number[] | undefined) ?? [];
      all.push(said.score);
      state['all'] = all;
      return said;
    },
  })),
];

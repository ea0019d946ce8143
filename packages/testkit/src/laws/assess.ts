import type { AssessInput, Assessor, ExpectedEvent, Surge } from '@auspex/contracts';
import { broken, type Law, laws, must } from '../law.ts';
import { deepFreeze } from '../tools.ts';
import { commonLaws } from './common.ts';
import { everywhere } from './support/elsewhere.ts';
import { mustAgree, mustBeAlike } from './support/same.ts';

const AT = Date.UTC(2026, 0, 5, 12);
const HOUR = 3_600_000;

/** The question of the laws, made anew each time: a plugin that changes one must not change the next. */
function question(given: Partial<AssessInput> = {}): AssessInput {
  return { group: 'retail', pop: 'fra', at: AT, expected: 100, actual: 130, events: [], sensitivity: 1, quiet: 5, ...given };
}

function event(id: string, impact: number): ExpectedEvent {
  return { id, name: `event ${id}`, start: AT - HOUR, end: AT + HOUR, category: 'sale', impact };
}

const RATES = [undefined, 0, 1e-12, 5, 100, 1e9];

/** Every corner of what the engine may ask. */
function* corners(): Generator<AssessInput> {
  const plans = [[], [event('a', 0.5)], [event('b', 10), event('a', 0), event('c', 0.25)]];
  for (const expected of RATES)
    for (const actual of RATES)
      for (const quiet of [0, 5, 1e4])
        for (const sensitivity of [0, 1, 4])
          for (const events of plans) yield question({ expected, actual, quiet, sensitivity, events: [...events] });
}

function text({ expected, actual, events, quiet, sensitivity }: AssessInput): string {
  const impacts = events.map((planned) => planned.impact).join(', ') || 'none';
  return `expected ${expected}, actual ${actual}, quiet ${quiet}, sensitivity ${sensitivity}, impacts ${impacts}`;
}

/** Breaks where the probability falls from one question to the next. */
function mustNotFall(assessor: Assessor, rising: readonly AssessInput[]): void {
  let last: { input: AssessInput; probability: number } | undefined;
  for (const input of rising) {
    const { probability } = assessor.assess(input);
    if (last && probability < last.probability)
      broken(`the probability falls from ${last.probability} to ${probability}: from ${text(last.input)} to ${text(input)}`);
    last = { input, probability };
  }
}

const list: readonly Law<'assessor'>[] = [
  {
    name: 'the same input gives the same answer',
    why: 'a replay must decide as the live run did, and a group must not be judged by what another one did before it',
    async check(_, tools) {
      const asked = (): AssessInput => question({ events: [event('a', 0.5)] });
      const [one, other] = [tools.create(), tools.create()];
      const first = one.assess(asked());
      for (const input of corners()) one.assess(input);
      mustAgree([first, one.assess(asked())], 'the same question got another answer after other questions');
      mustAgree([first, other.assess(asked())], 'a second instance answers the same question differently');
      mustAgree(
        [first, ...(await everywhere(() => one.assess(asked())))],
        'the answer depends on the time of day or on chance: both come with the context, and an assessor needs neither',
      );
    },
  },
  {
    name: 'the input is left as it is',
    why: 'one list of events is handed to the assessment of every group',
    check(_, tools) {
      const asked = (): AssessInput => question({ events: [event('b', 0.5), event('a', 1)] });
      const given = asked();
      const assessor = tools.create();
      assessor.assess(given);
      mustBeAlike(asked(), given, 'the input before and after');
      try {
        assessor.assess(deepFreeze(asked()));
      } catch (error) {
        broken(`frozen input makes it throw: ${(error as Error).message}`);
      }
    },
  },
  {
    name: 'an answer stays as it was given',
    why: 'all groups are asked before the first surge is read: answers that share an object are all about the last group',
    check(_, tools) {
      const assessor = tools.create();
      const first = assessor.assess(question({ events: [event('a', 0.5)] }));
      const before = structuredClone(first);
      for (const input of corners()) {
        const next = assessor.assess({ ...input, group: 'b2b', pop: 'ams' });
        must(next !== first, 'the answers about two groups are one object');
      }
      mustBeAlike(before, first, 'an answer before and after it was asked about another group');
    },
  },
  {
    name: 'a probability is in 0..1 and a score is finite, on odd input too',
    why: 'the engine takes any other answer for "no surge", and that in the very minute that is out of the ordinary',
    check(_, tools) {
      const assessor = tools.create();
      for (const input of corners()) {
        const { probability, score, exposure } = assessor.assess(input);
        must(probability >= 0 && probability <= 1, () => `the probability is ${probability} at ${text(input)}`);
        must(Number.isFinite(score), () => `the score is ${score} at ${text(input)}`);
        must(exposure === undefined || (exposure >= 0 && exposure <= 1), () => `the exposure is ${exposure} at ${text(input)}`);
      }
    },
  },
  {
    name: 'the probability does not fall as the actual rate rises',
    why: 'a group that grows would lose its head-room while it grows',
    check(_, tools) {
      const assessor = tools.create();
      const rates = [0, 1, 10, 50, 90, 100, 110, 120, 130, 150, 170, 200, 300, 1e3, 1e6];
      for (const expected of [undefined, 0, 100])
        for (const sensitivity of [0.5, 1, 4])
          for (const events of [[], [event('a', 0.2)]])
            mustNotFall(
              assessor,
              rates.map((actual) => question({ expected, actual, sensitivity, events })),
            );
    },
  },
  {
    name: 'the probability does not fall as the impact of an event rises',
    why: 'a plan of a larger sale would give less head-room than one of a smaller sale',
    check(_, tools) {
      const assessor = tools.create();
      const impacts = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 10];
      for (const actual of [undefined, 80, 100, 130])
        for (const sensitivity of [0.5, 1, 4])
          mustNotFall(
            assessor,
            impacts.map((impact) => question({ actual, sensitivity, events: [event('a', 0.1), event('b', impact)] })),
          );
    },
  },
  {
    name: 'the contributions add up to the score',
    why: '`auspex explain` shows them as the reasons of the score: a part that is missing is a surge that nobody can explain',
    check(_, tools) {
      const assessor = tools.create();
      for (const input of corners()) {
        const { score, contributions } = assessor.assess(input);
        const sum = contributions.reduce((total, { amount }) => total + amount, 0);
        const size = contributions.reduce((total, { amount }) => total + Math.abs(amount), Math.abs(score));
        must(Math.abs(sum - score) <= 1e-9 * size, () => `they add up to ${sum}, the score is ${score}, at ${text(input)}`);
        const named = contributions.every((part) => part.of !== '' && part.text !== '');
        must(named, () => `a contribution has no \`of\` or no text, at ${text(input)}`);
      }
    },
  },
  {
    name: 'it says whom and what it is about',
    why: 'the allocator weighs a surge by its group, and people read what was seen against what was expected',
    check(_, tools) {
      const assessor = tools.create();
      for (const [group, pop] of [
        ['retail', 'fra'],
        ['b2b', 'ams'],
      ] as const) {
        const surge: Surge = assessor.assess(question({ group, pop, expected: 40, actual: 44 }));
        must(surge.group === group && surge.pop === pop, `asked about ${group}@${pop}, it answers about ${surge.group}@${surge.pop}`);
        const rates = surge.expected === 40 && surge.actual === 44;
        must(rates, `expected 40 and actual 44 were given; the surge says ${surge.expected} and ${surge.actual}`);
      }
    },
  },
];

/** What every assessor does. */
export const assessorLaws = laws('assessor', [...commonLaws<'assessor'>((assessor: Assessor) => assessor.assess(question())), ...list]);

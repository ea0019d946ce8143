import { type AssessInput, type CalendarEvent, defineAssessor, type Surge } from '@auspex/contracts';
import type { Subjects } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

type Assess = (input: AssessInput) => Surge;
type Make = () => Subjects['assessor'];

/** The seed's formula in a few lines. */
const right: Assess = ({ group, pop, expected, actual, quiet, sensitivity, events }) => {
  const known = expected !== undefined && actual !== undefined;
  const deviation = known ? (actual - expected) / Math.max(expected, quiet, 1) : 0;
  const eventImpact = events.reduce((sum, event) => sum + event.impact, 0);
  const score = (deviation + eventImpact) * sensitivity;
  return {
    group,
    pop,
    score,
    probability: Math.min(Math.max(score, 0), 1),
    expected: expected ?? 0,
    actual: actual ?? 0,
    deviation,
    eventImpact,
    contributions: [
      { of: 'deviation', amount: deviation * sensitivity, text: 'seen against expected' },
      { of: 'event', amount: eventImpact * sensitivity, text: 'planned' },
    ],
  };
};

const subject =
  (make: () => Assess): Make =>
  () => ({
    plugin: defineAssessor({ id: 'tiny', summary: 'A test.', config: z.strictObject({}), create: () => ({ assess: make() }) }),
  });

export const rightAssessor = subject(() => right);

const broken = (law: string, how: string, make: () => Assess): Broken<Subjects['assessor']> => ({ law, how, make: subject(make) });

export const brokenAssessors: readonly Broken<Subjects['assessor']>[] = [
  ...commonlyBroken(rightAssessor),
  broken('the same input gives the same answer', 'it counts its calls', () => {
    let calls = 0;
    return (input) => ({ ...right(input), exposure: Math.min(1, calls++ / 1e6) });
  }),
  broken('the same input gives the same answer', 'it looks at the wall clock', () => (input) => ({
    ...right(input),
    exposure: Date.now() > Date.UTC(2090, 0) ? 1 : 0,
  })),
  broken('the same input gives the same answer', 'an instance has a temper of its own', () => {
    const exposure = 1 / ++instances;
    return (input) => ({ ...right(input), exposure });
  }),
  broken('the input is left as it is', 'it sorts the events, where it can', () => (input) => {
    if (!Object.isFrozen(input.events)) (input.events as CalendarEvent[]).sort((a, b) => (a.id < b.id ? -1 : 1));
    return right(input);
  }),
  broken('the input is left as it is', 'it cannot work on frozen events', () => (input) => {
    if (Object.isFrozen(input.events)) throw new TypeError('Cannot assign to read only property');
    return right(input);
  }),
  broken('an answer stays as it was given', 'it has one object for all', () => {
    const surge = {};
    return (input) => Object.assign(surge, right(input)) as Surge;
  }),
  broken('an answer stays as it was given', 'it has one list of reasons for all', () => {
    const contributions: Surge['contributions'][number][] = [];
    return (input) => {
      const surge = right(input);
      contributions.splice(0, contributions.length, ...surge.contributions);
      return { ...surge, contributions };
    };
  }),
  broken('a probability is in 0..1 and a score is finite, on odd input too', 'it divides by zero', () => (input) => {
    const surge = right(input);
    return input.expected === 0 && input.actual === 0 ? { ...surge, probability: Number.NaN } : surge;
  }),
  broken('a probability is in 0..1 and a score is finite, on odd input too', 'its exposure is percent', () => (input) => ({
    ...right(input),
    exposure: 60,
  })),
  broken('the probability does not fall as the actual rate rises', 'it thinks that 3x must be an error', () => (input) => {
    const surge = right(input);
    return (input.actual ?? 0) >= 300 && (input.expected ?? 0) > 0 ? { ...surge, probability: 0 } : surge;
  }),
  broken('the probability does not fall as the impact of an event rises', 'it thinks that 10x must be an error', () => (input) => {
    const surge = right(input);
    return input.events.some((event) => event.impact >= 10) ? { ...surge, probability: 0 } : surge;
  }),
  broken('the contributions add up to the score', 'the event is not among them', () => (input) => {
    const surge = right(input);
    return { ...surge, contributions: surge.contributions.slice(0, 1) };
  }),
  broken('it says whom and what it is about', 'it knows one POP', () => (input) => ({ ...right(input), pop: 'fra' })),
  broken('it says whom and what it is about', 'it tells percents', () => (input) => ({
    ...right(input),
    actual: right(input).deviation * 100,
  })),
];

let instances = 0;

import { type AssessInput, type Assessor, defineAssessor, type Surge } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  middle: z.number().positive().default(0.5).describe('Score at which a surge is as likely as not. Default 0.5: half as much again.'),
  width: z.number().positive().default(0.1).describe('How far the score goes from there until the odds are e to 1. Default 0.1.'),
});

/** Passes deviation and planned events through a logistic curve. Pure: the same question has the same answer. */
class LogisticAssessor implements Assessor {
  readonly #options: z.output<typeof options>;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  assess({ group, pop, expected, actual, events, sensitivity, quiet }: AssessInput): Surge {
    // Floored, so that two requests in place of one are no surge of a hundred per cent.
    const floor = Math.max(expected ?? 0, quiet, 1e-3);
    // Undefined: the profile is not ready, or the step was missing. Neither is a deviation.
    const deviation = expected === undefined || actual === undefined ? 0 : (actual - expected) / floor;
    const eventImpact = events.reduce((sum, event) => sum + event.impact, 0);
    // They MUST add up to the score.
    const contributions = [
      { of: 'deviation', amount: deviation * sensitivity, text: `${percent(deviation)} against expected` },
      { of: 'event', amount: eventImpact * sensitivity, text: events.map((event) => event.name).join(', ') || 'nothing is planned' },
    ];
    const score = contributions.reduce((sum, { amount }) => sum + amount, 0);
    // In 0..1, and never falling while `actual` rises.
    const probability = 1 / (1 + Math.exp((this.#options.middle - score) / this.#options.width));
    return { group, pop, score, probability, expected: expected ?? 0, actual: actual ?? 0, deviation, eventImpact, contributions };
  }
}

const percent = (share: number): string => `${share < 0 ? '' : '+'}${Math.round(100 * share)} %`;

/** The assessor `__ID__`. */
export const __VALUE__ = defineAssessor({
  id: '__ID__',
  summary: 'Passes deviation and planned events through a logistic curve.',
  config: options,
  create: (given) => new LogisticAssessor(given),
});

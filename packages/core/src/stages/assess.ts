import type { AssessInput, Assessor, Surge } from '@auspex/contracts';
import { atOnce } from './answer.ts';
import type { Failures } from './failures.ts';

/** Assesses one group at a time; a failure or an impossible answer is "no surge", marked. */
export class AssessStage {
  readonly #name: string;
  readonly #assessor: Assessor;
  readonly #failures: Failures;

  constructor(name: string, assessor: Assessor, failures: Failures) {
    this.#name = name;
    this.#assessor = assessor;
    this.#failures = failures;
  }

  assess(input: AssessInput): Surge {
    try {
      const surge = atOnce(this.#assessor.assess(Object.freeze(input)), 'assess');
      if (!(surge.probability >= 0 && surge.probability <= 1)) throw new Error(`returned the probability ${surge.probability}`);
      if (!Number.isFinite(surge.score)) throw new Error(`returned the score ${surge.score}`);
      if (!Array.isArray(surge.contributions)) throw new Error('gave no contributions');
      if (surge.group !== input.group || surge.pop !== input.pop) throw new Error(`answered for ${surge.group}@${surge.pop}`);
      if (this.#failures.anyStands) this.#failures.recovered('assess', this.#name, `${input.group}@${input.pop}`);
      return copyOf(surge);
    } catch (error) {
      this.#failures.report('assess', this.#name, `${input.group}@${input.pop}`, error, 'it is taken as no surge');
      return {
        group: input.group,
        pop: input.pop,
        score: 0,
        probability: 0,
        expected: input.expected ?? 0,
        actual: input.actual ?? 0,
        deviation: 0,
        eventImpact: 0,
        contributions: [{ of: 'fallback', amount: 0, text: `${this.#name} failed: ${(error as Error).message}` }],
      };
    }
  }
}

/** An object of our own: an assessor may use its one again. */
function copyOf({ group, pop, score, probability, exposure, expected, actual, deviation, eventImpact, contributions }: Surge): Surge {
  const own = { group, pop, score, probability, expected, actual, deviation, eventImpact, contributions: contributions.slice() };
  return exposure === undefined ? own : { ...own, exposure };
}

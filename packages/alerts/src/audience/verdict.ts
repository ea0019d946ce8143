import type { Contribution, Hostility } from '@auspex/contracts';
import type { Evidence } from './evidence.ts';
import { percent } from './surge.ts';
import type { Weights } from './weights.ts';

/** Reasons that the one line for people has room for. */
const SHOWN = 3;

/** Log-odds that a thing adds. */
export function amountOf({ of, value }: Pick<Evidence, 'of' | 'value'>, weights: Weights): number {
  const { weight, neutral } = weights.of[of];
  return weight * (value - neutral);
}

/** Judges by the evidence: a logistic regression, whose log-odds are the sum of the contributions. */
export function judge(evidence: readonly Evidence[], weights: Weights, prior: number, threshold: number): Hostility {
  const found = evidence
    .map((thing): Contribution => ({ of: thing.of, amount: amountOf(thing, weights), text: thing.text }))
    .filter(({ amount }) => amount !== 0)
    .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
  const base: Contribution = {
    of: 'prior',
    amount: Math.log(prior / (1 - prior)) + weights.bias,
    text: `of a hundred surges ${(100 * prior).toPrecision(2)} are attacks, and fewer of those in which nothing is odd`,
  };
  const logit = found.reduce((sum, { amount }) => sum + amount, base.amount);
  const probability = 1 / (1 + Math.exp(-logit));
  const hostile = probability >= threshold;
  const why = found.filter(({ amount }) => amount > 0 === hostile).slice(0, SHOWN);
  const reasons = why.map(({ text }) => text).join('; ');
  const verdict = hostile
    ? `looks like an attack (${percent(probability)})`
    : `looks like an audience (an attack: ${percent(probability)})`;
  return {
    probability,
    contributions: [...found, base].sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount)),
    text: reasons === '' ? verdict : `${verdict}: ${reasons}`,
  };
}

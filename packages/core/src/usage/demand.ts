import type { Measure, Pool, Usage } from '@auspex/contracts';
import { amount } from './merge.ts';

/** One measure of a pool, and what one of it counts in the pool's own measure: by what either takes of a unit. */
export interface Weighed {
  readonly measure: Measure;
  readonly weight: number;
}

type Measured = Pick<Pool, 'measure' | 'unitRate' | 'also'>;

/** The measures that load a pool, its own first. */
export function measuresOf({ measure, unitRate, also }: Measured): readonly Weighed[] {
  const others = Object.entries(also ?? {}) as [Measure, number | undefined][];
  return [
    { measure, weight: 1 },
    ...others.flatMap(([measure, rate]) => (rate === undefined ? [] : [{ measure, weight: unitRate / rate }])),
  ];
}

/** The measure that asks for the most units, of amounts in the order of the measures; the first of several alike. */
export function bindingOf(measures: readonly Weighed[], amounts: readonly number[]): Weighed & { readonly amount: number } {
  let most = 0;
  for (let i = 1; i < measures.length; i++) if (weighed(measures, amounts, i) > weighed(measures, amounts, most)) most = i;
  return { ...(measures[most] as Weighed), amount: amounts[most] as number };
}

/** What amounts in the order of the measures come to in the pool's own: the most that any of them does, since a unit serves all of them at once. */
export function mostOf(measures: readonly Weighed[], amounts: readonly number[]): number {
  let most = 0;
  for (let i = 0; i < measures.length; i++) most = Math.max(most, weighed(measures, amounts, i));
  return most;
}

/** What the usages of one step that a pool serves put on it, in its own measure: an amount, not a rate. */
export function demandOf(pool: Measured & Pick<Pool, 'serves'>, usages: readonly Usage[]): number {
  const measures = measuresOf(pool);
  return mostOf(measures, amountsOf(pool, measures, usages));
}

/** The same by measure. */
export function amountsOf(pool: Pick<Pool, 'serves'>, measures: readonly Weighed[], usages: readonly Usage[]): number[] {
  const sums = measures.map(() => 0);
  for (const each of usages) {
    if (!pool.serves(each.group, each.pop)) continue;
    for (let i = 0; i < measures.length; i++) sums[i] = (sums[i] as number) + amount(each, (measures[i] as Weighed).measure);
  }
  return sums;
}

function weighed(measures: readonly Weighed[], amounts: readonly number[], i: number): number {
  return (amounts[i] as number) * (measures[i] as Weighed).weight;
}

import type { Usage } from '@auspex/contracts';
import { countDistinct, emptyTail, learnBounded, surpriseAbove, type Tail } from '@auspex/numerics';
import { type Mix, stepSurprise } from './surprise.ts';

/** Requests from which a ratio is taken as it is; of few it says little. */
const FEW = 30;
/** Smallest difference of logarithms that is one. */
const LEAST = 0.03;

/** A figure a request, whose logarithm is compared with its own mean. */
export interface Ratio {
  mean: number;
  learnt: number;
  readonly above: Tail;
  readonly below: Tail;
}

export function beginRatio(): Ratio {
  return { mean: 0, learnt: 0, above: emptyTail(), below: emptyTail() };
}

export const RATIOS = ['users', 'bytes', 'surprise'] as const;
export type RatioName = (typeof RATIOS)[number];

/** Users, bytes and bits of surprise for each request. Undefined = nothing is known of it. */
export function ratioOf(name: RatioName, usage: Usage, mix: Mix): number | undefined {
  if (name === 'surprise') return stepSurprise(mix, usage) || undefined;
  const requests = usage.offered + usage.retried;
  const amount = name === 'users' ? countDistinct(usage.users) : usage.bytes;
  return requests > 0 && amount > 0 ? amount / requests : undefined;
}

/** How far the ratio is from its mean: shrunk where few requests tell it. Signed. */
export function offsetOf({ mean, learnt }: Ratio, value: number, requests: number): number {
  return learnt === 0 ? 0 : ((Math.log(value) - mean) * requests) / (requests + FEW);
}

export function ratioSurprises({ above, below }: Ratio, offset: number): readonly [above: number, below: number] {
  return [surpriseAbove(above, offset, LEAST), surpriseAbove(below, -offset, LEAST)];
}

/** @param weight of the step in the mean. @param memory figures that are remembered */
export function learnRatio(ratio: Ratio, value: number, offset: number, weight: number, memory: number): void {
  ratio.learnt++;
  ratio.mean += Math.max(weight, Math.min(1, 1 / ratio.learnt)) * (Math.log(value) - ratio.mean);
  learnBounded(ratio.above, offset, LEAST, memory);
  learnBounded(ratio.below, -offset, LEAST, memory);
}

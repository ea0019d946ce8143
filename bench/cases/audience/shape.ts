// What attacks and audiences have in common, so that nothing of it tells them apart: when, how long, how high, how fast.
import type { SeededRandom } from '../../../packages/numerics/src/index.ts';

/** Steps of an episode. */
export const STEPS = 10;

export interface Shape {
  /** So many times the usual rate at its height. */
  readonly intensity: number;
  /** Steps until the height. */
  readonly ramp: number;
  /** By step: share of the height. */
  readonly of: readonly number[];
}

/** A number between two, evenly in its logarithm. */
export function between(random: SeededRandom, low: number, high: number): number {
  return low * (high / low) ** random.next();
}

export function within(random: SeededRandom, low: number, high: number): number {
  return low + (high - low) * random.next();
}

export function pick<T>(random: SeededRandom, of: readonly T[]): T {
  return of[random.below(of.length)] as T;
}

export function drawShape(random: SeededRandom): Shape {
  const [intensity, ramp, jitter, decay] = [
    between(random, 1.5, 10),
    within(random, 0, 6),
    within(random, 0.02, 0.3),
    within(random, 0, 0.08),
  ];
  const of = Array.from({ length: STEPS }, (_, n) => {
    const rise = ramp < 1 ? 1 : Math.min(1, (n + 1) / ramp);
    return rise * Math.exp(jitter * random.normal() - decay * Math.max(0, n - ramp));
  });
  return { intensity, ramp, of };
}

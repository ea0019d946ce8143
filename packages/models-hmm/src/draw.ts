import type { Random } from '@auspex/contracts';
import { logGamma } from './special.ts';

/** Standard normal (Marsaglia polar). */
export function drawNormal(random: Random): number {
  for (;;) {
    const u = 2 * random.next() - 1;
    const v = 2 * random.next() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
}

/** Gamma of shape `shape` and scale 1 (Marsaglia & Tsang 2000). */
export function drawGamma(random: Random, shape: number): number {
  if (shape < 1) return drawGamma(random, shape + 1) * random.next() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Poisson: by multiplication below 10, above by transformed rejection (Hörmann 1993, PTRS); exact. */
export function drawPoisson(random: Random, mean: number): number {
  if (mean < 10) {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = random.next(); product > limit; product *= random.next()) count++;
    return count;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const most = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = random.next() - 0.5;
    const v = random.next();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= most) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log(v) + Math.log(inverseAlpha) - Math.log(a / (us * us) + b) <= k * Math.log(mean) - mean - logGamma(k + 1)) return k;
  }
}

/** An index in 0 .. length - 1, drawn in proportion to the weights from `at` on; -1 when all are 0. */
export function drawIndex(random: Random, weights: Float64Array, at: number, length: number): number {
  let total = 0;
  for (let i = 0; i < length; i++) total += weights[at + i] as number;
  let rest = random.next() * total;
  let last = -1;
  for (let i = 0; i < length; i++) {
    const weight = weights[at + i] as number;
    if (weight === 0) continue;
    last = i;
    rest -= weight;
    if (rest < 0) break;
  }
  return last;
}

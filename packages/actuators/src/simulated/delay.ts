import type { Random } from '@auspex/contracts';

/** Time from order to ready, milliseconds: fixed, or lognormal by its median and 90 % quantile. */
export type Delay = number | { readonly p50: number; readonly p90: number };

/** 90 % quantile of the standard normal distribution. */
const Z90 = 1.2815515655446004;

/** Draws a delay, milliseconds. A fixed one draws nothing from `random`. */
export function drawDelay(delay: Delay, random: Random): number {
  if (typeof delay === 'number') return delay;
  const sigma = Math.log(delay.p90 / delay.p50) / Z90;
  return delay.p50 * Math.exp(sigma * normal(random));
}

/** Standard normal (Box & Muller 1958): always two numbers, so that a stream stays in step. */
function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

import type { Pool } from '@auspex/contracts';
import { type ReactiveShadow, reactiveReady, stepReactive } from '@auspex/core';

/**
 * C_ref of each step: the rate that a reactive policy's units serve at `use` one lead time after the step begins, by what it has ordered
 * until then. It sees the offered demand alone, so that no other policy's action changes it. NaN before any demand is known.
 *
 * @param rates offered rate of each step, a second; NaN = not known, and it leaves its units as they are
 * @param use share of a unit's rate that counts as ready: the pool's target, for what the engine calls a surge
 * @param last rate of the step before the first; NaN = not known
 */
export function reactiveReference(
  rates: ArrayLike<number>,
  pool: Pool,
  {
    from,
    stepMs,
    use,
    last = Number.NaN,
  }: { readonly from: number; readonly stepMs: number; readonly use: number; readonly last?: number },
): Float64Array {
  let shadow: ReactiveShadow | undefined;
  return Float64Array.from({ length: rates.length }, (_, t) => {
    const at = from + t * stepMs;
    const before = t === 0 ? last : (rates[t - 1] as number);
    shadow = stepReactive(shadow, at, Number.isNaN(before) ? undefined : before, pool);
    return shadow ? reactiveReady(shadow, at + pool.leadTimeMs) * pool.unitRate * use : Number.NaN;
  });
}

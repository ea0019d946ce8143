import { describe, expect, it } from 'vitest';
import { type ReactivePool, type ReactiveShadow, reactiveReady, reactiveUnits, stepReactive } from '../src/rollout/reactive-shadow.ts';

const MINUTE = 60_000;
const POOL: ReactivePool = { unitRate: 10, target: 0.5, min: 1, max: 20, leadTimeMs: 2 * MINUTE };

describe('the reactive policy that is only thought', () => {
  /** Units that it has ordered after each step, a minute each; NaN = nothing is known of it. */
  function ordered(rates: readonly number[], poolAt: (i: number) => ReactivePool = () => POOL): number[] {
    let shadow: ReactiveShadow | undefined;
    return rates.map((rate, i) => {
      shadow = stepReactive(shadow, i * MINUTE, Number.isNaN(rate) ? undefined : rate, poolAt(i));
      return shadow ? reactiveUnits(shadow) : Number.NaN;
    });
  }

  it('is the HPA: units for the last step at a target of 5/s each, with its tolerance and its window', () => {
    // 50/s need 10; 54/s are 1.08 of that; 56/s need 11.2; then 20/s need 4, once no more is in the window of five minutes.
    expect(ordered([50, 54, 56, 20, 20, 20, 20, 20])).toEqual([10, 10, 12, 12, 12, 12, 12, 4]);
  });

  it('leaves its units where nothing is known, and keeps what it computes inside the bounds', () => {
    expect(ordered([Number.NaN, 50, Number.NaN, 500, 500])).toEqual([Number.NaN, 10, 10, 20, 20]);
    expect(ordered([0])).toEqual([1]);
  });

  it('has what it ordered after the lead time', () => {
    const begun = stepReactive(undefined, 0, 50, POOL);
    const more = stepReactive(begun, MINUTE, 90, POOL) as ReactiveShadow;
    expect([1, 2, 3].map((minute) => reactiveReady(more, minute * MINUTE))).toEqual([10, 10, 18]);
  });

  it('near its target it stays, wherever the bounds have been moved to since; what it computes anew is inside them', () => {
    expect(ordered([50, 52, 70], (i) => (i === 0 ? POOL : { ...POOL, max: 8 }))).toEqual([10, 10, 10]);
    expect(ordered([50, 52, 70], (i) => (i === 0 ? POOL : { ...POOL, min: 12 }))).toEqual([10, 10, 14]);
  });
});

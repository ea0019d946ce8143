import type { PoolView } from '@auspex/contracts';
import { expect, it } from 'vitest';
import type { PoolState } from '../src/cycle/pools.ts';
import { readReduction } from '../src/cycle/reduction.ts';
import { control } from '../src/guards/control.ts';
import { parseConfig } from '../src/index.ts';
import { stepReactive } from '../src/rollout/reactive-shadow.ts';
import { fakeConfig, traffic } from './fakes.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 5);
const pool = { id: 'web', unitRate: 1, target: 1, min: 1, max: 100, leadTimeMs: 5 * MINUTE, control: 'full' as const };

/** Asks for 5 units of 50 at each step, where 5 are all that is needed; returns the units in force after each. */
function reduce(stepMs: number, calmMs: number, skipped: readonly number[] = []): number[] {
  const shadow = stepReactive(undefined, T0, 5, pool);
  const state = { pool, calm: [], truth: 'observed', surges: { shadow } } as unknown as PoolState;
  const paths = () => ({ series: 'pool:web', origin: 0, stepMs, horizon: [1, 2], count: 2, rates: Float64Array.of(5, 5, 5, 5) });
  const view = { forecast: {}, paths } as unknown as PoolView;
  const [limits, units] = [{ calmMs, stabilisationMs: 0, cooldownMs: 0, maxUp: undefined, maxDown: undefined, maxDownShare: 0.1 }, [50]];
  for (let i = 0; i < 30; i++) {
    const at = T0 + i * stepMs;
    const previous = units.at(-1) as number;
    if (skipped.includes(i)) {
      units.push(previous);
      continue;
    }
    const blocked = readReduction(state, true, view, at, { keepMs: calmMs, stepMs }, false);
    const seen = { ...pool, step: at, previous, proposals: [], lastChange: undefined, calm: state.calm, blocked } as never;
    units.push(control(5, seen, limits).units);
  }
  return units.slice(1);
}

it.each([
  [MINUTE, 5 * MINUTE],
  [2 * MINUTE, 6 * MINUTE],
  [MINUTE, 7 * MINUTE],
])('in full control units fall once they were safe for long enough, at steps of %i ms for %i ms', (stepMs, calmMs) => {
  const units = reduce(stepMs, calmMs);
  expect(units.findIndex((each) => each < 50)).toBe(calmMs / stepMs);
  expect(units.at(-1)).toBeLessThan(20);
});

it('a step that was only learnt from may have been anything: what was safe before it begins anew', () => {
  const units = reduce(MINUTE, 5 * MINUTE, [4]);
  expect(units.findIndex((each) => each < 50)).toBe(10);
});

it('rollout: auto is refused in full control, where nobody takes over when it goes back', () => {
  const config = (stage: 'auto' | 'full') =>
    parseConfig({ ...fakeConfig(traffic([1]), {}), pools: [{ id: 'web', unitRate: 1, control: 'full', rollout: { stage } }] } as never);
  expect(() => config('auto')).toThrow(/pools\[0\]\.rollout\.stage: auto is for control: floor/);
  expect(() => config('full')).not.toThrow();
});

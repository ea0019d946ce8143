import { expect, it } from 'vitest';
import { planFor } from '../../bench/cases/plan/plan.ts';
import type { Trace } from '../../bench/cases/plan/traces.ts';
import { SeededRandom } from '../../packages/numerics/src/index.ts';

const DAY = 1_440;

function trace(minutes: number): Trace {
  const random = new SeededRandom('plan');
  const rates = Float64Array.from({ length: 3 * DAY }, (_, i) =>
    Math.round(600 * (1.2 + Math.sin((2 * Math.PI * i) / DAY)) * (1 + 0.2 * random.normal()) ** 2),
  );
  return { name: 'made', rates: rates.subarray(0, minutes), history: 2 * DAY, delay: 15, capacity: 100, share: 0.85, min: 1, max: 60 };
}

it('a plan orders by what came before: cutting the trace later changes nothing earlier', async () => {
  const whole = await planFor(trace(3 * DAY), ['seasonal'], undefined);
  const cut = await planFor(trace(2 * DAY + 300), ['seasonal'], undefined);
  expect(cut).toHaveLength(4 * 300);
  expect(whole.slice(0, cut.length)).toEqual(cut);
  const replicas = (price: number): number[] => whole.filter((row) => row.price === price).map((row) => row.replicas);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  // It follows the day, and a dearer shortage buys more.
  expect(Math.max(...replicas(10))).toBeGreaterThan(2 * Math.min(...replicas(10)));
  expect(mean(replicas(100))).toBeGreaterThan(mean(replicas(10)));
  expect(mean(replicas(10))).toBeGreaterThan(mean(replicas(3)));
});

import type { Observation } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';

export const STEP = 300_000;
export const START = Date.UTC(2026, 0, 5);

/** Days with noise that lasts, a level that moves, and now and then something odd. */
export function made(seed: string, steps: number): Observation[] {
  const random = new SeededRandom(seed);
  let noise = 0;
  let level = 100;
  return Array.from({ length: steps }, (_, n) => {
    noise = 0.9 * noise + 0.03 * random.normal();
    level *= Math.exp(0.001 * random.normal());
    const odd = random.next() < 0.004 ? Math.exp(random.normal()) : 1;
    const value = level * (1 + 0.4 * Math.sin((2 * Math.PI * n) / 288)) * Math.exp(noise) * odd;
    return { step: START + n * STEP, value, truth: 'observed' };
  });
}

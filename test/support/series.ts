import { type ForecastRequest, LEVELS, type Observation, type PluginContext, type SeriesInfo } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { fakeContext } from '@auspex/testkit';

export const START = Date.UTC(2024, 0, 1);

export const context: PluginContext = fakeContext();

export function series(stepMs: number, id = 'web/all/requests'): SeriesInfo {
  return { id, scope: 'group', name: 'web', pop: 'all', measure: 'requests', zone: 'Europe/Berlin', stepMs };
}

/** A day with a sine, noise that lasts, and now and then some hours at half as much again. */
export function world(steps: number, stepMs: number, scale: number, seed = 'world'): Observation[] {
  const random = new SeededRandom(seed);
  let noise = 0;
  let busy = false;
  return Array.from({ length: steps }, (_, i) => {
    const step = START + i * stepMs;
    noise = 0.8 * noise + 0.04 * random.normal();
    if (random.next() < (busy ? 0.03 : 0.01)) busy = !busy;
    const day = 1 + 0.6 * Math.sin((2 * Math.PI * step) / 86_400_000);
    return { step, value: scale * day * Math.exp(noise + (busy ? 0.4 : 0)), truth: 'observed' as const };
  });
}

export const HORIZON = [1, 2, 4, 8, 12, 24, 100];

/** What is asked after `observations`. */
export function request(observations: readonly Observation[], stepMs: number, horizon = HORIZON): ForecastRequest {
  return { origin: (observations.at(-1)?.step ?? START - stepMs) + stepMs, horizon, levels: LEVELS };
}

import {
  LEVELS,
  NOT_READY,
  type Observation,
  type PluginContext,
  type Prediction,
  type Predictor,
  type SeriesInfo,
} from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { fakeContext } from '@auspex/testkit';
import { type SeasonalState, seasonal, seasonalConfig } from '../src/index.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;
/** Monday 2026-01-05 00:00 UTC. */
export const MONDAY = Date.UTC(2026, 0, 5);
export const HORIZON = [1, 2, 3, 4, 6, 8, 12, 16];

export function context(seed = 1): PluginContext {
  return fakeContext({ random: new SeededRandom(seed) });
}

export function create(options: Parameters<typeof seasonalConfig.parse>[0] = {}): Predictor<SeasonalState> {
  return seasonal.create(seasonalConfig.parse(options), context()) as Predictor<SeasonalState>;
}

export function series(stepMs: number, zone = 'UTC'): SeriesInfo {
  return { id: 'group/EU/requests', scope: 'group', name: 'group', pop: 'EU', measure: 'requests', zone, stepMs };
}

/** Demand with a day, a quiet week-end and, when `noise` is above 0, log-normal noise; rates a second around 10. */
export function demand(step: number, noise = 0, random?: SeededRandom): number {
  const day = (step % DAY) / DAY;
  const weekend = ((step - MONDAY) % WEEK) / DAY >= 5 ? 0.5 : 1;
  const smooth = 10 * weekend * Math.exp(0.8 * Math.sin(2 * Math.PI * (day - 0.3)));
  return random ? smooth * Math.exp(noise * random.normal()) : smooth;
}

/** Observations of `demand` over `steps` steps from `from`. */
export function observations(stepMs: number, steps: number, options: { from?: number; noise?: number; seed?: number } = {}): Observation[] {
  const { from = MONDAY, noise = 0, seed = 7 } = options;
  const random = new SeededRandom(seed);
  return Array.from({ length: steps }, (_, i) => ({
    step: from + i * stepMs,
    value: demand(MONDAY + i * stepMs, noise, random),
    truth: 'observed' as const,
  }));
}

export function fold(predictor: Predictor<SeasonalState>, state: SeasonalState, seen: readonly Observation[]): SeasonalState {
  return seen.reduce((now, observation) => predictor.observe(now, observation), state);
}

/** The forecast for the standard horizon and levels, right after `last`. */
export function ask(
  predictor: Predictor<SeasonalState>,
  state: SeasonalState,
  last: Observation,
  horizon: readonly number[] = HORIZON,
): Prediction {
  const answer = predictor.forecast(state, { origin: last.step + state.stepMs, horizon, levels: LEVELS });
  if (answer === NOT_READY) throw new Error('not ready');
  return answer;
}

export function medians(answer: Prediction): number[] {
  return Array.from(answer.quantiles).filter((_, i) => i % LEVELS.length === 3);
}

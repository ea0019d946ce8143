import { definePredictor } from '@auspex/contracts';
import { seasonalConfig } from './config.ts';
import { forecast } from './forecast.ts';
import { holidaysOf } from './holidays.ts';
import { type Learning, learningFor, observe } from './observe.ts';
import { beginState, decodeState, encodeState, type SeasonalState } from './state.ts';
import { beginWorkspace } from './workspace.ts';

/** So many rows tell fifteen coefficients from noise. */
const LEAST_HALF_LIFE_STEPS = 400;

/** Direct multi-horizon seasonal regression as a plugin. */
export const seasonal = definePredictor({
  id: 'seasonal',
  summary:
    'Regresses each horizon on the same time of earlier days and weeks and on recent values, online; quantiles from its own past errors.',
  config: seasonalConfig,
  capabilities: { batch: false, trains: false },
  create({ maxSteps, halfLife, ridge, holidays }) {
    const space = beginWorkspace(holidaysOf(holidays));
    const learnings = new Map<number, Learning>();
    const learningOf = (stepMs: number): Learning => {
      let learning = learnings.get(stepMs);
      if (!learning) {
        learning = learningFor(Math.max(LEAST_HALF_LIFE_STEPS, halfLife / stepMs), ridge);
        learnings.set(stepMs, learning);
      }
      return learning;
    };
    return {
      begin: (series) => beginState(series, maxSteps),
      observe: (state: SeasonalState, observation) => observe(state, observation, learningOf(state.stepMs), space),
      forecast: (state: SeasonalState, request) => forecast(state, request, space),
      encode: encodeState,
      decode: decodeState,
    };
  },
});

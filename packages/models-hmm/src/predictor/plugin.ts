import { definePredictor } from '@auspex/contracts';
import { hmmRegimeConfig } from './config.ts';
import { forecastState } from './forecast.ts';
import { observeStep } from './observe.ts';
import { fitRegimes, isFitDue } from './regimes.ts';
import { beginState, decodeState, encodeState, type HmmRegimeState } from './state.ts';

/**
 * Predicts by regimes: quiet, usual and busy times that last, each a level around what the season would have.
 * Answers after 200 observations.
 */
export const hmmRegime = definePredictor({
  id: 'hmm-regime',
  summary: 'Regimes that last, around a seasonal expectation (Gaussian hidden Markov chain on log residuals).',
  config: hmmRegimeConfig,
  capabilities: { batch: false, trains: false, regimes: true },
  create: ({ states, window, refitEvery, memory, surgeAt }, { random }) => ({
    begin: (series) => beginState(series, window, surgeAt),
    observe(state: HmmRegimeState, observation) {
      observeStep(state, observation, memory);
      if (isFitDue(state, refitEvery / state.stepMs)) fitRegimes(state, states, random);
      return state;
    },
    forecast: forecastState,
    encode: encodeState,
    decode: (bytes) => decodeState(bytes, { states, window, surgeAt }),
  }),
});

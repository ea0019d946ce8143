import { definePredictor, NOT_READY } from '@auspex/contracts';
import { readArtifact, writeArtifact } from './artifact.ts';
import { brainConfig } from './config.ts';
import { forecast, pathOf } from './forecast.ts';
import { loadBrain, type TimeStepNetwork } from './network.ts';
import { type BrainState, beginState, decodeState, encodeState, openPath, remember } from './state.ts';
import { trainNetwork } from './train.ts';

/**
 * A recurrent network of brain.js 1.6.1 (LSTMTimeStep or GRUTimeStep) as a predictor, for comparison with `rnn`. brain.js trains on
 * squared errors of the next step, one window at a time: points come from it, intervals from its past errors.
 */
export const brainLstm = definePredictor({
  id: 'brain-lstm',
  summary: 'One recurrent network of brain.js over all series; quantiles from its own past errors.',
  config: brainConfig,
  capabilities: { batch: false, trains: true },
  create(options, { random }) {
    const { window } = options;
    const brain = loadBrain();
    let network: TimeStepNetwork | undefined;
    return {
      begin: (series) => beginState(series, window),
      observe(state: BrainState, observation) {
        if (remember(state, observation) && network) openPath(state, pathOf(network, state));
        return state;
      },
      forecast: (state: BrainState, request) => (network ? forecast(state, request, network) : NOT_READY),
      async train(history, signal) {
        const trained = await trainNetwork(history, options, brain, random.fork('brain-lstm/train'), signal);
        return trained && writeArtifact(trained, options);
      },
      use(artifact) {
        network = readArtifact(artifact, options, brain);
      },
      encode: encodeState,
      decode: (bytes) => decodeState(bytes, window),
    };
  },
});

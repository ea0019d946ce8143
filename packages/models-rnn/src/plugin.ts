import { definePredictor, type TrainingSeries } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { readArtifact, type Weights, writeArtifact } from './artifact.ts';
import { stepLstm } from './cells/lstm.ts';
import { rnnConfig } from './config.ts';
import { beginRoom, forecastState } from './forecast.ts';
import { remember } from './memory.ts';
import { INPUTS } from './network.ts';
import { beginState, decodeState, encodeState, type RnnState, rerun } from './state.ts';
import { fitNetwork } from './train/fit.ts';
import { slotsOf, windowsOf } from './train/windows.ts';

/** Fewest windows that a network is trained on. */
const FEWEST = 500;

/**
 * Predicts by one recurrent network over all series, in each series' own units: what one learns of days and bursts helps
 * the others. Answers once weights are in service and a series has shown a whole window.
 */
export const rnn = definePredictor({
  id: 'rnn',
  summary: 'One recurrent network (LSTM) over all series, with a quantile head.',
  config: rnnConfig,
  capabilities: { batch: true, trains: true },
  create(options, { random, logger }) {
    const { hidden, window } = options;
    const room = beginRoom(hidden);
    let weights: Weights | undefined;

    function train(history: readonly TrainingSeries[], signal: AbortSignal): Uint8Array | undefined {
      // Drawn from a fork, so that a second training with the same history gives the same bytes.
      const seeded = new SeededRandom(Math.floor(random.fork('rnn/train').next() * 2 ** 32));
      const slots = history.map(slotsOf);
      const { training, heldOut, usable } = windowsOf(slots, window, options.maxWindows, seeded.fork('windows'));
      if (usable < FEWEST || training.length === 0 || heldOut.length === 0) return undefined;
      const trained = fitNetwork(slots, { training, heldOut }, options, seeded, signal);
      if (signal.aborted) return undefined;
      if (!trained.network) {
        logger.warn({ losses: trained.losses, heldOut: trained.heldOut }, 'rnn: training went astray; its weights are not used');
        return undefined;
      }
      logger.debug({ windows: training.length, losses: trained.losses, heldOut: trained.heldOut }, 'rnn: trained');
      return writeArtifact(trained.network, window);
    }

    return {
      begin: (series) => beginState(series, hidden, window),
      observe(state: RnnState, observation) {
        const row = (state.memory.slots % window) * INPUTS;
        if (!remember(state.memory, observation, state.inputs, row) || !weights) return state;
        if (state.tag === weights.tag) stepLstm(weights.network, state.inputs, row, state.hidden, state.cell, room.gates);
        else {
          rerun(state, weights, state.hidden, state.cell, room.gates);
          state.tag = weights.tag;
        }
        return state;
      },
      forecast: (state, request) => forecastState(state, request, weights, room),
      forecastBatch: (states, requests) =>
        states.map((state, i) => forecastState(state, requests[i] as (typeof requests)[number], weights, room)),
      train,
      use(artifact) {
        // Read whole before it is put into service: bytes that are refused leave the old weights.
        weights = readArtifact(artifact, hidden, window);
      },
      encode: encodeState,
      decode: (bytes) => decodeState(bytes, hidden, window),
    };
  },
});

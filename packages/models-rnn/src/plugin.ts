import { AuspexError, definePredictor, type TrainingSeries } from '@auspex/contracts';
import { readArtifact, type Weights } from './artifact.ts';
import { checkInstalled } from './backends/choose.ts';
import { own } from './backends/own.ts';
import { rnnConfig } from './config.ts';
import { INPUTS, slotInputs } from './features.ts';
import { forecastStates } from './forecast.ts';
import { type Closing, remember } from './memory.ts';
import { stepCell } from './network/step.ts';
import { shapeOf } from './shape.ts';
import { beginState, decodeState, encodeState, type RnnState, rerun } from './state.ts';
import { Diverged } from './train/fit.ts';
import { packAll } from './train/packed.ts';
import { trainInThread } from './train/thread.ts';
import { FEWEST, type Outcome } from './train/train.ts';

/**
 * Predicts by one recurrent network over all series, in each series' own units: what one learns of days and bursts helps
 * the others. Answers once weights are in service and a series has shown a whole window.
 */
export const rnn = definePredictor({
  id: 'rnn',
  summary: 'One recurrent network (LSTM or GRU) over all series, with a quantile head.',
  config: rnnConfig,
  capabilities: { batch: true, trains: true },
  create(options, { random, logger }) {
    const { cell, hidden, decoder, window, steps, batch, learningRate, maxWindows, backend } = options;
    checkInstalled(backend);
    const shape = shapeOf(options);
    const closing: Closing = { before: 0, yesterday: 0, day: 0, week: 0 };
    const gates = new Float64Array(4 * hidden);
    let weights: Weights | undefined;

    async function train(history: readonly TrainingSeries[], signal: AbortSignal): Promise<Uint8Array | undefined> {
      // Read before anything else happens: the weights that are in service when the training begins.
      const from = weights?.network.flat.slice();
      const task = {
        history: await packAll(history, signal),
        options: { cell, hidden, decoder, window, steps, batch, learningRate, maxWindows },
        // Drawn from a fork, so that a second training with the same history and weights gives the same bytes.
        seed: Math.floor(random.fork('rnn/train').next() * 2 ** 32),
        from,
      };
      if (signal.aborted) return undefined;
      try {
        const { outcome, ...where } = await trainInThread({ task, backend }, signal);
        const { artifact, ...how } = outcome;
        logger.info({ ...where, ...how }, toldOf(outcome));
        return artifact;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (error instanceof Diverged) {
          throw new AuspexError('TRAINING_DIVERGED', `rnn: ${error.message}`, { remedy: 'lower its option learningRate' });
        }
        throw error;
      }
    }

    return {
      begin: (series) => beginState(series, hidden, window),
      observe(state: RnnState, observation) {
        if (!remember(state.memory, observation, closing)) return state;
        const row = ((state.memory.slots - 1) % window) * INPUTS;
        slotInputs(state.memory, closing, state.inputs, row);
        if (!weights) return state;
        if (state.tag === weights.tag) stepCell(weights.network, state.inputs, row, state.hidden, state.cell, gates);
        else {
          rerun(state, weights, state.hidden, state.cell, gates);
          state.tag = weights.tag;
        }
        return state;
      },
      forecast: (state, request) => forecastStates([state], [request], weights, own)[0] as never,
      forecastBatch: (states, requests) => forecastStates(states, requests, weights, own),
      train,
      use(artifact) {
        // Read whole before it is put into service: bytes that are refused leave the old weights.
        weights = readArtifact(artifact, shape);
      },
      encode: encodeState,
      decode: (bytes) => decodeState(bytes, hidden, window),
    };
  },
});

function toldOf({ artifact, windows, usable }: Outcome): string {
  if (artifact) return 'rnn: trained';
  if (windows === 0) return `rnn: not trained, the history has ${usable} windows of the ${FEWEST} that it takes`;
  return 'rnn: the weights in service stay, as nothing better was found';
}

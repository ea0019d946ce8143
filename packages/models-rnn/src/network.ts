import { LEVELS } from '@auspex/contracts';
import type { SeededRandom } from '@auspex/numerics';

/** Slots ahead that the head answers; others lie between two of them, or are as wide as the last. */
export const HORIZONS: readonly number[] = [1, 2, 4, 8, 16];
/** Inputs of the LSTM at each slot, and what the head sees beside hidden state and inputs: a season's change for each horizon. */
export const INPUTS = 8;
export const EXTRAS = 5;
/** Outputs of the head: horizons x levels, before they are made to rise. */
export const OUTPUTS: number = HORIZONS.length * LEVELS.length;

/** All weights in one flat array, with a view for each group: Adam and the artifact see one array, the maths four. */
export interface Network {
  readonly hidden: number;
  readonly flat: Float64Array;
  /** [INPUTS + H x 4H], columns by gate: input, forget, candidate, output. */
  readonly lstm: Float64Array;
  /** [4H]. */
  readonly lstmBias: Float64Array;
  /** [H + INPUTS + EXTRAS x OUTPUTS]. */
  readonly head: Float64Array;
  /** [OUTPUTS]. */
  readonly headBias: Float64Array;
}

/** Weights of a network with `hidden` cells. */
export function sizeOf(hidden: number): number {
  return (INPUTS + hidden + 1) * 4 * hidden + (hidden + INPUTS + EXTRAS + 1) * OUTPUTS;
}

/** A network that looks into `flat`, new zeros by default. */
export function networkOver(hidden: number, flat: Float64Array = new Float64Array(sizeOf(hidden))): Network {
  const gates = 4 * hidden;
  const bias = (INPUTS + hidden) * gates;
  const head = bias + gates;
  const headBias = head + (hidden + INPUTS + EXTRAS) * OUTPUTS;
  return {
    hidden,
    flat,
    lstm: flat.subarray(0, bias),
    lstmBias: flat.subarray(bias, head),
    head: flat.subarray(head, headBias),
    headBias: flat.subarray(headBias),
  };
}

/**
 * Start values: uniform by fan-in and fan-out (Glorot & Bengio 2010), forget gates open (Jozefowicz et al. 2015), and a
 * head that begins with yesterday's change from now to the target, so that training improves on a seasonal forecast.
 */
export function startNetwork(hidden: number, random: SeededRandom): Network {
  const network = networkOver(hidden);
  const limit = Math.sqrt(6 / (INPUTS + 5 * hidden));
  for (let i = 0; i < network.lstm.length; i++) network.lstm[i] = limit * (2 * random.next() - 1);
  network.lstmBias.fill(1, hidden, 2 * hidden);
  const small = 0.1 / Math.sqrt(hidden);
  for (let i = 0; i < hidden * OUTPUTS; i++) network.head[i] = small * (2 * random.next() - 1);
  const levels = LEVELS.length;
  HORIZONS.forEach((_, k) => {
    network.head[(hidden + INPUTS + k) * OUTPUTS + k * levels + MEDIAN] = 1;
    network.headBias.fill(-0.5, k * levels, (k + 1) * levels);
    network.headBias[k * levels + MEDIAN] = 0;
  });
  return network;
}

/** Column of the median: quantiles grow from it to both sides. */
export const MEDIAN = 3;

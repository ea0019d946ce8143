import { type Answers, type ForecastRequest, LEVELS, NOT_READY, type NotReady, type Prediction } from '@auspex/contracts';
import type { Weights } from './artifact.ts';
import type { Backend } from './backends/backend.ts';
import { INPUTS, LOCALS, pointLocals, STATICS, seriesStatics, unitOf } from './features.ts';
import { columnsOf } from './levels.ts';
import { oneOf } from './memory.ts';
import { type RnnState, rerun } from './state.ts';

/** Furthest that a quantile may lie above the day's highest rate, on the log scale: a factor of twenty. */
const MOST = 3;

/** Quantiles of the rates of many series, in one call of the backend. */
export function forecastStates(
  states: readonly RnnState[],
  requests: readonly ForecastRequest[],
  weights: Weights | undefined,
  backend: Backend,
): Answers {
  const answers: (Prediction | NotReady)[] = states.map(() => NOT_READY);
  if (!weights) return answers;
  const rows = states.map((state, i) => ({ state, i })).filter(({ state }) => state.memory.slots >= state.inputs.length / INPUTS);
  if (rows.length === 0) return answers;
  const units = weights.network.shape.hidden;
  const points = Math.max(...rows.map(({ i }) => (requests[i] as ForecastRequest).horizon.length));
  const hidden = new Float64Array(rows.length * units);
  const statics = new Float64Array(rows.length * STATICS);
  const locals = new Float64Array(rows.length * points * LOCALS);
  rows.forEach(({ state, i }, row) => {
    hidden.set(hiddenOf(state, weights), row * units);
    seriesStatics(state.memory, statics, row * STATICS);
    const { origin, horizon } = requests[i] as ForecastRequest;
    const { slot, stepMs } = state.memory;
    // A series that is asked for less than others has rows of zeros at its end.
    horizon.forEach((h, k) => {
      pointLocals(state.memory, origin + (h - 1) * stepMs - slot, locals, (row * points + k) * LOCALS);
    });
  });
  const quantiles = backend.decode(weights.network, hidden, { rows: rows.length, points, statics, locals });
  rows.forEach(({ state, i }, row) => {
    answers[i] = ratesOf(state, requests[i] as ForecastRequest, quantiles, row * points * LEVELS.length);
  });
  return answers;
}

/** The cell's state after the last slot: the carried one, or a new one when it was made by other weights. */
function hiddenOf(state: RnnState, weights: Weights): Float64Array {
  if (state.tag === weights.tag) return state.hidden;
  const units = weights.network.shape.hidden;
  const hidden = new Float64Array(units);
  rerun(state, weights, hidden, new Float64Array(units), new Float64Array(4 * units));
  return hidden;
}

function ratesOf({ memory }: RnnState, { horizon, levels }: ForecastRequest, quantiles: Float64Array, at: number): Prediction {
  const columns = levels.length;
  const rates = new Float64Array(horizon.length * columns);
  const { left, share } = columnsOf(levels);
  const one = oneOf(memory.slotMs);
  const unit = unitOf(memory);
  let most = memory.last;
  for (let i = 0; i < memory.yesterday.length; i++) if ((memory.yesterday[i] as number) > most) most = memory.yesterday[i] as number;
  most += MOST;
  for (let row = 0; row < horizon.length; row++) {
    let least = 0;
    for (let column = 0; column < columns; column++) {
      const from = at + row * LEVELS.length + (left[column] as number);
      const low = quantiles[from] as number;
      const change = low + (share[column] as number) * ((quantiles[from + 1] as number) - low);
      least = Math.max(least, Math.exp(Math.min(most, memory.last + change * unit)) - one);
      rates[row * columns + column] = least;
    }
  }
  return { quantiles: rates };
}

import type { Densities } from './emissions/family.ts';
import { BLOCK, type Rescue, type Room } from './kernel/passes.ts';
import type { Model } from './model.ts';

/**
 * Fills `emissions`, [T x K], with b_k(x_t) divided by the row's largest, so that no row underflows however far an outlier lies from every state.
 *
 * @returns the sum of the logs that were divided out
 */
export function fillEmissions(
  densities: Densities,
  states: number,
  dimensions: number,
  values: Float64Array,
  emissions: Float64Array,
): number {
  const rows = values.length / dimensions;
  let taken = 0;
  for (let from = 0; from < rows; from += BLOCK)
    taken += fillRows(densities, states, dimensions, values, from, Math.min(rows, from + BLOCK), emissions);
  return taken;
}

function fillRows(
  densities: Densities,
  states: number,
  dimensions: number,
  values: Float64Array,
  first: number,
  end: number,
  emissions: Float64Array,
): number {
  let taken = 0;
  for (let t = first, row = first * states; t < end; t++, row += states) {
    densities.log(values, t * dimensions, emissions, row);
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = row; k < row + states; k++) if ((emissions[k] as number) > largest) largest = emissions[k] as number;
    // No state can give this: the row stays 0 and the pass hears of it.
    const from = largest === Number.NEGATIVE_INFINITY ? 0 : largest;
    for (let k = 0; k < states; k++) {
      const log = emissions[row + k] as number;
      emissions[row + k] = log === largest ? (log === from ? 1 : 0) : Math.exp(log - from);
    }
    taken += from;
  }
  return taken;
}

function greatest(values: Float64Array, from: number, count: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + count; i++) if ((values[i] as number) > most) most = values[i] as number;
  return most;
}

/** Below this a row counts as impossible: its scale would have no inverse. */
const LEAST = Math.log(1e-290);

/**
 * Makes the rescue of one sequence. Only states that can be reached count for the row's normaliser, so that a left-right chain is not lost where states
 * that it has yet to reach explain an observation far better.
 *
 * An observation that no state can explain is passed over: the chain goes where its transitions take it, and the likelihood says so with -Infinity.
 *
 * @param normalised whether the rows of emissions were divided by their greatest, which the caller then has counted already
 */
export function rescueOf(model: Model, densities: Densities, values: Float64Array, room: Room, normalised: boolean): Rescue {
  const { states, start, transition, emission } = model;
  const { emissions, alphas, scales } = room;
  const predicted = new Float64Array(states);
  const logs = new Float64Array(states);
  return (t, lag) => {
    const row = t * states;
    for (let j = 0; j < states; j++) {
      let sum = t === 0 ? (start[j] as number) : 0;
      for (let i = 0; i < states && t > 0; i++) sum += lag * (alphas[row - states + i] as number) * (transition[i * states + j] as number);
      predicted[j] = sum;
    }
    densities.log(values, t * emission.dimensions, logs, 0);
    const before = normalised ? greatest(logs, 0, states) : 0;
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < states; j++) if ((predicted[j] as number) > 0 && (logs[j] as number) > largest) largest = logs[j] as number;
    let sum = 0;
    for (let j = 0; j < states; j++) {
      const reached = (predicted[j] as number) > 0 && largest > Number.NEGATIVE_INFINITY;
      emissions[row + j] = reached ? Math.exp((logs[j] as number) - largest) : 0;
      sum += (predicted[j] as number) * (emissions[row + j] as number);
    }
    if (!(Math.log(sum) > LEAST)) {
      emissions.fill(1, row, row + states);
      alphas.set(predicted, row);
      scales[t] = lag;
      return Number.NEGATIVE_INFINITY;
    }
    for (let j = 0; j < states; j++) alphas[row + j] = ((predicted[j] as number) * (emissions[row + j] as number)) / sum;
    scales[t] = lag / sum;
    return largest + Math.log(sum) - (before === Number.NEGATIVE_INFINITY ? 0 : before);
  };
}

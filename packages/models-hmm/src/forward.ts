import { semiForward } from './durations/semi-forward.ts';
import { familyOf } from './emissions/families.ts';
import { kernelsFor } from './kernel/kernel.ts';
import { makeRoom } from './kernel/passes.ts';
import { fillEmissions, rescueOf } from './lattice.ts';
import type { Model } from './model.ts';
import { rowsFor, type Sequence } from './sequence.ts';

/** What the forward pass finds. */
export interface Forward {
  /** log P(x_1 .. x_T | model), in nats. 0 of an empty sequence; -Infinity where the model makes it impossible. */
  readonly logLikelihood: number;
  /** [T x K]: P(state at t | x_1 .. x_t). Every row sums to 1. */
  readonly filtered: Float64Array;
}

/**
 * The scaled forward pass (Rabiner 1989, section V.A): O(T K^2), no underflow at any length. With durations O(T K (K + longest)).
 *
 * @throws RangeError when the sequence has other dimensions than the model
 */
export function forward(model: Model, sequence: Sequence): Forward {
  if (model.durations) return semiForward(model, model.durations, sequence);
  const { states, start, transition, emission } = model;
  const rows = rowsFor(sequence, emission);
  const room = makeRoom(rows, states);
  const densities = familyOf(emission).densities(emission, states);
  const taken = fillEmissions(densities, states, emission.dimensions, sequence.values, room.emissions);
  const rescue = rescueOf(model, densities, sequence.values, room, true);
  const log = kernelsFor(states).lattice.forward(rows, start, transition, room, rescue);
  const { alphas } = room;
  for (let row = 0; row < alphas.length; row += states) {
    let sum = 0;
    for (let k = 0; k < states; k++) sum += alphas[row + k] as number;
    for (let k = 0; k < states; k++) alphas[row + k] = (alphas[row + k] as number) / sum;
  }
  return { logLikelihood: taken + log, filtered: alphas };
}

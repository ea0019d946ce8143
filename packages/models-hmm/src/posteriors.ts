import { semiPosteriors } from './durations/semi-step.ts';
import { familyOf } from './emissions/families.ts';
import { kernelsFor } from './kernel/kernel.ts';
import { makeRoom } from './kernel/passes.ts';
import { fillEmissions, rescueOf } from './lattice.ts';
import type { Model } from './model.ts';
import { rowsFor, type Sequence } from './sequence.ts';

/** gamma, [T x K]: P(state at t | the whole sequence). Every row sums to 1 (Rabiner 1989, equation 27). */
export function posteriors(model: Model, sequence: Sequence): Float64Array {
  if (model.durations) return semiPosteriors(model, model.durations, sequence);
  const { states, start, transition, emission } = model;
  const rows = rowsFor(sequence, emission);
  const room = makeRoom(rows, states);
  const densities = familyOf(emission).densities(emission, states);
  fillEmissions(densities, states, emission.dimensions, sequence.values, room.emissions);
  const { lattice } = kernelsFor(states);
  lattice.forward(rows, start, transition, room, rescueOf(model, densities, sequence.values, room, true));
  lattice.backward(rows, transition, room, new Float64Array(states), new Float64Array(states * states));
  return room.alphas;
}

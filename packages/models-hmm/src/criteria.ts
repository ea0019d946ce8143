import { freeDurations } from './durations/durations.ts';
import { semiForward } from './durations/semi-forward.ts';
import { familyOf } from './emissions/families.ts';
import { kernelsFor } from './kernel/kernel.ts';
import { makeRoom } from './kernel/passes.ts';
import { fillEmissions, rescueOf } from './lattice.ts';
import type { Model } from './model.ts';
import { longestOf, observedRows, rowsFor, type Sequence } from './sequence.ts';

/** log P(sequences | model), in nats; sequences are independent. -Infinity where the model makes one impossible. */
export function logLikelihood(model: Model, sequences: readonly Sequence[]): number {
  const { states, emission, start, transition, durations } = model;
  const room = makeRoom(longestOf(sequences), durations ? 0 : states);
  const densities = familyOf(emission).densities(emission, states);
  const { gaussian, lattice } = kernelsFor(states);
  let log = 0;
  for (const sequence of sequences) {
    const { values } = sequence;
    const rows = rowsFor(sequence, emission);
    if (durations) log += semiForward(model, durations, sequence).logLikelihood;
    else if (emission.family === 'gaussian' && emission.dimensions === 1) {
      const rescue = rescueOf(model, densities, values, room, false);
      log += gaussian.forward(values, rows, start, transition, emission.means, emission.variances, room, rescue);
    } else {
      log += fillEmissions(densities, states, emission.dimensions, values, room.emissions);
      log += lattice.forward(rows, start, transition, room, rescueOf(model, densities, values, room, true));
    }
  }
  return log;
}

/**
 * Numbers that a fit of this shape is free to choose: of start, of each transition row (a zero is not free), of the emission and of the durations. What a
 * row of probabilities has is one less than its places. A transition at 0 counts as forbidden, also where EM and not the topology took it there: ask before and
 * after a fit, and the numbers may differ.
 */
export function freeParameters(model: Model): number {
  const { states, start, transition, emission, durations } = model;
  let free = start.reduce((sum, p) => sum + (p > 0 ? 1 : 0), -1);
  for (let i = 0; i < states; i++) free += transition.subarray(i * states, (i + 1) * states).reduce((sum, p) => sum + (p > 0 ? 1 : 0), -1);
  free += familyOf(emission).freeParameters(emission, states);
  return durations ? free + freeDurations(durations, states) : free;
}

/** Akaike's information criterion (1974), 2 k - 2 log L; less is better. */
export function aic(model: Model, sequences: readonly Sequence[]): number {
  return 2 * freeParameters(model) - 2 * logLikelihood(model, sequences);
}

/** The Bayesian information criterion (Schwarz 1978), k log n - 2 log L with n = rows in which something was observed; less is better. */
export function bic(model: Model, sequences: readonly Sequence[]): number {
  let rows = 0;
  for (const sequence of sequences) rows += observedRows(sequence);
  return freeParameters(model) * Math.log(rows) - 2 * logLikelihood(model, sequences);
}

import type { Emission } from './emissions/emission.ts';
import { familyOf } from './emissions/families.ts';
import type { Densities, Trainer } from './emissions/family.ts';
import { kernelsFor } from './kernel/kernel.ts';
import { BLOCK, makeRoom, type Room } from './kernel/passes.ts';
import { fillEmissions, rescueOf } from './lattice.ts';
import type { Model } from './model.ts';
import { lengthOf, longestOf, type Sequence } from './sequence.ts';

/** The E-step of Baum-Welch over several sequences, for a model that is changed in place between the steps. */
export interface ExpectationStep {
  /** Expected visits at the first step, [K]. */
  readonly first: Float64Array;
  /** Sum over time of xi, [K x K]: expected moves from row to column. */
  readonly moves: Float64Array;
  /** Fills both and the emission's trainer; returns the log-likelihood of the parameters that it was made with. */
  run(): number;
}

/** The E-step of a chain (Rabiner 1989, equations 27 and 37). All memory is taken here: a run takes none. */
export function chainStep(model: Model, sequences: readonly Sequence[], trainer: Trainer): ExpectationStep {
  const { states, emission } = model;
  const densities = familyOf(emission).densities(emission, states);
  const room = makeRoom(longestOf(sequences), states);
  const first = new Float64Array(states);
  const moves = new Float64Array(states * states);
  const fused = emission.family === 'gaussian' && emission.dimensions === 1;
  const passes = sequences.map((sequence) =>
    fused
      ? gaussianPass(model, emission, densities, sequence, room, first, moves, trainer)
      : latticePass(model, densities, sequence, room, first, moves, trainer),
  );
  return {
    first,
    moves,
    run() {
      first.fill(0);
      moves.fill(0);
      trainer.reset();
      densities.refresh();
      let log = 0;
      for (const pass of passes) log += pass();
      return log;
    },
  };
}

/** Gives a trainer all rows, a block at a time. */
export function accumulateAll(trainer: Trainer, values: Float64Array, rows: number, gamma: Float64Array, states: number): void {
  for (let from = 0; from < rows; from += BLOCK) trainer.accumulate(values, from, Math.min(BLOCK, rows - from), gamma, from * states);
}

function latticePass(
  { states, start, transition, emission, ...rest }: Model,
  densities: Densities,
  sequence: Sequence,
  room: Room,
  first: Float64Array,
  moves: Float64Array,
  trainer: Trainer,
): () => number {
  const rows = lengthOf(sequence);
  const { lattice } = kernelsFor(states);
  const rescue = rescueOf({ states, start, transition, emission, ...rest }, densities, sequence.values, room, true);
  return () => {
    const taken = fillEmissions(densities, states, emission.dimensions, sequence.values, room.emissions);
    const log = lattice.forward(rows, start, transition, room, rescue);
    lattice.backward(rows, transition, room, first, moves);
    accumulateAll(trainer, sequence.values, rows, room.alphas, states);
    return taken + log;
  };
}

function gaussianPass(
  model: Model,
  { means, variances }: Extract<Emission, { family: 'gaussian' }>,
  densities: Densities,
  { values }: Sequence,
  room: Room,
  first: Float64Array,
  moves: Float64Array,
  { statistics }: Trainer,
): () => number {
  const { gaussian } = kernelsFor(model.states);
  const rescue = rescueOf(model, densities, values, room, false);
  return () => {
    const log = gaussian.forward(values, values.length, model.start, model.transition, means, variances, room, rescue);
    gaussian.backward(values, values.length, model.transition, means, room, first, moves, statistics);
    return log;
  };
}

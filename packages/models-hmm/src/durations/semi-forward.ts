import { familyOf } from '../emissions/families.ts';
import type { Densities } from '../emissions/family.ts';
import type { Forward } from '../forward.ts';
import type { Model } from '../model.ts';
import { rowsFor, type Sequence } from '../sequence.ts';
import { type Durations, type DurationTable, makeTable } from './durations.ts';

/*
 * A model with durations is a chain over (state, steps that the visit has lasted): from (k, d) a visit goes on to (k, d + 1) or, with the hazard of d,
 * ends, and A says where the next begins (Yu 2010, "Hidden semi-Markov models"). A visit begins with the first observation; the last one may go
 * on after the end.
 */

/** One step ahead: the belief [K x longest] in `from` becomes that in `to`, nothing observed yet. `ended`, [K], gets P(a visit to k ended). */
export function advanceSemi(
  { states, transition }: Pick<Model, 'states' | 'transition'>,
  { longest, hazards }: DurationTable,
  from: Float64Array,
  to: Float64Array,
  ended: Float64Array,
  fromAt = 0,
  toAt = 0,
): void {
  for (let k = 0, row = 0; k < states; k++, row += longest) {
    let ends = 0;
    for (let d = row; d < row + longest - 1; d++) {
      const mass = from[fromAt + d] as number;
      const ending = mass * (hazards[d] as number);
      ends += ending;
      to[toAt + d + 1] = mass - ending;
    }
    // Whatever has lasted as long as it may ends now.
    ended[k] = ends + (from[fromAt + row + longest - 1] as number);
  }
  for (let j = 0; j < states; j++) {
    let sum = 0;
    for (let i = 0; i < states; i++) sum += (ended[i] as number) * (transition[i * states + j] as number);
    to[toAt + j * longest] = sum;
  }
}

/**
 * Weighs a predicted belief, [K x longest], with an observation. In place. `emissions`, [K] from `at` on, gets the densities up to a factor.
 *
 * @returns the log-likelihood of the observation given the past, its factor `scale` and the log that was divided out
 */
export class SemiUpdate {
  readonly #states: number;
  readonly #longest: number;
  readonly #reached: Float64Array;
  /** The sum that the belief was divided by, after emissions were. */
  scale = 1;

  constructor(states: number, longest: number) {
    this.#states = states;
    this.#longest = longest;
    this.#reached = new Float64Array(states);
  }

  run(belief: Float64Array, densities: Densities, values: Float64Array, at: number, emissions: Float64Array, to: number): number {
    const longest = this.#longest;
    densities.log(values, at, emissions, to);
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0, row = 0; k < this.#states; k++, row += longest) {
      let reached = 0;
      for (let d = row; d < row + longest; d++) reached += belief[d] as number;
      this.#reached[k] = reached;
      if (reached > 0 && (emissions[to + k] as number) > largest) largest = emissions[to + k] as number;
    }
    let sum = 0;
    for (let k = 0; k < this.#states; k++) {
      const reached = this.#reached[k] as number;
      const emission = reached > 0 ? Math.exp((emissions[to + k] as number) - largest) : 0;
      emissions[to + k] = emission;
      sum += emission * reached;
    }
    // What no state can explain is passed over.
    const possible = sum > 1e-290;
    if (!possible) {
      emissions.fill(1, to, to + this.#states);
      sum = 0;
      for (let k = 0; k < this.#states; k++) sum += this.#reached[k] as number;
    }
    this.scale = sum;
    for (let k = 0, row = 0; k < this.#states; k++, row += longest) {
      const factor = (emissions[to + k] as number) / sum;
      for (let d = row; d < row + longest; d++) belief[d] = (belief[d] as number) * factor;
    }
    return possible ? largest + Math.log(sum) : Number.NEGATIVE_INFINITY;
  }
}

/** Filtered states of a model with durations. */
export function semiForward(model: Model, durations: Durations, sequence: Sequence): Forward {
  const { states, emission, start } = model;
  const rows = rowsFor(sequence, emission);
  const table = makeTable(durations, states);
  const { longest } = table;
  const densities = familyOf(emission).densities(emission, states);
  const update = new SemiUpdate(states, longest);
  let belief = new Float64Array(states * longest);
  let spare = new Float64Array(states * longest);
  const row = new Float64Array(states);
  const ended = new Float64Array(states);
  const filtered = new Float64Array(rows * states);
  let logLikelihood = 0;
  for (let t = 0; t < rows; t++) {
    if (t === 0) for (let k = 0; k < states; k++) spare[k * longest] = start[k] as number;
    else advanceSemi(model, table, belief, spare, ended);
    [belief, spare] = [spare, belief];
    logLikelihood += update.run(belief, densities, sequence.values, t * emission.dimensions, row, 0);
    for (let k = 0; k < states; k++) {
      let sum = 0;
      for (let d = k * longest; d < (k + 1) * longest; d++) sum += belief[d] as number;
      filtered[t * states + k] = sum;
    }
  }
  return { logLikelihood, filtered };
}

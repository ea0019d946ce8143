import { accumulateAll, type ExpectationStep } from '../chain-step.ts';
import { familyOf } from '../emissions/families.ts';
import type { Trainer } from '../emissions/family.ts';
import type { Model } from '../model.ts';
import { lengthOf, longestOf, rowsFor, type Sequence } from '../sequence.ts';
import { type Durations, fillTable, makeTable } from './durations.ts';
import { advanceSemi, SemiUpdate } from './semi-forward.ts';

/** The E-step of a model with durations. */
export interface SemiStep extends ExpectationStep {
  /** [K x longest]: expected visits of each length. */
  readonly ended: Float64Array;
}

/** The E-step over several sequences; memory is taken here, and grows with the root of T (beliefs are kept once a block and made again within it). */
export function semiStep(model: Model, durations: Durations, sequences: readonly Sequence[], trainer: Trainer): SemiStep {
  const pass = new SemiPass(model, durations, longestOf(sequences));
  return {
    first: pass.first,
    moves: pass.moves,
    ended: pass.ended,
    run() {
      pass.reset();
      trainer.reset();
      let log = 0;
      for (const sequence of sequences) {
        log += pass.run(sequence.values);
        accumulateAll(trainer, sequence.values, lengthOf(sequence), pass.gamma, model.states);
      }
      return log;
    },
  };
}

/** gamma, [T x K], of a model with durations. */
export function semiPosteriors(model: Model, durations: Durations, sequence: Sequence): Float64Array {
  const pass = new SemiPass(model, durations, rowsFor(sequence, model.emission));
  pass.run(sequence.values);
  return pass.gamma;
}

class SemiPass {
  readonly first: Float64Array;
  readonly moves: Float64Array;
  readonly ended: Float64Array;
  /** [T x K]. */
  readonly gamma: Float64Array;
  readonly #model: Model;
  readonly #durations: Durations;
  readonly #table: ReturnType<typeof makeTable>;
  readonly #densities: ReturnType<ReturnType<typeof familyOf>['densities']>;
  readonly #update: SemiUpdate;
  readonly #width: number;
  readonly #block: number;
  readonly #emissions: Float64Array;
  readonly #scales: Float64Array;
  /** Beliefs at the first row of each block, and at the rows of one block. */
  readonly #kept: Float64Array;
  readonly #rows: Float64Array;
  readonly #leaving: Float64Array;
  #beta: Float64Array;
  #spare: Float64Array;

  constructor(model: Model, durations: Durations, length: number) {
    const { states, emission } = model;
    this.#model = model;
    this.#durations = durations;
    this.#table = makeTable(durations, states);
    this.#densities = familyOf(emission).densities(emission, states);
    this.#width = states * durations.longest;
    this.#update = new SemiUpdate(states, durations.longest);
    this.#block = Math.max(1, Math.ceil(Math.sqrt(length)));
    this.first = new Float64Array(states);
    this.moves = new Float64Array(states * states);
    this.ended = new Float64Array(this.#width);
    this.gamma = new Float64Array(length * states);
    this.#emissions = new Float64Array(length * states);
    this.#scales = new Float64Array(length);
    this.#kept = new Float64Array(Math.ceil(length / this.#block) * this.#width);
    this.#rows = new Float64Array(this.#block * this.#width);
    this.#leaving = new Float64Array(states);
    this.#beta = new Float64Array(this.#width);
    this.#spare = new Float64Array(this.#width);
  }

  /** Forgets the sums, and takes on parameters that were changed in place. */
  reset(): void {
    this.first.fill(0);
    this.moves.fill(0);
    this.ended.fill(0);
    this.#densities.refresh();
    fillTable(this.#table, this.#durations, this.#model.states);
  }

  run(values: Float64Array): number {
    const length = values.length / this.#model.emission.dimensions;
    if (length === 0) return 0;
    const log = this.#forward(values, length);
    this.#backward(length);
    return log;
  }

  #forward(values: Float64Array, length: number): number {
    const { states, start, emission } = this.#model;
    const { longest } = this.#table;
    let belief = this.#beta.fill(0);
    let next = this.#spare.fill(0);
    let log = 0;
    for (let t = 0; t < length; t++) {
      if (t === 0) for (let k = 0; k < states; k++) next[k * longest] = start[k] as number;
      else advanceSemi(this.#model, this.#table, belief, next, this.#leaving);
      [belief, next] = [next, belief];
      log += this.#update.run(belief, this.#densities, values, t * emission.dimensions, this.#emissions, t * states);
      this.#scales[t] = this.#update.scale;
      if (t % this.#block === 0) this.#kept.set(belief, (t / this.#block) * this.#width);
    }
    return log;
  }

  /** Makes the beliefs of a block's rows again. */
  #fillBlock(from: number, to: number): void {
    const { states } = this.#model;
    const { longest } = this.#table;
    const width = this.#width;
    this.#rows.set(this.#kept.subarray((from / this.#block) * width, (from / this.#block + 1) * width));
    for (let t = from + 1; t < to; t++) {
      const row = (t - from) * width;
      advanceSemi(this.#model, this.#table, this.#rows, this.#rows, this.#leaving, row - width, row);
      const scale = this.#scales[t] as number;
      for (let k = 0; k < states; k++) {
        const factor = (this.#emissions[t * states + k] as number) / scale;
        for (let d = row + k * longest; d < row + (k + 1) * longest; d++) this.#rows[d] = (this.#rows[d] as number) * factor;
      }
    }
  }

  #backward(length: number): void {
    const { states } = this.#model;
    const { longest, probabilities, survivors } = this.#table;
    this.#beta.fill(1);
    for (let from = Math.floor((length - 1) / this.#block) * this.#block, to = length; to > 0; to = from, from -= this.#block) {
      this.#fillBlock(from, to);
      for (let t = to - 1; t >= from; t--) {
        const row = (t - from) * this.#width;
        if (t === length - 1) {
          // The last visit may go on: it counts as all the lengths that it may still come to.
          for (let k = 0; k < states; k++) {
            let alive = 0;
            for (let d = k * longest; d < (k + 1) * longest; d++) {
              if ((survivors[d] as number) > 0) alive += (this.#rows[row + d] as number) / (survivors[d] as number);
              this.ended[d] = (this.ended[d] as number) + alive * (probabilities[d] as number);
            }
          }
        } else this.#stepBack(t, row);
        this.#gammaOf(t, row);
      }
    }
    for (let k = 0; k < states; k++) this.first[k] = (this.first[k] as number) + (this.gamma[k] as number);
  }

  #gammaOf(t: number, row: number): void {
    const { states } = this.#model;
    const { longest } = this.#table;
    let sum = 0;
    for (let k = 0; k < states; k++) {
      let gamma = 0;
      for (let d = k * longest; d < (k + 1) * longest; d++) gamma += (this.#rows[row + d] as number) * (this.#beta[d] as number);
      this.gamma[t * states + k] = gamma;
      sum += gamma;
    }
    for (let k = 0; k < states; k++) this.gamma[t * states + k] = (this.gamma[t * states + k] as number) / sum;
  }

  /** Beta at t from that at t + 1, and what happened between the two; `row` = where the belief at t stands. */
  #stepBack(t: number, row: number): void {
    const { states, transition } = this.#model;
    const { longest, hazards } = this.#table;
    const next = (t + 1) * states;
    const scale = 1 / (this.#scales[t + 1] as number);
    const later = this.#beta;
    const beta = this.#spare;
    for (let k = 0, at = 0; k < states; k++, at += longest) {
      let arriving = 0;
      let leaving = 0;
      for (let d = at; d < at + longest; d++) leaving += (this.#rows[row + d] as number) * (hazards[d] as number);
      for (let j = 0; j < states; j++) {
        const arrival =
          (transition[k * states + j] as number) * (this.#emissions[next + j] as number) * (later[j * longest] as number) * scale;
        arriving += arrival;
        this.moves[k * states + j] = (this.moves[k * states + j] as number) + leaving * arrival;
      }
      const on = (this.#emissions[next + k] as number) * scale;
      for (let d = at; d < at + longest; d++) {
        const hazard = hazards[d] as number;
        const after = d + 1 < at + longest ? (later[d + 1] as number) : 0;
        beta[d] = (1 - hazard) * on * after + hazard * arriving;
        this.ended[d] = (this.ended[d] as number) + (this.#rows[row + d] as number) * hazard * arriving;
      }
    }
    [this.#beta, this.#spare] = [beta, later];
  }
}

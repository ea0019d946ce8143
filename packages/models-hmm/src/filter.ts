import { checkWhole } from './arrays.ts';
import { type DurationTable, makeTable } from './durations/durations.ts';
import { advanceSemi, SemiUpdate } from './durations/semi-forward.ts';
import { familyOf } from './emissions/families.ts';
import type { Densities } from './emissions/family.ts';
import type { Model } from './model.ts';

/**
 * The forward pass one observation at a time: what a service does with each value as it comes. O(K^2), with durations O(K (K + longest)).
 *
 * `observe` returns log P(x_t | x_1 .. x_t-1), the predictive log-likelihood: as an anomaly score the lower the stranger. The sum of all is
 * the log-likelihood of the sequence. It takes no memory after the constructor; parameters must not be changed while it is in use.
 */
export class Filter {
  readonly model: Model;
  /**
   * P(state | all so far), [K]; before the first observation the start probabilities. Of a model without durations it may be set, to go on from a
   * belief that was kept.
   */
  readonly belief: Float64Array;
  readonly #densities: Densities;
  readonly #logs: Float64Array;
  readonly #predicted: Float64Array;
  readonly #semi: SemiFilter | undefined;
  #begun: boolean;

  /** @param belief where to go on from, [K]: what is believed after the last observation. Default: nothing was observed yet */
  constructor(model: Model, belief?: Float64Array) {
    const { states, emission, durations } = model;
    if (belief && belief.length !== states) throw new RangeError(`the belief must hold ${states} numbers, not ${belief.length}`);
    if (belief && durations) throw new RangeError('a model with durations goes on from no belief about states alone');
    this.model = model;
    this.belief = (belief ?? model.start).slice();
    this.#begun = belief !== undefined;
    this.#densities = familyOf(emission).densities(emission, states);
    this.#logs = new Float64Array(states);
    this.#predicted = new Float64Array(states);
    this.#semi = durations ? new SemiFilter(model, makeTable(durations, states)) : undefined;
  }

  /**
   * Takes one observation in.
   *
   * @param values holds it from `at` on; NaN = not observed
   * @returns its log-likelihood given all before, in nats; 0 where nothing was observed, -Infinity where no state can explain it: it is then passed over
   * @throws RangeError when the array does not hold it
   */
  observe(values: Float64Array, at = 0): number {
    const { dimensions } = this.model.emission;
    if (!Number.isInteger(at) || at < 0 || at + dimensions > values.length)
      throw new RangeError(`there is no observation of ${dimensions} values at ${at}: the array holds ${values.length}`);
    this.advance();
    if (this.#semi) return this.#semi.observe(this.#densities, values, at, this.belief);
    const { belief } = this;
    const logs = this.#logs;
    this.#densities.log(values, at, logs, 0);
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < belief.length; k++) if ((belief[k] as number) > 0 && (logs[k] as number) > largest) largest = logs[k] as number;
    if (largest === Number.NEGATIVE_INFINITY) return largest;
    let sum = 0;
    for (let k = 0; k < belief.length; k++) {
      // A state that is out of reach may explain the observation far better: its density could overflow.
      const weight = (belief[k] as number) > 0 ? (belief[k] as number) * Math.exp((logs[k] as number) - largest) : 0;
      logs[k] = weight;
      sum += weight;
    }
    if (!(sum > 0)) return Number.NEGATIVE_INFINITY;
    for (let k = 0; k < belief.length; k++) belief[k] = (logs[k] as number) / sum;
    return largest + Math.log(sum);
  }

  /** One step on in which nothing was observed: the belief goes where the transitions take it. */
  advance(): void {
    if (this.#semi) {
      this.#semi.advance(this.belief);
      return;
    }
    if (!this.#begun) {
      this.#begun = true;
      return;
    }
    advance(this.model, this.belief, this.#predicted);
    this.belief.set(this.#predicted);
  }

  /**
   * How much longer a visit to a state lasts, given that the chain is in it now: [most + 1], P(it goes on for 0, 1, .. most - 1 steps more), and last
   * P(for `most` or more). Without durations that is geometric.
   *
   * @throws RangeError before the first observation, when the chain cannot be in that state, or when `most` is no whole number from 1
   */
  remaining(state: number, most: number): Float64Array {
    checkWhole('most', most);
    if (!this.#semi && !this.#begun) throw new RangeError('nothing was observed yet');
    const held = this.belief[state];
    if (held === undefined || !(held > 0)) throw new RangeError(`the chain is not in state ${state}`);
    if (!this.#semi) {
      const stay = this.model.transition[state * this.model.states + state] as number;
      return Float64Array.from({ length: most + 1 }, (_, r) => (r < most ? (1 - stay) * stay ** r : stay ** most));
    }
    return this.#semi.remaining(state, most);
  }
}

/** belief x A, into `out`: the states one step later when nothing is seen. O(K^2). */
export function advance({ states, transition }: Model, belief: Float64Array, out: Float64Array): void {
  for (let j = 0; j < states; j++) {
    let sum = 0;
    for (let i = 0; i < states; i++) sum += (belief[i] as number) * (transition[i * states + j] as number);
    out[j] = sum;
  }
}

/** The belief over states and the steps that the visit has lasted. */
class SemiFilter {
  readonly #model: Model;
  readonly #table: DurationTable;
  readonly #update: SemiUpdate;
  readonly #row: Float64Array;
  #held: Float64Array;
  #spare: Float64Array;
  #begun = false;

  constructor(model: Model, table: DurationTable) {
    this.#model = model;
    this.#table = table;
    this.#update = new SemiUpdate(model.states, table.longest);
    this.#row = new Float64Array(model.states);
    this.#held = new Float64Array(model.states * table.longest);
    this.#spare = new Float64Array(model.states * table.longest);
  }

  advance(belief: Float64Array): void {
    const { longest } = this.#table;
    if (!this.#begun) for (let k = 0; k < this.#row.length; k++) this.#held[k * longest] = this.#model.start[k] as number;
    else {
      advanceSemi(this.#model, this.#table, this.#held, this.#spare, this.#row);
      [this.#held, this.#spare] = [this.#spare, this.#held];
    }
    this.#begun = true;
    this.#sum(belief);
  }

  observe(densities: Densities, values: Float64Array, at: number, belief: Float64Array): number {
    const log = this.#update.run(this.#held, densities, values, at, this.#row, 0);
    this.#sum(belief);
    return log;
  }

  #sum(belief: Float64Array): void {
    const { longest } = this.#table;
    for (let k = 0; k < belief.length; k++) {
      let sum = 0;
      for (let d = k * longest; d < (k + 1) * longest; d++) sum += this.#held[d] as number;
      belief[k] = sum;
    }
  }

  remaining(state: number, most: number): Float64Array {
    if (!this.#begun) throw new RangeError('nothing was observed yet');
    const { longest, probabilities, survivors } = this.#table;
    const out = new Float64Array(most + 1);
    const at = state * longest;
    let total = 0;
    for (let d = 0; d < longest; d++) {
      const held = this.#held[at + d] as number;
      const alive = survivors[at + d] as number;
      if (held === 0 || alive === 0) continue;
      total += held;
      for (let r = 0; d + r < longest; r++) {
        const to = Math.min(r, most);
        out[to] = (out[to] as number) + (held * (probabilities[at + d + r] as number)) / alive;
      }
    }
    for (let r = 0; r <= most; r++) out[r] = (out[r] as number) / total;
    return out;
  }
}

import { checkWhole } from './arrays.ts';
import { familyOf } from './emissions/families.ts';
import type { Densities, Trainer } from './emissions/family.ts';
import { checkModel, copyModel, type Model } from './model.ts';

/** How to learn online. */
export interface OnlineOptions {
  /**
   * Least step size, inside [0, 1): at it what was seen 1 / forgetting steps ago counts about a third. 0 = forget nothing, the steps only fall. Default
   * 0.001.
   */
  readonly forgetting?: number;
  /** Steps fall as 1 / n up to `warmUp`, from there as n^-exponent, down to `forgetting`; inside (0.5, 1]. Default 0.6 (Cappé 2011, section 3.1). */
  readonly exponent?: number;
  /**
   * Observations that are only counted before the first change of the parameters. They should have seen every state: what a state is like would else be taken
   * from the few that were most like it. Default 100.
   */
  readonly warmUp?: number;
  /** Least variance of normals. Default 1e-6. */
  readonly varianceFloor?: number;
}

const FAMILIES: readonly string[] = ['gaussian', 'poisson', 'categorical'];

/**
 * Online EM (Cappé 2011, "Online EM algorithm for hidden Markov models"): learns from one observation at a time and keeps nothing of them. Of each state the
 * expected statistics of the whole past, given that the chain is in it now, go along with the filter; the parameters follow them. Families `gaussian`,
 * `poisson` and `categorical`, no durations. Start probabilities stay. O(K^4 + K^2 S) an observation, S = statistics of a state.
 */
export class OnlineEm {
  /** Changed in place with every observation. */
  readonly model: Model;
  /** P(state | all so far), [K]. */
  readonly belief: Float64Array;
  /** Observations learnt from so far: neither missing ones nor those that no state can explain. */
  seen = 0;
  #begun = false;
  readonly #densities: Densities;
  readonly #trainer: Trainer;
  readonly #options: Required<Pick<OnlineOptions, 'forgetting' | 'exponent' | 'warmUp'>>;
  /** Statistics of one observation by state, [K x S]. */
  readonly #now: Float64Array;
  /** Expected statistics given the state now, [K x (K^2 + K S)]: moves, then emissions. */
  #given: Float64Array;
  #spare: Float64Array;
  readonly #predicted: Float64Array;
  readonly #logs: Float64Array;
  readonly #ones: Float64Array;

  /** @throws RangeError on another family, durations, or an option out of its range */
  constructor(model: Model, options: OnlineOptions = {}) {
    const { forgetting = 1e-3, exponent = 0.6, warmUp = 100, varianceFloor = 1e-6 } = options;
    if (!(forgetting >= 0 && forgetting < 1)) throw new RangeError(`forgetting must be inside [0, 1), not ${forgetting}`);
    if (!(exponent > 0.5 && exponent <= 1)) throw new RangeError(`exponent must be inside (0.5, 1], not ${exponent}`);
    checkWhole('warmUp', warmUp, 0);
    if (!FAMILIES.includes(model.emission.family)) throw new RangeError(`${model.emission.family} cannot be learnt online`);
    if (model.durations) throw new RangeError('durations cannot be learnt online');
    this.model = copyModel(checkModel(model));
    const { states, emission, start } = this.model;
    this.#options = { forgetting, exponent, warmUp };
    this.belief = start.slice();
    const family = familyOf(emission);
    this.#densities = family.densities(emission, states);
    const floors = new Float64Array(emission.dimensions).fill(varianceFloor);
    this.#trainer = family.trainer(emission, states, { values: new Float64Array(0), priors: {}, floors });
    this.#trainer.reset();
    const width = this.#trainer.statistics.length;
    this.#now = new Float64Array(width);
    this.#given = new Float64Array(states * (states * states + width));
    this.#spare = new Float64Array(this.#given.length);
    this.#predicted = new Float64Array(states);
    this.#logs = new Float64Array(states);
    this.#ones = new Float64Array(states).fill(1);
  }

  /**
   * Learns one observation. Where nothing was observed, and where no state can explain it, the belief moves on by the transitions and nothing is learnt
   * or forgotten.
   *
   * @param values holds it; NaN = not observed
   * @returns its log-likelihood under the parameters before it, in nats; 0 where nothing was observed, -Infinity where no state can explain it
   */
  observe(values: Float64Array): number {
    const { states, transition } = this.model;
    const { belief } = this;
    const predicted = this.#predicted;
    const width = states * states + this.#now.length;
    for (let j = 0; j < states; j++) {
      let sum = 0;
      for (let i = 0; i < states; i++) sum += (belief[i] as number) * (transition[i * states + j] as number);
      predicted[j] = this.#begun ? sum : (belief[j] as number);
    }
    const isMissing = this.#isMissing(values);
    const logLikelihood = isMissing ? 0 : this.#weigh(values);
    const isLearnt = !isMissing && logLikelihood > Number.NEGATIVE_INFINITY;
    if (isLearnt) {
      this.#statisticsOf(values);
      this.seen++;
      this.#learn(this.#gain(), width);
      belief.set(this.#logs);
    } else {
      if (this.#begun) this.#carry(width);
      belief.set(predicted);
    }
    this.#begun = true;
    if (isLearnt && this.seen > this.#options.warmUp) this.#maximise(width);
    return logLikelihood;
  }

  #isMissing(values: Float64Array): boolean {
    for (let d = 0; d < this.model.emission.dimensions; d++) if (!Number.isNaN(values[d])) return false;
    return true;
  }

  /** P(state before = i | state now = k, the past). */
  #back(i: number, k: number): number {
    const { states, transition } = this.model;
    const reached = this.#predicted[k] as number;
    return reached > 0 ? ((this.belief[i] as number) * (transition[i * states + k] as number)) / reached : 0;
  }

  /** The statistics given the state after a step of which nothing is learnt: what is expected over all states stays as it was. */
  #carry(width: number): void {
    const { states } = this.model;
    const given = this.#given;
    const next = this.#spare.fill(0);
    for (let k = 0; k < states; k++) {
      const to = k * width;
      for (let i = 0; i < states; i++) {
        const back = this.#back(i, k);
        if (back === 0) continue;
        for (let s = 0, from = i * width; s < width; s++) next[to + s] = (next[to + s] as number) + back * (given[from + s] as number);
      }
    }
    [this.#given, this.#spare] = [next, given];
  }

  /** The statistics given the state after an observation. */
  #learn(gain: number, width: number): void {
    const { states } = this.model;
    const given = this.#given;
    const next = this.#spare.fill(0);
    for (let k = 0; k < states; k++) {
      const to = k * width;
      for (let i = 0; i < states && this.seen > 1; i++) {
        const back = this.#back(i, k);
        if (back === 0) continue;
        const keep = (1 - gain) * back;
        for (let s = 0, from = i * width; s < width; s++) next[to + s] = (next[to + s] as number) + keep * (given[from + s] as number);
        next[to + i * states + k] = (next[to + i * states + k] as number) + gain * back;
      }
      const block = this.#now.length / states;
      for (let s = k * block; s < (k + 1) * block; s++)
        next[to + states * states + s] = (next[to + states * states + s] as number) + gain * (this.#now[s] as number);
    }
    [this.#given, this.#spare] = [next, given];
  }

  /** The step size of this observation. */
  #gain(): number {
    const { forgetting, exponent, warmUp } = this.#options;
    if (this.seen <= warmUp) return 1 / this.seen;
    const from = Math.max(1, warmUp);
    return Math.max(forgetting, (this.seen / from) ** -exponent / from);
  }

  /** Weighs what was predicted with the densities: the new belief stands in `#logs`. */
  #weigh(values: Float64Array): number {
    const logs = this.#logs;
    const predicted = this.#predicted;
    this.#densities.log(values, 0, logs, 0);
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < logs.length; k++) if ((predicted[k] as number) > 0 && (logs[k] as number) > largest) largest = logs[k] as number;
    if (largest === Number.NEGATIVE_INFINITY) return largest;
    let sum = 0;
    for (let k = 0; k < logs.length; k++) {
      logs[k] = (predicted[k] as number) > 0 ? (predicted[k] as number) * Math.exp((logs[k] as number) - largest) : 0;
      sum += logs[k] as number;
    }
    for (let k = 0; k < logs.length; k++) logs[k] = (logs[k] as number) / sum;
    return largest + Math.log(sum);
  }

  /** What the observation would add to each state's statistics, were the chain in it for sure. */
  #statisticsOf(values: Float64Array): void {
    const { statistics } = this.#trainer;
    statistics.fill(0);
    this.#trainer.accumulate(values, 0, 1, this.#ones, 0);
    this.#now.set(statistics);
  }

  #maximise(width: number): void {
    const { states, transition } = this.model;
    const { statistics } = this.#trainer;
    const moves = states * states;
    for (let i = 0; i < states; i++) {
      let sum = 0;
      for (let j = 0; j < states; j++) {
        let expected = 0;
        for (let k = 0; k < states; k++) expected += (this.belief[k] as number) * (this.#given[k * width + i * states + j] as number);
        this.#predicted[j] = expected;
        sum += expected;
      }
      if (sum > 1e-8) for (let j = 0; j < states; j++) transition[i * states + j] = (this.#predicted[j] as number) / sum;
    }
    for (let s = 0; s < statistics.length; s++) {
      let expected = 0;
      for (let k = 0; k < states; k++) expected += (this.belief[k] as number) * (this.#given[k * width + moves + s] as number);
      statistics[s] = expected;
    }
    this.#trainer.maximise();
    this.#densities.refresh();
  }
}

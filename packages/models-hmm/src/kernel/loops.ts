import { expOfMinus, FARTHEST } from './exponential.ts';
import { CORRECT, TINY } from './generate.ts';
import type { GaussianKernel, LatticeKernel, Rescue, Room } from './passes.ts';

/* The same passes as the generated ones, as loops over arrays: for many states, and where compiling text is forbidden. */

const LOG_2_PI = Math.log(2 * Math.PI);

/** Kernel over emissions that are filled beforehand. */
export function latticeLoops(states: number): LatticeKernel {
  const chain = new Chain(states);
  return {
    forward(rows, start, transition, room, rescue) {
      chain.begin();
      for (let t = 0; t < rows; t++) chain.step(t, start, transition, room, rescue, 0);
      return chain.logLikelihood();
    },
    backward(rows, transition, room, first, moves) {
      if (rows === 0) return;
      const { alphas } = room;
      chain.beginBackward(rows, room);
      for (let t = rows - 1; t >= 0; t--) {
        const gamma = chain.gammaAt(t, room);
        if (t > 0) chain.stepBack(t, transition, room);
        for (let k = 0; k < states; k++) alphas[t * states + k] = gamma[k] as number;
      }
      chain.endBackward(transition, first, moves);
    },
  };
}

/** Kernel for one-dimensional normals. */
export function gaussianLoops(states: number): GaussianKernel {
  const chain = new Chain(states);
  const heights = new Float64Array(states);
  const widths = new Float64Array(states);
  return {
    forward(values, rows, start, transition, means, variances, room, rescue) {
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < states; k++) {
        heights[k] = -0.5 * (LOG_2_PI + Math.log(variances[k] as number));
        widths[k] = 0.5 / (variances[k] as number);
        top = Math.max(top, heights[k] as number);
      }
      let seen = 0;
      chain.begin();
      for (let t = 0, o = 0; t < rows; t++, o += states) {
        const x = values[t] as number;
        const known = !Number.isNaN(x);
        if (known) seen++;
        for (let k = 0; k < states; k++) {
          const off = x - (means[k] as number);
          const y = top - (heights[k] as number) + (widths[k] as number) * off * off;
          room.emissions[o + k] = known ? expOfMinus(Math.min(y, FARTHEST)) : 1;
        }
        chain.step(t, start, transition, room, rescue, known ? top : 0);
      }
      return chain.logLikelihood() + seen * top;
    },
    backward(values, rows, transition, means, room, first, moves, statistics) {
      if (rows === 0) return;
      chain.beginBackward(rows, room);
      for (let t = rows - 1; t >= 0; t--) {
        const gamma = chain.gammaAt(t, room);
        const x = values[t] as number;
        for (let k = 0; k < states && !Number.isNaN(x); k++) {
          const off = x - (means[k] as number);
          const weighted = (gamma[k] as number) * off;
          statistics[3 * k] = (statistics[3 * k] as number) + (gamma[k] as number);
          statistics[3 * k + 1] = (statistics[3 * k + 1] as number) + weighted;
          statistics[3 * k + 2] = (statistics[3 * k + 2] as number) + weighted * off;
        }
        if (t > 0) chain.stepBack(t, transition, room);
      }
      chain.endBackward(transition, first, moves);
    },
  };
}

/** What goes from step to step, in both directions. */
class Chain {
  readonly #states: number;
  readonly #row: Float64Array;
  readonly #beta: Float64Array;
  readonly #gamma: Float64Array;
  readonly #arrivals: Float64Array;
  readonly #sums: Float64Array;
  #log = 0;
  #product = 1;
  #lag = 1;

  constructor(states: number) {
    this.#states = states;
    this.#row = new Float64Array(states);
    this.#beta = new Float64Array(states);
    this.#gamma = new Float64Array(states);
    this.#arrivals = new Float64Array(states);
    this.#sums = new Float64Array(states * states);
  }

  begin(): void {
    this.#log = 0;
    this.#product = 1;
    this.#lag = 1;
  }

  logLikelihood(): number {
    return this.#log + Math.log(this.#product);
  }

  step(t: number, start: Float64Array, transition: Float64Array, { emissions, alphas, scales }: Room, rescue: Rescue, top: number): void {
    const states = this.#states;
    const o = t * states;
    const row = this.#row;
    row.fill(0);
    for (let i = 0; i < states && t > 0; i++) {
      const alpha = alphas[o - states + i] as number;
      for (let j = 0; j < states; j++) row[j] = (row[j] as number) + alpha * (transition[i * states + j] as number);
    }
    let sum = 0;
    for (let j = 0; j < states; j++) {
      const emission = emissions[o + j] as number;
      const alpha = t === 0 ? (start[j] as number) * emission : (row[j] as number) * (emission * this.#lag);
      row[j] = alpha;
      sum += alpha;
    }
    if (sum > TINY) {
      scales[t] = this.#lag;
      for (let j = 0; j < states; j++) alphas[o + j] = row[j] as number;
      this.#product *= sum;
      if (this.#product < TINY) {
        this.#log += Math.log(this.#product);
        this.#product = 1;
      }
      this.#lag = 1 / sum;
    } else {
      this.#log += rescue(t, this.#lag) - top;
      this.#lag = 1;
    }
  }

  beginBackward(rows: number, { alphas }: Room): void {
    let sum = 0;
    for (let o = (rows - 1) * this.#states; o < rows * this.#states; o++) sum += alphas[o] as number;
    this.#beta.fill(1 / sum);
    this.#sums.fill(0);
  }

  gammaAt(t: number, { alphas }: Room): Float64Array {
    const states = this.#states;
    const beta = this.#beta;
    if ((t & CORRECT) === 0) {
      let sum = 0;
      for (let k = 0; k < states; k++) sum += (alphas[t * states + k] as number) * (beta[k] as number);
      for (let k = 0; k < states; k++) beta[k] = (beta[k] as number) / sum;
    }
    for (let k = 0; k < states; k++) this.#gamma[k] = (alphas[t * states + k] as number) * (beta[k] as number);
    return this.#gamma;
  }

  stepBack(t: number, transition: Float64Array, { emissions, alphas, scales }: Room): void {
    const states = this.#states;
    const o = t * states;
    const arrivals = this.#arrivals;
    const scale = scales[t] as number;
    for (let j = 0; j < states; j++) arrivals[j] = (emissions[o + j] as number) * scale * (this.#beta[j] as number);
    for (let i = 0; i < states; i++) {
      const alpha = alphas[o - states + i] as number;
      let beta = 0;
      for (let j = 0; j < states; j++) {
        const arrival = arrivals[j] as number;
        this.#sums[i * states + j] = (this.#sums[i * states + j] as number) + alpha * arrival;
        beta += (transition[i * states + j] as number) * arrival;
      }
      this.#beta[i] = beta;
    }
  }

  endBackward(transition: Float64Array, first: Float64Array, moves: Float64Array): void {
    for (let k = 0; k < this.#states; k++) first[k] = (first[k] as number) + (this.#gamma[k] as number);
    for (let i = 0; i < moves.length; i++) moves[i] = (moves[i] as number) + (transition[i] as number) * (this.#sums[i] as number);
  }
}

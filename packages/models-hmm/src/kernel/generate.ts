import { exercise } from './exercise.ts';
import { COARSE, FARTHEST, FINE } from './exponential.ts';
import { BLOCK, type Kernels, type Rescue, type Room } from './passes.ts';

/*
 * The passes of Baum-Welch with every loop over states written out, so that a compiler can keep what belongs to a state in a local. On Node 20 these take a
 * third of the time of the same loops over arrays.
 *
 * alpha is divided by the sum of the row before it rather than by its own: the division is then off the path from one step to the next. With the very
 * same factors in the backward pass alpha x beta is gamma without any division. Logarithms are taken of products of many rows.
 *
 * For normals e_k = exp(top_k - top - off^2 / 2 variance), where top is the highest of the K densities: never above 1, so there is no search for
 * the greatest of a row. A row that is tiny all the same goes to `rescue`.
 */

/** A row whose probability is below this is worked out in logarithms; a product of rows below it is taken the logarithm of. */
export const TINY = 1e-100;
/** Rows between two corrections of beta, of which rounding moves the sum. */
export const CORRECT = 255;

type LatticeForward = (from: number, to: number, start: Float64Array, transition: Float64Array, room: Room, rescue: Rescue) => void;
type LatticeBackward = (from: number, to: number, transition: Float64Array, room: Room, first: Float64Array, moves: Float64Array) => void;
type GaussianForward = (
  values: Float64Array,
  from: number,
  to: number,
  start: Float64Array,
  transition: Float64Array,
  means: Float64Array,
  variances: Float64Array,
  room: Room,
  rescue: Rescue,
) => void;
type GaussianBackward = (
  values: Float64Array,
  from: number,
  to: number,
  transition: Float64Array,
  means: Float64Array,
  room: Room,
  first: Float64Array,
  moves: Float64Array,
  statistics: Float64Array,
) => void;

/** Kernels for K states. @throws EvalError where compiling text is forbidden */
export function generate(states: number): Kernels {
  // alpha or beta, [K], the log-likelihood so far, the product that no logarithm was taken of yet, and the factor of the next row.
  const carry = new Float64Array(states + 3);
  const write = new Writer(states);
  const latticeForward = compile<LatticeForward>(carry, 'from, to, start, transition, room, rescue', write.latticeForward());
  const latticeBackward = compile<LatticeBackward>(carry, 'from, to, transition, room, first, moves', write.latticeBackward());
  const gaussianForward = compile<GaussianForward>(
    carry,
    'x, from, to, start, transition, means, variances, room, rescue',
    write.gaussianForward(),
  );
  const gaussianBackward = compile<GaussianBackward>(
    carry,
    'x, from, to, transition, means, room, first, moves, statistics',
    write.gaussianBackward(),
  );
  const begin = (): void => {
    carry.fill(0);
    carry[states + 1] = 1;
    carry[states + 2] = 1;
  };
  const end = (): number => (carry[states] as number) + Math.log(carry[states + 1] as number);
  const beginBackward = (rows: number, { alphas }: Room): void => {
    let sum = 0;
    for (let o = (rows - 1) * states; o < rows * states; o++) sum += alphas[o] as number;
    carry.fill(1 / sum);
  };
  const kernels: Kernels = {
    lattice: {
      forward(rows, start, transition, room, rescue) {
        begin();
        for (let from = 0; from < rows; from += BLOCK) latticeForward(from, Math.min(rows, from + BLOCK), start, transition, room, rescue);
        return end();
      },
      backward(rows, transition, room, first, moves) {
        if (rows > 0) beginBackward(rows, room);
        for (let to = rows; to > 0; to -= BLOCK) latticeBackward(Math.max(0, to - BLOCK), to, transition, room, first, moves);
      },
    },
    gaussian: {
      forward(values, rows, start, transition, means, variances, room, rescue) {
        begin();
        for (let from = 0; from < rows; from += BLOCK)
          gaussianForward(values, from, Math.min(rows, from + BLOCK), start, transition, means, variances, room, rescue);
        return end();
      },
      backward(values, rows, transition, means, room, first, moves, statistics) {
        if (rows > 0) beginBackward(rows, room);
        for (let to = rows; to > 0; to -= BLOCK)
          gaussianBackward(values, Math.max(0, to - BLOCK), to, transition, means, room, first, moves, statistics);
      },
    },
  };
  exercise(kernels, states);
  return kernels;
}

function compile<F>(carry: Float64Array, parameters: string, body: string): F {
  const source = `return function (${parameters}) {'use strict';\n${body}}`;
  return new Function('COARSE', 'FINE', 'carry', source)(COARSE, FINE, carry) as F;
}

class Writer {
  readonly #states: readonly number[];
  readonly #k: number;

  constructor(states: number) {
    this.#k = states;
    this.#states = Array.from({ length: states }, (_, k) => k);
  }

  #each(line: (k: number) => string): string {
    return this.#states.map(line).join('\n');
  }

  #pairs(line: (i: number, j: number) => string): string {
    return this.#each((i) => this.#each((j) => line(i, j)));
  }

  /** A sum in the shape of a tree: the shortest way through its additions. */
  #sum(term: (k: number) => string): string {
    const tree = (terms: readonly string[]): string =>
      terms.length === 1 ? `(${terms[0]})` : `(${tree(terms.slice(0, terms.length >> 1))} + ${tree(terms.slice(terms.length >> 1))})`;
    return tree(this.#states.map(term));
  }

  get #head(): string {
    return `const { emissions, alphas, scales } = room;
${this.#pairs((i, j) => `const A${i}_${j} = transition[${i * this.#k + j}];`)}`;
  }

  /** The step from alpha to alpha, of emissions e0 ..; `top` = what every observed row's log was lessened by. */
  #step(top: string): string {
    const k = this.#k;
    return `${this.#each((j) => `let n${j} = 0;`)}
if (t === 0) {
${this.#each((j) => `n${j} = start[${j}] * e${j};`)}
} else {
${this.#each((j) => `n${j} = ${this.#sum((i) => `a${i} * A${i}_${j}`)} * (e${j} * lag);`)}
}
let sum = ${this.#sum((j) => `n${j}`)};
if (sum > ${TINY}) {
  scales[t] = lag;
${this.#each((j) => `a${j} = n${j}; alphas[o + ${j}] = n${j}; ${top === '' ? '' : `emissions[o + ${j}] = e${j};`}`)}
  product *= sum;
  if (product < ${TINY}) { log += Math.log(product); product = 1; }
} else {
  log += rescue(t, lag)${top};
${this.#each((j) => `a${j} = alphas[o + ${j}];`)}
  sum = 1;
}
lag = 1 / sum;
o += ${k};`;
  }

  /** What the block before this one left. */
  get #take(): string {
    const k = this.#k;
    return `${this.#each((j) => `let a${j} = carry[${j}];`)}
let log = carry[${k}], product = carry[${k + 1}], lag = carry[${k + 2}];`;
  }

  get #leave(): string {
    const k = this.#k;
    return `${this.#each((j) => `carry[${j}] = a${j};`)}
carry[${k + 1}] = product;
carry[${k + 2}] = lag;`;
  }

  latticeForward(): string {
    const k = this.#k;
    return `${this.#head}
${this.#take}
for (let t = from, o = from * ${k}; t < to; t++) {
${this.#each((j) => `const e${j} = emissions[o + ${j}];`)}
${this.#step('')}
}
${this.#leave}
carry[${k}] = log;`;
  }

  gaussianForward(): string {
    const k = this.#k;
    return `${this.#head}
${this.#each((j) => `const m${j} = means[${j}], h${j} = 0.5 / variances[${j}], p${j} = -0.5 * Math.log(2 * Math.PI * variances[${j}]);`)}
const top = Math.max(${this.#states.map((j) => `p${j}`).join(', ')});
${this.#each((j) => `const c${j} = top - p${j};`)}
${this.#take}
let seen = 0;
for (let t = from, o = from * ${k}; t < to; t++) {
const xt = x[t];
${this.#each((j) => `let e${j} = 1;`)}
if (xt === xt) {
seen++;
${this.#each(
  (j) => `const d${j} = xt - m${j};
let y${j} = c${j} + h${j} * d${j} * d${j};
if (y${j} > ${FARTHEST}) y${j} = ${FARTHEST};
const i${j} = (y${j} * 64 + 0.5) | 0, r${j} = y${j} - i${j} * 0.015625;
e${j} = COARSE[i${j} >> 10] * FINE[i${j} & 1023] * (1 - r${j} * (1 - r${j} * (0.5 - r${j} * (${1 / 6} - r${j} * (${1 / 24} - r${j} * ${1 / 120})))));`,
)}
}
${this.#step(' - (xt === xt ? top : 0)')}
}
${this.#leave}
carry[${k}] = log + seen * top;`;
  }

  /** Everything of a backward step but what becomes of gamma. */
  #backward(begin: string, gamma: string, end: string): string {
    const k = this.#k;
    return `${this.#head}
${begin}
${this.#pairs((i, j) => `let Z${i}_${j} = 0;`)}
let o = (to - 1) * ${k};
${this.#each((j) => `let a${j} = alphas[o + ${j}], b${j} = carry[${j}];`)}
for (let t = to - 1; t >= from; t--) {
if ((t & ${CORRECT}) === 0) {
  const off = 1 / ${this.#sum((j) => `a${j} * b${j}`)};
${this.#each((j) => `b${j} *= off;`)}
}
${this.#each((j) => `const g${j} = a${j} * b${j};`)}
${gamma}
if (t === 0) {
${this.#each((j) => `first[${j}] += g${j};`)}
  break;
}
const scale = scales[t];
${this.#each((j) => `const f${j} = emissions[o + ${j}] * scale * b${j};`)}
o -= ${k};
${this.#each((i) => `a${i} = alphas[o + ${i}];`)}
${this.#pairs((i, j) => `Z${i}_${j} += a${i} * f${j};`)}
${this.#each((i) => `b${i} = ${this.#sum((j) => `A${i}_${j} * f${j}`)};`)}
}
${this.#each((j) => `carry[${j}] = b${j};`)}
${this.#pairs((i, j) => `moves[${i * k + j}] += A${i}_${j} * Z${i}_${j};`)}
${end}`;
  }

  latticeBackward(): string {
    return this.#backward(
      '',
      this.#each((j) => `alphas[o + ${j}] = g${j};`),
      '',
    );
  }

  gaussianBackward(): string {
    return this.#backward(
      this.#each((j) => `const m${j} = means[${j}]; let N${j} = 0, X${j} = 0, Y${j} = 0;`),
      `const xt = x[t];
if (xt === xt) {
${this.#each((j) => `const d${j} = xt - m${j}, w${j} = g${j} * d${j}; N${j} += g${j}; X${j} += w${j}; Y${j} += w${j} * d${j};`)}
}`,
      this.#each((j) => `statistics[${3 * j}] += N${j}; statistics[${3 * j + 1}] += X${j}; statistics[${3 * j + 2}] += Y${j};`),
    );
  }
}

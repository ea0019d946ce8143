import { tanh } from './gates.ts';
import { addOuter, addProduct, addRows, padded } from './matrix.ts';
import { medianOf, type Network, type Shape } from './shape.ts';

/** log(1 + e^x), without overflow. */
function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x));
}

/**
 * What the head's forward pass leaves for its backward pass. The kernels want whole blocks: R = B x P, one row a point, and L are rounded up
 * to multiples of 4, with zeros in between.
 */
export interface HeadTape {
  readonly rows: number;
  readonly points: number;
  /** [B x W]: the part of each window. */
  readonly context: Float64Array;
  /** [R x L]. */
  readonly locals: Float64Array;
  /** [R x D]: tanh units; empty when D = 0. */
  readonly units: Float64Array;
  /** [R x Q]: outputs before they are made to rise. */
  readonly raw: Float64Array;
  /** [R x Q]. */
  readonly quantiles: Float64Array;
  /** [L x D] and [L x Q]: weights of the locals, and their gradients. */
  readonly local: Float64Array;
  readonly skip: Float64Array;
  readonly dContext: Float64Array;
  readonly dUnits: Float64Array;
}

export function beginHeadTape({ decoder, levels, locals }: Shape, rows: number, points: number): HeadTape {
  const width = decoder > 0 ? decoder : levels.length;
  const all = padded(rows * points);
  const wide = padded(locals);
  return {
    rows,
    points,
    context: new Float64Array(rows * width),
    locals: new Float64Array(all * wide),
    units: new Float64Array(all * decoder),
    raw: new Float64Array(all * levels.length),
    quantiles: new Float64Array(all * levels.length),
    local: new Float64Array(wide * decoder),
    skip: new Float64Array(wide * levels.length),
    dContext: new Float64Array(width),
    dUnits: new Float64Array(all * decoder),
  };
}

/** What the head is asked, as in `Batch`. */
export interface Asked {
  readonly rows: number;
  readonly points: number;
  readonly statics: ArrayLike<number>;
  readonly locals: ArrayLike<number>;
}

/** out[j] += sum_i x[i] w[i, j]. */
function addRow(
  out: Float64Array,
  o: number,
  x: ArrayLike<number>,
  at: number,
  count: number,
  w: Float64Array,
  from: number,
  n: number,
): void {
  for (let i = 0; i < count; i++) {
    const a = x[at + i] as number;
    const row = (from + i) * n;
    for (let j = 0; j < n; j++) out[o + j] = (out[o + j] as number) + a * (w[row + j] as number);
  }
}

/** Fills `tape.quantiles`. `hidden` holds row b's state from `start + b * stride` on. */
export function forwardHead(network: Network, tape: HeadTape, hidden: Float64Array, start: number, stride: number, asked: Asked): void {
  const { shape, context, contextBias, out, outBias } = network;
  const { hidden: units, statics, decoder, levels } = shape;
  const { rows, points } = asked;
  const width = contextBias.length;
  const quantiles = levels.length;
  const all = padded(rows * points);
  joinLocals(shape, tape, asked);
  tape.local.set(network.local);
  tape.skip.set(network.skip);
  // Each point begins with the part of its window: of the units, or of the outputs where there are none.
  const first = decoder > 0 ? tape.units : tape.raw;
  for (let b = 0; b < rows; b++) {
    const c = b * width;
    tape.context.set(contextBias, c);
    addRow(tape.context, c, hidden, start + b * stride, units, context, 0, width);
    addRow(tape.context, c, asked.statics, b * statics, statics, context, units, width);
    for (let p = b * points; p < (b + 1) * points; p++)
      for (let j = 0; j < width; j++) first[p * width + j] = tape.context[c + j] as number;
  }
  const wide = padded(shape.locals);
  if (decoder > 0) {
    addProduct(tape.units, 0, tape.locals, 0, tape.local, all, wide, decoder);
    for (let i = 0; i < rows * points * decoder; i++) tape.units[i] = tanh(tape.units[i] as number);
    for (let row = 0; row < rows * points; row++) tape.raw.set(outBias, row * quantiles);
    addProduct(tape.raw, 0, tape.units, 0, out, all, decoder, quantiles);
  }
  addProduct(tape.raw, 0, tape.locals, 0, tape.skip, all, wide, quantiles);
  rise(shape, tape.raw, tape.quantiles, rows * points);
}

function joinLocals({ locals }: Shape, tape: HeadTape, asked: Asked): void {
  const wide = padded(locals);
  for (let row = 0; row < asked.rows * asked.points; row++) {
    for (let i = 0; i < locals; i++) tape.locals[row * wide + i] = asked.locals[row * locals + i] as number;
  }
}

/** Quantiles from raw outputs: the median as it is, each further level a softplus away from its inner neighbour, so that rows rise. */
export function rise({ levels, rising }: Shape, raw: Float64Array, quantiles: Float64Array, rows: number): void {
  const columns = levels.length;
  if (!rising) {
    quantiles.set(raw.subarray(0, rows * columns));
    return;
  }
  const median = medianOf(levels);
  for (let row = 0; row < rows * columns; row += columns) {
    quantiles[row + median] = raw[row + median] as number;
    for (let q = median + 1; q < columns; q++) quantiles[row + q] = (quantiles[row + q - 1] as number) + softplus(raw[row + q] as number);
    for (let q = median - 1; q >= 0; q--) quantiles[row + q] = (quantiles[row + q + 1] as number) - softplus(raw[row + q] as number);
  }
}

/** Derivatives by raw outputs from those by quantiles, in place. */
function backRise({ levels, rising }: Shape, raw: Float64Array, d: Float64Array, rows: number): void {
  if (!rising) return;
  const columns = levels.length;
  const median = medianOf(levels);
  for (let row = 0; row < rows * columns; row += columns) {
    // A raw output moves its own quantile and all beyond it: sums from the outside in.
    let above = 0;
    for (let q = columns - 1; q > median; q--) {
      above += d[row + q] as number;
      d[row + q] = above / (1 + Math.exp(-(raw[row + q] as number)));
    }
    let below = 0;
    for (let q = 0; q < median; q++) {
      below += d[row + q] as number;
      d[row + q] = -below / (1 + Math.exp(-(raw[row + q] as number)));
    }
    d[row + median] = (d[row + median] as number) + above + below;
  }
}

/** gradient[i, j] += x[i] d[j]. */
function addOuterRow(
  gradient: Float64Array,
  x: ArrayLike<number>,
  at: number,
  count: number,
  d: Float64Array,
  o: number,
  n: number,
  from = 0,
): void {
  for (let i = 0; i < count; i++) {
    const a = x[at + i] as number;
    const row = (from + i) * n;
    for (let j = 0; j < n; j++) gradient[row + j] = (gradient[row + j] as number) + a * (d[o + j] as number);
  }
}

/**
 * Adds the head's gradient, and writes the derivative by each window's hidden state into `dHidden`, [B x H].
 *
 * @param d derivative by the quantiles, [R x Q]; used up
 */
export function backHead(
  network: Network,
  tape: HeadTape,
  hidden: Float64Array,
  start: number,
  stride: number,
  asked: Asked,
  d: Float64Array,
  gradient: Network,
  dHidden: Float64Array,
): void {
  const { shape, context } = network;
  const { hidden: units, statics, locals, decoder, levels } = shape;
  const { rows, points } = asked;
  const width = network.contextBias.length;
  const quantiles = levels.length;
  const all = padded(rows * points);
  const wide = padded(locals);
  d.fill(0, rows * points * quantiles);
  backRise(shape, tape.raw, d, rows * points);
  // The weights of the locals have been used: their room takes the gradients.
  tape.skip.fill(0);
  addOuter(tape.skip, tape.locals, 0, d, all, wide, quantiles);
  addTo(gradient.skip, tape.skip);
  if (decoder > 0) {
    addRows(gradient.outBias, d, rows * points, quantiles);
    addOuter(gradient.out, tape.units, 0, d, all, decoder, quantiles);
    backUnits(network, tape, d, rows * points);
    tape.local.fill(0);
    addOuter(tape.local, tape.locals, 0, tape.dUnits, all, wide, decoder);
    addTo(gradient.local, tape.local);
  }
  const perPoint = decoder > 0 ? tape.dUnits : d;
  for (let b = 0; b < rows; b++) {
    const { dContext } = tape;
    dContext.fill(0);
    for (let p = b * points; p < (b + 1) * points; p++) {
      for (let j = 0; j < width; j++) dContext[j] = (dContext[j] as number) + (perPoint[p * width + j] as number);
    }
    for (let j = 0; j < width; j++) gradient.contextBias[j] = (gradient.contextBias[j] as number) + (dContext[j] as number);
    addOuterRow(gradient.context, hidden, start + b * stride, units, dContext, 0, width);
    addOuterRow(gradient.context, asked.statics, b * statics, statics, dContext, 0, width, units);
    for (let i = 0; i < units; i++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += (context[i * width + j] as number) * (dContext[j] as number);
      dHidden[b * units + i] = sum;
    }
  }
}

/** Derivatives by the units before their tanh, from those by raw outputs. */
function backUnits({ shape, out }: Network, { units, dUnits }: HeadTape, d: Float64Array, rows: number): void {
  const { decoder, levels } = shape;
  const quantiles = levels.length;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < decoder; i++) {
      let sum = 0;
      for (let q = 0; q < quantiles; q++) sum += (out[i * quantiles + q] as number) * (d[row * quantiles + q] as number);
      const unit = units[row * decoder + i] as number;
      dUnits[row * decoder + i] = sum * (1 - unit * unit);
    }
  }
}

function addTo(gradient: Float64Array, padding: Float64Array): void {
  for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) + (padding[i] as number);
}

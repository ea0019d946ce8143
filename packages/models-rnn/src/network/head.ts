import { tanh } from './gates.ts';
import { medianOf, type Network, type Shape } from './shape.ts';

/** log(1 + e^x), without overflow. */
function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x));
}

/** What the head's forward pass leaves for its backward pass. */
export interface HeadTape {
  readonly rows: number;
  readonly points: number;
  /** [B x W]: the part of each window. */
  readonly context: Float64Array;
  /** [B x P x D]: tanh units; empty when D = 0. */
  readonly units: Float64Array;
  /** [B x P x Q]: outputs before they are made to rise. */
  readonly raw: Float64Array;
  /** [B x P x Q]. */
  readonly quantiles: Float64Array;
  readonly dContext: Float64Array;
  readonly dUnits: Float64Array;
}

export function beginHeadTape({ decoder, levels }: Shape, rows: number, points: number): HeadTape {
  const width = decoder > 0 ? decoder : levels.length;
  return {
    rows,
    points,
    context: new Float64Array(rows * width),
    units: new Float64Array(rows * points * decoder),
    raw: new Float64Array(rows * points * levels.length),
    quantiles: new Float64Array(rows * points * levels.length),
    dContext: new Float64Array(width),
    dUnits: new Float64Array(decoder),
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
  const { shape, context, contextBias, local, out, outBias, skip } = network;
  const { hidden: units, statics, locals, decoder, levels } = shape;
  const { rows, points } = asked;
  const width = contextBias.length;
  const quantiles = levels.length;
  for (let b = 0; b < rows; b++) {
    tape.context.set(contextBias, b * width);
    addRow(tape.context, b * width, hidden, start + b * stride, units, context, 0, width);
    addRow(tape.context, b * width, asked.statics, b * statics, statics, context, units, width);
    for (let p = b * points; p < (b + 1) * points; p++) {
      const at = p * quantiles;
      if (decoder > 0) {
        const u = p * decoder;
        for (let d = 0; d < decoder; d++) tape.units[u + d] = tape.context[b * width + d] as number;
        addRow(tape.units, u, asked.locals, p * locals, locals, local, 0, decoder);
        for (let d = 0; d < decoder; d++) tape.units[u + d] = tanh(tape.units[u + d] as number);
        tape.raw.set(outBias, at);
        addRow(tape.raw, at, tape.units, u, decoder, out, 0, quantiles);
      } else {
        for (let q = 0; q < quantiles; q++) tape.raw[at + q] = tape.context[b * width + q] as number;
      }
      addRow(tape.raw, at, asked.locals, p * locals, locals, skip, 0, quantiles);
    }
  }
  rise(shape, tape.raw, tape.quantiles, rows * points);
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
 * @param d derivative by the quantiles, [B x P x Q]; used up
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
  const { shape, context, out } = network;
  const { hidden: units, statics, locals, decoder, levels } = shape;
  const { rows, points } = asked;
  const width = network.contextBias.length;
  const quantiles = levels.length;
  const { dContext, dUnits } = tape;
  backRise(shape, tape.raw, d, rows * points);
  for (let b = 0; b < rows; b++) {
    dContext.fill(0);
    for (let p = b * points; p < (b + 1) * points; p++) {
      const at = p * quantiles;
      addOuterRow(gradient.skip, asked.locals, p * locals, locals, d, at, quantiles);
      if (decoder === 0) {
        for (let q = 0; q < quantiles; q++) dContext[q] = (dContext[q] as number) + (d[at + q] as number);
        continue;
      }
      const u = p * decoder;
      for (let q = 0; q < quantiles; q++) gradient.outBias[q] = (gradient.outBias[q] as number) + (d[at + q] as number);
      addOuterRow(gradient.out, tape.units, u, decoder, d, at, quantiles);
      for (let i = 0; i < decoder; i++) {
        let sum = 0;
        for (let q = 0; q < quantiles; q++) sum += (out[i * quantiles + q] as number) * (d[at + q] as number);
        const unit = tape.units[u + i] as number;
        dUnits[i] = sum * (1 - unit * unit);
        dContext[i] = (dContext[i] as number) + (dUnits[i] as number);
      }
      addOuterRow(gradient.local, asked.locals, p * locals, locals, dUnits, 0, decoder);
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

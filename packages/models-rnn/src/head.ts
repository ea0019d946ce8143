import { LEVELS } from '@auspex/contracts';
import { EXTRAS, HORIZONS, INPUTS, MEDIAN, type Network, OUTPUTS } from './network.ts';

const COLUMNS = LEVELS.length;

/** log(1 + e^x), without overflow. */
export function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x));
}

/** What the head sees: hidden state, last inputs, extras. */
export function headWidth(hidden: number): number {
  return hidden + INPUTS + EXTRAS;
}

/** raw = v head + bias, [OUTPUTS]. */
export function rawOutputs(network: Network, v: Float64Array, raw: Float64Array): void {
  const { head, headBias } = network;
  for (let o = 0; o < OUTPUTS; o++) raw[o] = headBias[o] as number;
  for (let i = 0; i < v.length; i++) {
    const a = v[i] as number;
    const row = i * OUTPUTS;
    for (let o = 0; o < OUTPUTS; o++) raw[o] = (raw[o] as number) + a * (head[row + o] as number);
  }
}

/** Quantiles from raw outputs: the median as it is, each further level a softplus away from its inner neighbour, so that rows rise. */
export function rise(raw: Float64Array, quantiles: Float64Array): void {
  for (let row = 0; row < OUTPUTS; row += COLUMNS) {
    quantiles[row + MEDIAN] = raw[row + MEDIAN] as number;
    for (let q = MEDIAN + 1; q < COLUMNS; q++) quantiles[row + q] = (quantiles[row + q - 1] as number) + softplus(raw[row + q] as number);
    for (let q = MEDIAN - 1; q >= 0; q--) quantiles[row + q] = (quantiles[row + q + 1] as number) - softplus(raw[row + q] as number);
  }
}

/** Derivatives by raw outputs from those by quantiles, in place. */
export function backRise(raw: Float64Array, d: Float64Array): void {
  for (let k = 0; k < HORIZONS.length; k++) {
    const row = k * COLUMNS;
    // A raw output moves its own quantile and all beyond it: sums from the outside in.
    let above = 0;
    for (let q = COLUMNS - 1; q > MEDIAN; q--) {
      above += d[row + q] as number;
      d[row + q] = above / (1 + Math.exp(-(raw[row + q] as number)));
    }
    let below = 0;
    for (let q = 0; q < MEDIAN; q++) {
      below += d[row + q] as number;
      d[row + q] = -below / (1 + Math.exp(-(raw[row + q] as number)));
    }
    d[row + MEDIAN] = (d[row + MEDIAN] as number) + above + below;
  }
}

/** Adds the head's gradient for one window, and writes the derivative by its hidden state into `dHidden` at `at`. */
export function backHead(
  network: Network,
  v: Float64Array,
  dRaw: Float64Array,
  gradient: Network,
  dHidden: Float64Array,
  at: number,
): void {
  for (let o = 0; o < OUTPUTS; o++) gradient.headBias[o] = (gradient.headBias[o] as number) + (dRaw[o] as number);
  for (let i = 0; i < v.length; i++) {
    const a = v[i] as number;
    const row = i * OUTPUTS;
    let sum = 0;
    for (let o = 0; o < OUTPUTS; o++) {
      const d = dRaw[o] as number;
      gradient.head[row + o] = (gradient.head[row + o] as number) + a * d;
      sum += d * (network.head[row + o] as number);
    }
    if (i < network.hidden) dHidden[at + i] = sum;
  }
}

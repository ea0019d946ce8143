import { solveRidge } from '@auspex/numerics';
import { UNKNOWN } from './labels.ts';
import { type SurgeSeries, windowOf } from './series.ts';

const DAY_MS = 86_400_000;
/** Penalty on the slopes, in standardised inputs; the intercept has next to none. */
const RIDGE = 1;
const ITERATIONS = 25;
/** Inputs are cut here: a rate that begins at nothing has no relative slope. */
const MOST = 5;
/** Label counts below which only the base rate is told. */
const LEAST = 10;
/** A fit is made again when there are this many times the labels of the last. */
const GROWTH = 1.05;

/**
 * What a dashboard knows: a logistic regression on the present use of the reference and on how much demand rose over the last lead time,
 * relative. Fitted on the labels that were known by then alone (Newton's method with a ridge), again every day that brings a twentieth more;
 * the base rate before there are ten of each kind, and where the last step is missing.
 */
export function useAndSlope(series: SurgeSeries, labels: ArrayLike<number>): Float64Array {
  const { last } = windowOf(series);
  const inputs = inputsOf(series);
  const rows: Row[] = [];
  let surges = 0;
  let fitted: Fit | undefined;
  let fittedRows = 0;
  let day = Number.NaN;
  return Float64Array.from({ length: labels.length }, (_, t) => {
    const matured = t - last - 1;
    if (matured >= 0 && labels[matured] !== UNKNOWN) {
      const label = labels[matured] as number;
      surges += label;
      rows.push({ use: inputs.use[matured] as number, slope: inputs.slope[matured] as number, label });
    }
    const today = Math.floor((series.at[t] as number) / DAY_MS);
    if (today !== day) {
      day = today;
      if (rows.length >= GROWTH * fittedRows) {
        fitted = fit(rows) ?? fitted;
        if (fitted) fittedRows = rows.length;
      }
    }
    const use = inputs.use[t] as number;
    const slope = inputs.slope[t] as number;
    if (!fitted || Number.isNaN(use) || Number.isNaN(slope)) return (surges + 0.5) / (rows.length + 1);
    return chance(fitted, use, slope);
  });
}

interface Row {
  readonly use: number;
  readonly slope: number;
  readonly label: number;
}

interface Fit {
  /** Of the intercept and of the two standardised inputs. */
  readonly beta: Float64Array;
  readonly mean: readonly [number, number];
  readonly deviation: readonly [number, number];
}

/** Of each step what is known when it begins: the last step's use, and its change over a lead time. */
function inputsOf(series: SurgeSeries): { readonly use: Float64Array; readonly slope: Float64Array } {
  const { demand, reference, at } = series;
  const lag = Math.max(1, windowOf(series).first);
  const cut = (value: number): number => Math.min(Math.max(value, -MOST), MOST);
  const ratio = (top: number, bottom: number): number => (bottom > 0 ? top / bottom : top > 0 ? MOST : 0);
  const value = (t: number): number => (t < 0 ? Number.NaN : (demand[t] as number));
  return {
    use: Float64Array.from({ length: at.length }, (_, t) => cut(ratio(value(t - 1), reference[t] as number))),
    slope: Float64Array.from({ length: at.length }, (_, t) => {
      const [now, before] = [value(t - 1), value(t - 1 - lag)];
      return Number.isNaN(now) || Number.isNaN(before) ? Number.NaN : cut(now === before ? 0 : ratio(now, before) - 1);
    }),
  };
}

function chance({ beta, mean, deviation }: Fit, use: number, slope: number): number {
  const [a, b, c] = beta as unknown as [number, number, number];
  const score = a + (b * (use - mean[0])) / deviation[0] + (c * (slope - mean[1])) / deviation[1];
  return 1 / (1 + Math.exp(-score));
}

function fit(all: readonly Row[]): Fit | undefined {
  const rows = all.filter(({ use, slope }) => !Number.isNaN(use) && !Number.isNaN(slope));
  const surges = rows.reduce((sum, { label }) => sum + label, 0);
  if (surges < LEAST || rows.length - surges < LEAST) return undefined;
  const { mean: meanUse, deviation: devUse } = moments(rows.map(({ use }) => use));
  const { mean: meanSlope, deviation: devSlope } = moments(rows.map(({ slope }) => slope));
  const inputs = rows.map(({ use, slope }) => Float64Array.of(1, (use - meanUse) / devUse, (slope - meanSlope) / devSlope));
  const labels = rows.map(({ label }) => label);
  return { beta: newton(inputs, labels), mean: [meanUse, meanSlope], deviation: [devUse, devSlope] };
}

function moments(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { mean, deviation: deviation > 0 ? deviation : 1 };
}

/** argmin of -log likelihood + ridge / 2 x slopes squared, by Newton's method; a step that does not improve it is halved. */
export function newton(inputs: readonly Float64Array[], labels: readonly number[]): Float64Array {
  const size = inputs[0]?.length ?? 0;
  const penalty = Float64Array.from({ length: size }, (_, i) => (i === 0 ? 1e-9 : RIDGE));
  const zero = new Float64Array(size);
  const work = new Float64Array((size * (size + 1)) / 2 + size);
  let beta = new Float64Array(size);
  let loss = lossOf(beta, inputs, labels, penalty);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const { gram, gradient } = derivatives(beta, inputs, labels, penalty);
    const step = new Float64Array(size);
    // H x step = -gradient; `solveRidge` adds the penalty to the diagonal.
    if (!solveRidge({ gram, moment: gradient.map((value) => -value) }, zero, penalty, step, work)) break;
    let share = 1;
    let next = beta;
    let better = loss;
    for (; share > 1e-6; share /= 2) {
      next = beta.map((value, i) => value + share * (step[i] as number));
      better = lossOf(next, inputs, labels, penalty);
      if (better <= loss) break;
    }
    if (!(better <= loss)) break;
    beta = next;
    loss = better;
    if (step.every((value) => Math.abs(share * value) < 1e-9)) break;
  }
  return beta;
}

function score(beta: Float64Array, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (beta[i] as number) * (x[i] as number);
  return sum;
}

function lossOf(beta: Float64Array, inputs: readonly Float64Array[], labels: readonly number[], penalty: Float64Array): number {
  let sum = 0;
  inputs.forEach((x, row) => {
    const z = score(beta, x);
    // log(1 + e^z) - y z, without overflow.
    sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - (labels[row] as number) * z;
  });
  return sum + beta.reduce((all, value, i) => all + ((penalty[i] as number) * value * value) / 2, 0);
}

function derivatives(
  beta: Float64Array,
  inputs: readonly Float64Array[],
  labels: readonly number[],
  penalty: Float64Array,
): { readonly gram: Float64Array; readonly gradient: Float64Array } {
  const size = beta.length;
  const gram = new Float64Array((size * (size + 1)) / 2);
  const gradient = beta.map((value, i) => (penalty[i] as number) * value);
  inputs.forEach((x, row) => {
    const p = 1 / (1 + Math.exp(-score(beta, x)));
    const error = p - (labels[row] as number);
    for (let i = 0, k = 0; i < size; i++) {
      gradient[i] = (gradient[i] as number) + error * (x[i] as number);
      for (let j = 0; j <= i; j++, k++) gram[k] = (gram[k] as number) + p * (1 - p) * (x[i] as number) * (x[j] as number);
    }
  });
  return { gram, gradient };
}

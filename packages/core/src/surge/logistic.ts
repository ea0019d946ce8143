/** What is believed of one weight before anything was seen. */
export interface Prior {
  readonly mean: number;
  readonly variance: number;
}

/**
 * A logistic regression that learns one outcome at a time: a normal belief of its weights, moved by an extended Kalman step (Spiegelhalter &
 * Lauritzen 1990; Penny & Roberts 1999). With few outcomes it says what its prior says; with many what they said. Data.
 */
export interface Logistic {
  /** Means of the weights. */
  readonly weights: Float64Array;
  /** Their covariance, row-major [n x n]. */
  readonly covariance: Float64Array;
}

/** Outcomes after which what was learnt counts half: a surge is rare, and a habit lasts. As a rate of the covariance's growth. */
const FORGETTING = 0.5 ** (1 / 20_000);

export function beginLogistic(priors: readonly Prior[]): Logistic {
  const n = priors.length;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) covariance[i * n + i] = (priors[i] as Prior).variance;
  return { weights: Float64Array.from(priors, ({ mean }) => mean), covariance };
}

/** Log-odds that each input adds: weight times input. */
export function amounts({ weights }: Logistic, inputs: readonly number[]): number[] {
  return inputs.map((input, i) => input * (weights[i] as number));
}

/**
 * Learns one outcome.
 *
 * @param inputs as they were when the forecast was made
 * @param outcome 1 = it happened, 0 = it did not
 * @param priors bound the variances from above
 */
export function learnLogistic(state: Logistic, inputs: readonly number[], outcome: 0 | 1, priors: readonly Prior[]): void {
  const { weights, covariance } = state;
  const n = weights.length;
  const logit = inputs.reduce((sum, input, i) => sum + input * (weights[i] as number), 0);
  const chance = sigmoid(logit);
  const curvature = Math.max(1e-6, chance * (1 - chance));
  const moved = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) moved[i] = (moved[i] as number) + (covariance[i * n + j] as number) * (inputs[j] as number);
  }
  const spread = inputs.reduce((sum, input, i) => sum + input * (moved[i] as number), 0);
  const gain = 1 / (1 + curvature * spread);
  for (let i = 0; i < n; i++) weights[i] = (weights[i] as number) + gain * (moved[i] as number) * (outcome - chance);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const at = i * n + j;
      covariance[at] = ((covariance[at] as number) - curvature * gain * (moved[i] as number) * (moved[j] as number)) / FORGETTING;
    }
  }
  // Without news of an input its variance would grow for ever.
  for (let i = 0; i < n; i++) {
    const most = (priors[i] as Prior).variance;
    const variance = covariance[i * n + i] as number;
    if (variance <= most) continue;
    const shrink = Math.sqrt(most / variance);
    for (let j = 0; j < n; j++) {
      covariance[i * n + j] = (covariance[i * n + j] as number) * shrink;
      covariance[j * n + i] = (covariance[j * n + i] as number) * shrink;
    }
  }
}

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

export function logit(chance: number): number {
  return Math.log(chance / (1 - chance));
}

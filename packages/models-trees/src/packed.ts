import type { TrainingSeries } from '@auspex/contracts';

/** One series' history as arrays: what a worker thread is given. */
export interface PackedSeries {
  readonly id: string;
  readonly zone: string;
  readonly stepMs: number;
  /** Furthest distance that forecasts are asked for, steps. */
  readonly ahead: number;
  /** Starts of steps, epoch ms; rates a second. */
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** 0 = not known, 1 = observed, 2 = a lower bound. */
  readonly truths: Uint8Array;
}

/** Furthest that is trained where a series does not say how far ahead it is asked. */
const AHEAD = 24;
const TRUTHS = { observed: 1, censored: 2, masked: 0, missing: 0 } as const;

/** Copies one series' history. */
export function packSeries({ series, observations }: TrainingSeries): PackedSeries {
  const [steps, values, truths]: [number[], number[], number[]] = [[], [], []];
  for (const { step, value, truth } of observations) {
    steps.push(step);
    values.push(value);
    truths.push(TRUTHS[truth]);
  }
  return {
    id: series.id,
    zone: series.zone,
    stepMs: series.stepMs,
    ahead: series.ahead ?? AHEAD,
    steps: Float64Array.from(steps),
    values: Float64Array.from(values),
    truths: Uint8Array.from(truths),
  };
}

import type { SeriesInfo, TrainingSeries, Truth } from '@auspex/contracts';

const TRUTHS: readonly Truth[] = ['observed', 'censored', 'masked', 'missing'];

/** One series' history as arrays: what a worker thread is given. */
export interface PackedSeries {
  readonly series: SeriesInfo;
  /** Starts of steps, epoch ms. */
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** Index into TRUTHS. */
  readonly truths: Uint8Array;
}

/** Copies a history, with a breath after each series: a training that begins must not hold a cycle up. */
export async function packAll(history: readonly TrainingSeries[], signal: AbortSignal): Promise<PackedSeries[]> {
  const packed: PackedSeries[] = [];
  for (const each of history) {
    if (signal.aborted) break;
    packed.push(packOne(each));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return packed;
}

function packOne({ series, observations }: TrainingSeries): PackedSeries {
  const steps: number[] = [];
  const values: number[] = [];
  const truths: number[] = [];
  for (const { step, value, truth } of observations) {
    steps.push(step);
    values.push(value);
    truths.push(TRUTHS.indexOf(truth));
  }
  return { series, steps: Float64Array.from(steps), values: Float64Array.from(values), truths: Uint8Array.from(truths) };
}

/** The truth of the i-th step. */
export function truthAt({ truths }: PackedSeries, i: number): Truth {
  return TRUTHS[truths[i] as number] as Truth;
}

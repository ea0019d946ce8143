import { quantileSorted } from '@auspex/numerics';

/** What was seen of a quantity that is known only to lie in an interval, in its unit; `hi` Infinity = a lower bound. Data. */
export interface Sample {
  readonly lo: number;
  readonly hi: number;
}

/** Samples since the last change, oldest first, and the two one-sided sums that look for the next. Data. */
export interface Samples {
  readonly kept: readonly Sample[];
  readonly up: number;
  readonly down: number;
}

/** Most that are kept: what was true a release ago says little. */
const MOST = 64;
/** Fewest before anything is said of them. */
export const FEWEST = 8;
/** Fewest before a change of them is looked for: a spread of fewer is none. */
const FEWEST_TO_CHANGE = 12;
/** CUSUM of Page (1954), in spreads: allowance, threshold, and the most that one sample counts, so that one that is odd is no change. */
const ALLOWANCE = 0.5;
const THRESHOLD = 8;
const MOST_OFF = 3;
/** Smallest spread of logarithms: a tenth. */
const LEAST_SPREAD = Math.log(1.1);
/** Of a normal distribution: standard deviation over median absolute deviation. */
const MAD_TO_SD = 1.4826;
/** After a change, so many of the newest samples are taken for what is new: as few as can show one. */
const NEWEST = 3;

export const NO_SAMPLES: Samples = { kept: [], up: 0, down: 0 };

/** Adds a sample. Where they have changed for good, by CUSUM on their logarithms, the older ones are dropped. */
export function addSample(samples: Samples, sample: Sample): { readonly samples: Samples; readonly changed: boolean } {
  const { kept } = samples;
  const all = [...kept, sample].slice(-MOST);
  if (kept.length < FEWEST_TO_CHANGE) return { samples: { ...samples, kept: all }, changed: false };
  const logs = kept.map(middle).sort((a, b) => a - b);
  const centre = quantileSorted(logs, 0.5);
  const deviations = logs.map((log) => Math.abs(log - centre)).sort((a, b) => a - b);
  const spread = Math.max(LEAST_SPREAD, MAD_TO_SD * quantileSorted(deviations, 0.5));
  const off = Math.min(MOST_OFF, Math.max(-MOST_OFF, (middle(sample) - centre) / spread));
  const up = Math.max(0, samples.up + off - ALLOWANCE);
  const down = Math.max(0, samples.down - off - ALLOWANCE);
  if (up <= THRESHOLD && down <= THRESHOLD) return { samples: { kept: all, up, down }, changed: false };
  return { samples: { kept: all.slice(-NEWEST), up: 0, down: 0 }, changed: true };
}

/** The range in which a quantile lies, since each sample does; undefined while there are too few. `p` in 0..1. */
export function rangeOf({ kept }: Samples, p: number): Sample | undefined {
  if (kept.length < FEWEST) return undefined;
  const at = (values: number[]): number => {
    values.sort((a, b) => a - b);
    // The sample of that rank, not a mean of two: of an infinite one there is none.
    return values[Math.min(values.length - 1, Math.ceil(p * values.length) - 1)] as number;
  };
  return { lo: at(kept.map(({ lo }) => lo)), hi: at(kept.map(({ hi }) => hi)) };
}

/** Log of what stands for a sample. */
function middle({ lo, hi }: Sample): number {
  const low = Math.max(lo, 1e-9);
  return Number.isFinite(hi) ? Math.log(Math.max((low + hi) / 2, 1e-9)) : Math.log(low);
}

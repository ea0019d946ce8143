import { addSample, NO_SAMPLES, rangeOf, type Sample, type Samples } from './samples.ts';

/** Units that were ordered and are not ready yet. */
interface Awaited {
  readonly units: number;
  /** When they were ordered, epoch ms. */
  readonly at: number;
  /** It was told that they are late: when they come says nothing of the lead time of others. */
  readonly told: boolean;
}

/** What is learnt of how long ordered units take, milliseconds. Data. */
export interface LeadTimes {
  readonly awaited: readonly Awaited[];
  readonly samples: Samples;
  /** When the target was last read, epoch ms; null = never. */
  readonly readAt: number | null;
}

/** Units that did not come in so many lead times, nor in this long, are missing. */
const GIVE_UP = 10;
const GIVE_UP_MS = 3_600_000;
/** Orders that are waited for at once. */
const MOST_AWAITED = 64;

export const NO_LEAD_TIMES: LeadTimes = { awaited: [], samples: NO_SAMPLES, readAt: null };

/**
 * Takes an order in that is about to go out.
 *
 * @param held units that the target had been told to hold before, and that were ready
 */
export function ordered(state: LeadTimes, at: number, units: number, held: { readonly units: number; readonly ready: number }): LeadTimes {
  // Of fewer units ordered meanwhile it will never be seen when the others would have come.
  const awaited = state.awaited.filter((each) => each.units <= units);
  if (units <= held.units || units <= held.ready || awaited.some((each) => each.units === units)) return { ...state, awaited };
  return { ...state, awaited: [...awaited, { units, at, told: false }].slice(-MOST_AWAITED) };
}

/** What the target made of the order of `at`: units that it does not hold are not on their way. */
export function accepted(state: LeadTimes, at: number, units: number): LeadTimes {
  return { ...state, awaited: state.awaited.filter((each) => each.at !== at || each.units <= units) };
}

/** What a read of the target shows. */
export interface LeadNews {
  readonly state: LeadTimes;
  /** The samples were reset: they come from something new. */
  readonly changed: boolean;
  /** Units that are missing since this read, and those that were and have come. */
  readonly missing: readonly Awaited[];
  readonly found: readonly Awaited[];
}

/**
 * Takes a read of the target in. Units that are ready now came after the read before: their lead time is known to lie between. Those that are
 * missing are told, and are no sample: a quota says nothing of how long units take that are given.
 *
 * @param leadTimeMs that the pool goes by
 * @param forgetMs a gap between reads after which nothing is known of what was ordered before it
 */
export function seen(state: LeadTimes, at: number, ready: number, leadTimeMs: number, forgetMs: number): LeadNews {
  const { readAt } = state;
  if (readAt !== null && at - readAt > forgetMs) state = { ...state, awaited: [] };
  let { samples } = state;
  let changed = false;
  const awaited: Awaited[] = [];
  const missing: Awaited[] = [];
  const found: Awaited[] = [];
  for (const each of state.awaited) {
    const elapsed = at - each.at;
    if (ready >= each.units) {
      if (each.told) found.push(each);
      else {
        const added = addSample(samples, { lo: Math.max(0, Math.max(readAt ?? each.at, each.at) - each.at), hi: elapsed });
        samples = added.samples;
        changed ||= added.changed;
      }
    } else if (!each.told && elapsed > Math.max(GIVE_UP * leadTimeMs, GIVE_UP_MS)) {
      missing.push(each);
      awaited.push({ ...each, told: true });
    } else awaited.push(each);
  }
  return { state: { awaited, samples, readAt: at }, changed, missing, found };
}

/** The range of the p90 of the lead time, milliseconds; undefined while too little was seen. */
export function leadRange({ samples }: LeadTimes): Sample | undefined {
  return rangeOf(samples, 0.9);
}

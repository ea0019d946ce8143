import { addSample, FEWEST, NO_SAMPLES, rangeOf, type Sample, type Samples } from './samples.ts';

const DAY_MS = 86_400_000;
/** Days that count. */
const DAYS = 14;
/** Steps that follow each other are full of one cause: the busiest of each quarter of an hour is one sample. */
const EPISODE_MS = 900_000;
/** A day bears witness of what so many of its steps reached, and two days are asked: one misread target is no evidence. */
const WITNESSES = 8;
/** Share of the most that units are known to serve, above which a step with throttling is taken for a full one: a limited client is throttled at any hour. */
const FULL = 0.5;

/** What is learnt of what one unit serves, in the pool's measure a second. Data. */
export interface UnitRates {
  /** What units served in steps in which the pool had to turn demand away. */
  readonly full: Samples;
  /** The quarter of an hour that is under way, and its busiest full step; null = none. */
  readonly episode: { readonly at: number; readonly most: number } | null;
  /** By day since the epoch: the most that units served without turning any away, highest first. */
  readonly free: readonly { readonly day: number; readonly most: readonly number[] }[];
}

export const NO_UNIT_RATES: UnitRates = { full: NO_SAMPLES, episode: null, free: [] };

/**
 * Takes a closed step in.
 *
 * @param served of the pool's measure, a second and ready unit
 * @param throttled demand was turned away
 */
export function servedBy(
  state: UnitRates,
  step: number,
  served: number,
  throttled: boolean,
): { readonly state: UnitRates; readonly changed: boolean } {
  if (!(served > 0)) return { state, changed: false };
  return throttled ? fullStep(state, step, served) : { state: freeStep(state, step, served), changed: false };
}

function fullStep(state: UnitRates, step: number, served: number): { readonly state: UnitRates; readonly changed: boolean } {
  if (served < FULL * leastOf(state)) return { state, changed: false };
  const at = Math.floor(step / EPISODE_MS);
  const { episode } = state;
  if (episode?.at === at) return { state: { ...state, episode: { at, most: Math.max(episode.most, served) } }, changed: false };
  const next = { ...state, episode: { at, most: served } };
  if (!episode) return { state: next, changed: false };
  const { samples, changed } = addSample(state.full, { lo: episode.most, hi: episode.most });
  // A release after which units serve less, or more: what they once did says nothing of it.
  return { state: { ...next, full: samples, free: changed ? [] : state.free }, changed };
}

function freeStep(state: UnitRates, step: number, served: number): UnitRates {
  const day = Math.floor(step / DAY_MS);
  const today = state.free.find((each) => each.day === day)?.most ?? [];
  if (today.length === WITNESSES && served <= (today.at(-1) as number)) return state;
  const most = [...today, served].sort((a, b) => b - a).slice(0, WITNESSES);
  const others = state.free.filter((each) => each.day !== day && each.day > day - DAYS);
  return { ...state, free: [...others, { day, most }] };
}

/** What units are known to serve, by eight steps of each of two days; 0 = nothing is. */
function leastOf({ free }: UnitRates): number {
  const days = free.flatMap(({ most }) => (most.length === WITNESSES ? [most[WITNESSES - 1] as number] : []));
  return days.sort((a, b) => b - a)[1] ?? 0;
}

/**
 * The range in which the capacity of a unit lies: no less than it was seen to serve, and what it served when it was full; `hi` Infinity where
 * it never was. Undefined while too little is known, as after a change.
 */
export function rateRange(state: UnitRates): Sample | undefined {
  const least = leastOf(state);
  if (state.full.kept.length === 0) return least > 0 ? { lo: least, hi: Number.POSITIVE_INFINITY } : undefined;
  if (state.full.kept.length < FEWEST) return undefined;
  // The upper end of what full units served: a step that was full for a part of it counts less.
  const range = rangeOf(state.full, 0.9) as Sample;
  return { lo: Math.max(least, range.lo), hi: Math.max(least, range.hi) };
}

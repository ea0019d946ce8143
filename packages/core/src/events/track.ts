import type { CalendarEvent, SeriesInfo } from '@auspex/contracts';
import { BINS, isRunning, NOTICEABLE, PHASES, phaseMs, type StepShape, stepShape } from './effect.ts';
import type { Belief, Shown } from './learn.ts';

const HOUR_MS = 3_600_000;
/** Drift of an amplitude while its event runs, log units an hour. */
const DRIFT_SD = 0.1;
/** Uncertainty that is told ahead of the first occurrence of an event that nothing is known of. */
const UNSEEN_SD = 0.25;
/** An innovation of more standard deviations says that the belief was too sure of itself. */
const SURPRISE = 3;
/** Part of the noise that is allowed for in one that large. */
const CLEAR = 0.1;
/** Part of the height from which a surprise may be blamed on the amplitude, and the most that it then is uncertain. */
const LEAST_SHAPE = 0.3;
const MOST_SD = 1.2;
/** How much the height changes within a phase of a ramp or decay. */
const SLOPE_SD = 0.5;
/** A ramp may well be over within a third of a phase. */
const STEEP = 3;
/** Chance that an event does nothing in a phase in which it is not known to do anything. */
const NOTHING = 0.7;
/** Neighbouring steps say nearly the same: so many count as one. */
const ALIKE = 4;
/** Part of an event's steps that must have been seen before it counts as an occurrence. */
const LEAST_SEEN = 0.5;

/** One event at one series: what is known of this very occurrence. */
export interface Track {
  /** As the calendar had it last: its end may have moved. */
  event: CalendarEvent;
  readonly series: string;
  readonly scope: 'group' | 'pool';
  /** What was believed before it began. */
  readonly prior: Belief;
  /** Amplitude of this occurrence, log units. */
  mean: number;
  variance: number;
  /** What the present phase has beside it, log units. */
  phase: number;
  more: number;
  moreVariance: number;
  /** Chance that `more` is the event's doing: 1 where it has a height, less where it is not known to have any. */
  trust: number;
  /** Of the two: what is told of both together is not told of either. */
  covariance: number;
  /** Steps of which the amplitude was learnt: the belief alone speaks before the first. */
  steps: number;
  /** Steps while it ran that capacity hid, and that were not learnt from. */
  hidden: number;
  /** By phase: steps, and sums of what was seen, of the given shape and of the noise's variance. */
  readonly counts: number[];
  readonly seen: number[];
  readonly given: number[];
  readonly noise: number[];
}

export function beginTrack(event: CalendarEvent, { id, scope }: Pick<SeriesInfo, 'id' | 'scope'>, prior: Belief): Track {
  const zeros = (): number[] => new Array<number>(BINS).fill(0);
  return {
    event,
    series: id,
    scope,
    prior,
    mean: prior.mean,
    variance: prior.variance + prior.occasion,
    phase: -1,
    more: 0,
    moreVariance: 0,
    trust: 1,
    covariance: 0,
    steps: 0,
    hidden: 0,
    counts: zeros(),
    seen: zeros(),
    given: zeros(),
    noise: zeros(),
  };
}

/** An effect in log units, and its variance. */
export interface Effect {
  readonly mean: number;
  readonly variance: number;
}

/** What is expected of a track at a step. */
export function effectAt(track: Track, step: number, stepMs: number): Effect {
  const { prior, mean, variance } = track;
  const shape = stepShape(track.event, prior.shape, step, stepMs);
  if (shape.phase < 0 && shape.whole === 0) return NO_EFFECT;
  const unseen = track.steps === 0 && prior.seen === 0 ? UNSEEN_SD ** 2 : Number.POSITIVE_INFINITY;
  if (shape.phase === track.phase && shape.phase >= 0) {
    return { mean: mean * shape.given + track.trust * track.more, variance: Math.min(unseen, spreadOf(track, shape)) };
  }
  const heights = mean ** 2 * (prior.shapeVariance[shape.phase] ?? 0);
  return { mean: mean * shape.whole, variance: Math.min(unseen, shape.whole ** 2 * variance + heights) };
}

const NO_EFFECT: Effect = { mean: 0, variance: 0 };

interface Open {
  readonly track: Track;
  readonly shape: StepShape;
}

/**
 * One step of the filter for all events that overlap in it: z = sum of amplitude x shape + what the phase has beside it + noise. Each
 * takes a share of what was not expected in proportion to its own variance: a Kalman filter (1960) that leaves out covariances of events.
 *
 * @param z log of the demand relative to what was forecast without the events; undefined = the step says nothing
 * @param noise variance of z
 * @param bound z is a lower bound: it may raise, never lower
 * @returns the share of what was not expected that the events have taken: what is left says something of everything else
 */
export function observe(
  tracks: readonly Track[],
  step: number,
  stepMs: number,
  z: number | undefined,
  noise: number,
  bound: boolean,
): number {
  const open: Open[] = tracks.map((track) => ({ track, shape: enter(track, step, stepMs) }));
  if (z === undefined) return 0;
  const believed = open.reduce((sum, { track, shape }) => sum + track.mean * shape.given + track.more, 0);
  const off = z - believed;
  if (bound && off <= 0) {
    for (const { track, shape } of open) if (isRunning(shape.phase)) track.hidden++;
    return 0;
  }
  const uncertain = spreadOfAll(open);
  for (const { track, shape } of open) {
    const share = uncertain > 0 ? spreadOf(track, shape) / uncertain : 1 / open.length;
    const own = track.mean * shape.given + track.more + share * off;
    note(track, shape, own, noise);
    track.trust = isExpected(track, shape) ? 1 : trustIn(own, noise, noise + spreadOf(track, shape));
  }
  const spread = uncertain + noise;
  if (off ** 2 > SURPRISE ** 2 * spread) doubt(open, off ** 2 / SURPRISE ** 2 - spread);
  // What noise does not make is the event's, whole: a rest of it would bend the season.
  const whole = spreadOfAll(open) + (off ** 2 > SURPRISE ** 2 * noise ? CLEAR * noise : noise);
  let taken = 0;
  for (const { track, shape } of open) {
    taken += (track.trust * spreadOf(track, shape)) / whole;
    // Covariances of the two with z.
    const amplitude = shape.given * track.variance + track.covariance;
    const more = shape.given * track.covariance + track.moreVariance;
    track.mean += (amplitude / whole) * off;
    track.more += (more / whole) * off;
    track.variance = Math.max(0, track.variance - amplitude ** 2 / whole);
    track.moreVariance = Math.max(0, track.moreVariance - more ** 2 / whole);
    track.covariance -= (amplitude * more) / whole;
    if (shape.given > 0) track.steps++;
  }
  return taken;
}

/** Variance of the effect of one at a step of its present phase. */
function spreadOf({ variance, covariance, moreVariance }: Track, { given }: StepShape): number {
  return Math.max(0, given ** 2 * variance + 2 * given * covariance + moreVariance);
}

function spreadOfAll(open: readonly Open[]): number {
  return open.reduce((sum, { track, shape }) => sum + spreadOf(track, shape), 0);
}

/** Goes to the step's phase; a new one begins at what was learnt of it. */
function enter(track: Track, step: number, stepMs: number): StepShape {
  const shape = stepShape(track.event, track.prior.shape, step, stepMs);
  track.variance = Math.min(MOST_SD ** 2, track.variance + (DRIFT_SD ** 2 * stepMs) / HOUR_MS);
  const size = track.mean ** 2 + track.variance;
  if (shape.phase !== track.phase) {
    track.phase = shape.phase;
    track.more = track.mean * (shape.whole - shape.given);
    track.covariance = 0;
    track.moreVariance = size * (track.prior.shapeVariance[shape.phase] ?? 0);
  } else if (shape.phase >= 0) {
    const inPhase = Math.max(track.prior.shapeVariance[shape.phase] ?? 0, slope(track.prior, shape.phase));
    track.moreVariance += ((isRunning(shape.phase) ? 1 : STEEP) * size * inPhase * stepMs) / phaseMs(track.event, shape.phase);
  }
  return shape;
}

/** Variance of the height within a phase: before and after an event, one that has a height at all is one in which it comes or goes. */
function slope({ shape }: Belief, phase: number): number {
  return !isRunning(phase) && Math.abs(shape[phase] ?? 0) > NOTICEABLE ? SLOPE_SD ** 2 : 0;
}

function isExpected({ prior }: Track, { phase, given }: StepShape): boolean {
  return given > 0 || Math.abs(prior.shape[phase] ?? 0) > NOTICEABLE;
}

/**
 * Where an event is not known to do anything, what looks like noise is left to the predictors: they would else believe in their own
 * forecasts for as long as it lasts. The chance that something (a spread of `wide`) rather than nothing (`noise`) made z.
 */
function trustIn(z: number, noise: number, wide: number): number {
  const odds = (NOTHING / (1 - NOTHING)) * Math.sqrt(wide / noise) * Math.exp((-(z ** 2) / 2) * (1 / noise - 1 / wide));
  return 1 / (1 + odds);
}

/** An event that does not happen, or does far more, is believed within a few steps, however sure the belief was. */
function doubt(open: readonly Open[], missing: number): void {
  const heights = open.reduce((sum, { shape }) => sum + (shape.given >= LEAST_SHAPE ? shape.given ** 2 : 0), 0);
  if (heights === 0) return;
  for (const { track, shape } of open) {
    if (shape.given >= LEAST_SHAPE) track.variance = Math.max(track.variance, Math.min(MOST_SD ** 2, track.variance + missing / heights));
  }
}

function note(track: Track, { phase, given }: StepShape, z: number, noise: number): void {
  if (phase < 0) return;
  const add = (sums: number[], by: number): void => {
    sums[phase] = (sums[phase] as number) + by;
  };
  add(track.counts, 1);
  add(track.seen, z);
  add(track.given, given);
  add(track.noise, noise);
}

/** What an occurrence that is over has shown; undefined where too little of it was seen. */
export function shownBy(track: Track, stepMs: number, at: number): Shown | undefined {
  const { event, counts, seen, given, noise, hidden } = track;
  const phases = counts.map((count, phase) =>
    count === 0
      ? undefined
      : {
          amplitude: (seen[phase] as number) / count,
          given: (given[phase] as number) / count,
          variance: ((noise[phase] as number) / count) * Math.min(1, ALIKE / count),
        },
  );
  const running = phases.slice(PHASES, 2 * PHASES).flatMap((phase) => phase ?? []);
  const steps = counts.slice(PHASES, 2 * PHASES).reduce((sum, count) => sum + count, 0);
  const long = Math.max(1, Math.floor((event.end - event.start) / stepMs));
  if (steps === 0 || steps + hidden < LEAST_SEEN * long) return undefined;
  const mean = (of: (phase: (typeof running)[number]) => number): number =>
    running.reduce((sum, phase) => sum + of(phase), 0) / running.length;
  return {
    amplitude: mean(({ amplitude }) => amplitude),
    variance: mean(({ variance }) => variance) / running.length,
    phases,
    bound: hidden >= steps,
    at,
  };
}

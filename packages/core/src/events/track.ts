import type { CalendarEvent } from '@auspex/contracts';
import { BINS, PHASES, type StepShape, stepShape } from './effect.ts';
import type { Belief, Shown } from './learn.ts';

const HOUR_MS = 3_600_000;
/** Drift of an amplitude while its event runs, log units an hour. */
const DRIFT_SD = 0.1;
/** Uncertainty that is told ahead of the first occurrence of an event that nothing is known of. */
const UNSEEN_SD = 0.25;
/** An innovation of more standard deviations says that the belief was too sure of itself. */
const SURPRISE = 3;
/** Part of the height from which a surprise may be blamed on the amplitude, and the most that it then is uncertain. */
const LEAST_SHAPE = 0.3;
const MOST_SD = 1.2;
/** Neighbouring steps say nearly the same: so many count as one. */
const ALIKE = 4;
/** Part of an event's steps that must have been seen before it counts as an occurrence. */
const LEAST_SEEN = 0.5;

/** One event at one series: what is known of this very occurrence. */
export interface Track {
  readonly event: CalendarEvent;
  readonly series: string;
  /** What was believed before it began. */
  readonly prior: Belief;
  /** Amplitude of this occurrence, log units. */
  mean: number;
  variance: number;
  /** What the present phase has beside it, log units. */
  phase: number;
  more: number;
  moreVariance: number;
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

export function beginTrack(event: CalendarEvent, series: string, prior: Belief): Track {
  const zeros = (): number[] => new Array<number>(BINS).fill(0);
  return {
    event,
    series,
    prior,
    mean: prior.mean,
    variance: prior.variance + prior.occasion,
    phase: -1,
    more: 0,
    moreVariance: 0,
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
    const spread = shape.given ** 2 * variance + track.moreVariance;
    return { mean: mean * shape.given + track.more, variance: Math.min(unseen, spread) };
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
 * takes a share of what was not expected in proportion to its own variance, as a Kalman filter without covariances does.
 *
 * @param z log of the demand relative to what was forecast without the events; undefined = the step says nothing
 * @param noise variance of z
 * @param bound z is a lower bound: it may raise, never lower
 */
export function observe(
  tracks: readonly Track[],
  step: number,
  stepMs: number,
  z: number | undefined,
  noise: number,
  bound: boolean,
): void {
  const open: Open[] = tracks.map((track) => ({ track, shape: enter(track, step, stepMs) }));
  if (z === undefined) return;
  const believed = open.reduce((sum, { track, shape }) => sum + track.mean * shape.given + track.more, 0);
  const off = z - believed;
  if (bound && off <= 0) {
    for (const { track, shape } of open) if (isRunning(shape.phase)) track.hidden++;
    return;
  }
  // With several, what one is told is what the others leave.
  for (const { track, shape } of open) note(track, shape, track.mean * shape.given + track.more + off / open.length, noise);
  const spread = spreadOf(open) + noise;
  if (off ** 2 > SURPRISE ** 2 * spread) doubt(open, off ** 2 / SURPRISE ** 2 - spread);
  const whole = spreadOf(open) + noise;
  for (const { track, shape } of open) {
    const k = (shape.given * track.variance) / whole;
    const kMore = track.moreVariance / whole;
    track.mean += k * off;
    track.more += kMore * off;
    track.variance *= 1 - k * shape.given;
    track.moreVariance *= 1 - kMore;
    if (shape.given > 0) track.steps++;
  }
}

function isRunning(phase: number): boolean {
  return phase >= PHASES && phase < 2 * PHASES;
}

function spreadOf(open: readonly Open[]): number {
  return open.reduce((sum, { track, shape }) => sum + shape.given ** 2 * track.variance + track.moreVariance, 0);
}

/** Goes to the step's phase; a new one begins at what was learnt of it. */
function enter(track: Track, step: number, stepMs: number): StepShape {
  const shape = stepShape(track.event, track.prior.shape, step, stepMs);
  track.variance = Math.min(MOST_SD ** 2, track.variance + (DRIFT_SD ** 2 * stepMs) / HOUR_MS);
  if (shape.phase !== track.phase) {
    track.phase = shape.phase;
    track.more = track.mean * (shape.whole - shape.given);
    track.moreVariance = (track.mean ** 2 + track.variance) * (track.prior.shapeVariance[shape.phase] ?? 0);
  }
  return shape;
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

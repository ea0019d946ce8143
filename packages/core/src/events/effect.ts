import type { CalendarEvent } from '@auspex/contracts';

const HOUR_MS = 3_600_000;
/** Longest ramp and decay that count: what comes earlier or stays longer is not an event's doing, as far as it can be told. */
export const LONGEST_MS = 6 * HOUR_MS;
/** Time before the start and after the end that is looked at in any case: whether an event has a ramp is to be learnt. */
const LEAST_MS = HOUR_MS;
/** Phases before the start, while it runs, and after the end; so many each. */
export const PHASES = 4;
export const BINS = 3 * PHASES;
/** Instants of a step at which its shape is read. */
const INSTANTS: readonly number[] = [1 / 8, 3 / 8, 5 / 8, 7 / 8];
/** A factor of 150 up or down: what lies beyond is a typing error. */
const MOST_LOG = 5;

/** Part of an event's height from which a phase belongs to its ramp or decay. */
export const NOTICEABLE = 0.15;

/** Where an event has an effect, epoch ms; `to` is exclusive. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** An impact (0.5 = half as much again) in log units. */
export function logImpact(impact: number): number {
  return Math.max(-MOST_LOG, Math.min(MOST_LOG, Math.log1p(Math.max(-0.999, impact))));
}

function rampOf({ shape }: CalendarEvent): number {
  return Math.min(LONGEST_MS, Math.max(LEAST_MS, shape?.rampMs ?? 0));
}

function decayOf({ shape }: CalendarEvent): number {
  return Math.min(LONGEST_MS, Math.max(LEAST_MS, shape?.decayMs ?? 0));
}

export function windowOf(event: CalendarEvent): Window {
  return { from: event.start - rampOf(event), to: event.end + decayOf(event) };
}

/** The shape s(t) as it was given, in 0..1: up along the ramp, 1 while it runs, down along the decay; at once where nothing was given. */
export function givenShape({ start, end, shape }: CalendarEvent, at: number): number {
  if (at >= start && at < end) return 1;
  const [away, span] = at < start ? [start - at, shape?.rampMs ?? 0] : [at - end, shape?.decayMs ?? 0];
  return away < Math.min(span, LONGEST_MS) ? 1 - away / Math.min(span, LONGEST_MS) : 0;
}

/** The phase of an instant inside the window: 0..3 before the start, 4..7 while it runs, 8..11 after the end; -1 = outside. */
export function phaseOf(event: CalendarEvent, at: number): number {
  const { start, end } = event;
  if (at < start) return part(at - start + rampOf(event), rampOf(event), 0);
  if (at < end) return part(at - start, end - start, PHASES);
  return part(at - end, decayOf(event), 2 * PHASES);
}

function part(since: number, span: number, first: number): number {
  return since < 0 || since >= span ? -1 : first + Math.min(PHASES - 1, Math.floor((PHASES * since) / span));
}

/** Is it a phase between start and end? */
export function isRunning(phase: number): boolean {
  return phase >= PHASES && phase < 2 * PHASES;
}

/** Length of a phase. */
export function phaseMs(event: CalendarEvent, phase: number): number {
  const span = phase < PHASES ? rampOf(event) : phase < 2 * PHASES ? event.end - event.start : decayOf(event);
  return span / PHASES;
}

/** What one step has of an event: its part of the height as given, with what was learnt on top, and the phase of its middle. */
export interface StepShape {
  readonly given: number;
  /** given + what was learnt of its phases. */
  readonly whole: number;
  readonly phase: number;
}

/** @param learnt by phase: part of the height that demand has been above (below) the given shape */
export function stepShape(event: CalendarEvent, learnt: readonly number[], step: number, stepMs: number): StepShape {
  let given = 0;
  let more = 0;
  for (const share of INSTANTS) {
    const at = step + share * stepMs;
    given += givenShape(event, at) / INSTANTS.length;
    more += (learnt[phaseOf(event, at)] ?? 0) / INSTANTS.length;
  }
  return { given, whole: given + more, phase: phaseOf(event, step + stepMs / 2) };
}

/** Ramp and decay as the learnt phases have them: up to where demand has left (has not yet come back to) what it usually is. */
export function learntShape(event: CalendarEvent, learnt: readonly number[]): { rampMs: number; decayMs: number } {
  const first = learnt.findIndex((height, phase) => phase < PHASES && Math.abs(height) > NOTICEABLE);
  const last = learnt.findLastIndex((height, phase) => phase >= 2 * PHASES && Math.abs(height) > NOTICEABLE);
  return {
    rampMs: first < 0 ? 0 : ((PHASES - first) * rampOf(event)) / PHASES,
    decayMs: last < 0 ? 0 : ((last - 2 * PHASES + 1) * decayOf(event)) / PHASES,
  };
}

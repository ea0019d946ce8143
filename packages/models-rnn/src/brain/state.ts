import type { Observation, SeriesInfo } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';

/** Version of the encoding. */
const VERSION = 1;
/** Steps that the network is run ahead; what lies beyond is the last of them, with growing intervals. */
export const AHEAD = 16;
/** A path of forecasts is begun every so many steps, and as many are open at a time as reach from one to the other. */
const EVERY = 4;
const PATHS: number = AHEAD / EVERY;
/** Horizons 1, 2 - 3, 4 - 7, 8 - 15 and the rest each have errors of their own. */
export const BANDS = 5;
/** Errors kept of each band, and so many are needed before anything is answered. */
const KEPT = 128;
export const LEAST_ERRORS = 12;
/** Steps that mean and scale are averaged over. */
const MEMORY = 200;
const LEAST_SCALE = 0.05;
/** Scaled values that the network sees lie within. */
const BOUND = 6;

/** All that is known of one series. Log rates throughout; one event a step is added, so that zero has one. */
export interface BrainState {
  readonly stepMs: number;
  /** The last `window` steps: step n at n modulo window. A step that was not observed holds the one before. */
  readonly logs: Float64Array;
  /** Steps since the first observed one, and how many of them were observed. */
  steps: number;
  seen: number;
  /** Start of the last step, epoch ms. NaN = none. */
  lastStep: number;
  /** Fading mean, and mean absolute distance from it. */
  mean: number;
  scale: number;
  /** Open paths: [PATHS x AHEAD] log rates, the step after which each begins (-1 = none), and the scale then. */
  readonly paths: Float64Array;
  readonly begun: Float64Array;
  readonly scales: Float64Array;
  /** [BANDS x KEPT]: errors in scales, newest over oldest; and how many came so far. */
  readonly errors: Float64Array;
  readonly counts: Float64Array;
}

export function beginState({ stepMs }: Pick<SeriesInfo, 'stepMs'>, window: number): BrainState {
  return {
    stepMs,
    logs: new Float64Array(window),
    steps: 0,
    seen: 0,
    lastStep: Number.NaN,
    mean: 0,
    scale: 0.5,
    paths: new Float64Array(PATHS * AHEAD),
    begun: new Float64Array(PATHS).fill(-1),
    scales: new Float64Array(PATHS).fill(1),
    errors: new Float64Array(BANDS * KEPT),
    counts: new Float64Array(BANDS),
  };
}

/** One event a step as a rate a second. */
export function oneOf(stepMs: number): number {
  return 1000 / stepMs;
}

export function bandOf(h: number): number {
  return Math.min(BANDS - 1, Math.floor(Math.log2(h)));
}

/**
 * Takes one step: errors of the paths that foretold it, then mean and scale. Only observed values are learnt from.
 *
 * @returns whether a new path is due
 */
export function remember(state: BrainState, { step, value, truth }: Observation): boolean {
  const { logs, stepMs } = state;
  const observed = truth === 'observed' && value >= 0 && value !== Number.POSITIVE_INFINITY;
  state.lastStep = step;
  if (!observed && state.seen === 0) return false;
  const window = logs.length;
  const log = observed ? Math.log(value + oneOf(stepMs)) : (logs[(state.steps - 1) % window] as number);
  if (observed) {
    learnErrors(state, log);
    const seen = ++state.seen;
    state.mean = seen === 1 ? log : state.mean + (log - state.mean) / Math.min(seen, MEMORY);
    state.scale = Math.max(LEAST_SCALE, state.scale + (Math.abs(log - state.mean) - state.scale) / Math.min(seen + 10, MEMORY));
  }
  logs[state.steps % window] = log;
  state.steps++;
  return state.steps >= window && state.steps % EVERY === 0;
}

function learnErrors({ paths, begun, scales, errors, counts, steps }: BrainState, log: number): void {
  for (let path = 0; path < PATHS; path++) {
    const from = begun[path] as number;
    const h = steps + 1 - from;
    if (from < 0 || h > AHEAD) continue;
    const band = bandOf(h);
    const count = counts[band] as number;
    errors[band * KEPT + (count % KEPT)] = (log - (paths[path * AHEAD + h - 1] as number)) / (scales[path] as number);
    counts[band] = count + 1;
  }
}

/** Opens a path of forecasts, in log rates, in the place of the oldest. */
export function openPath(state: BrainState, logs: readonly number[]): void {
  const path = (state.steps / EVERY) % PATHS;
  state.paths.set(logs, path * AHEAD);
  state.begun[path] = state.steps;
  state.scales[path] = state.scale;
}

/** What the network sees: the last window, oldest first, in the series' own units. */
export function scaledWindow({ logs, steps, mean, scale }: BrainState): number[] {
  return Array.from(logs, (_, i) => scaled(logs[(steps + i) % logs.length] as number, mean, scale));
}

export function scaled(log: number, mean: number, scale: number): number {
  return Math.max(-BOUND, Math.min(BOUND, (log - mean) / scale));
}

/** A band's errors in order; empty while there are too few. */
export function sortedErrors({ errors, counts }: BrainState, band: number): Float64Array {
  const count = Math.min(KEPT, counts[band] as number);
  return count < LEAST_ERRORS ? new Float64Array(0) : errors.slice(band * KEPT, band * KEPT + count).sort();
}

export function encodeState(state: BrainState): Uint8Array {
  return pack({ v: VERSION, ...state });
}

/** @throws Error on bytes that `encodeState` did not write for this window */
export function decodeState(bytes: Uint8Array, window: number): BrainState {
  const plain = unpack<BrainState & { v: number }>(bytes);
  if (plain === null || typeof plain !== 'object' || plain.v !== VERSION)
    throw new Error(`this is no state of brain-lstm, version ${VERSION}`);
  const { v: _, ...state } = plain;
  const fresh = beginState({ stepMs: state.stepMs }, window);
  const whole =
    state.stepMs > 0 &&
    state.scale >= LEAST_SCALE &&
    [state.steps, state.seen, state.mean].every(Number.isFinite) &&
    (['logs', 'paths', 'begun', 'scales', 'errors', 'counts'] as const).every(
      (name) => state[name]?.length === fresh[name].length && state[name].every(Number.isFinite),
    );
  if (!whole) throw new Error('the state of brain-lstm is incomplete, or was made with another window');
  return state;
}

import type { Truth } from '@auspex/contracts';

/** Time after which what came counts half, ms: as long as a silence may be compared with what was before it. */
const MEMORY_MS = 30 * 60_000;
/** Below this share of what came before, the forecast knew that it would be quiet. */
const KNEW = 0.25;

/** What is known of a pool's silence. Data. */
export interface QuietState {
  /** How many requests came in a step, and the demand (a second), of late; silent steps not counted. */
  readonly requests: number;
  readonly rate: number;
  /** First step in which nobody came, epoch ms; null = somebody is there. */
  readonly since: number | null;
  /** Of those who came, the share that was expected in that step, 0..1. Later forecasts have learnt the silence. */
  readonly expected: number;
}

export const beginQuiet: QuietState = Object.freeze({ requests: 0, rate: 0, since: null, expected: 0 });

/** A silence that nobody expected. */
export interface Silence {
  /** Epoch ms. */
  readonly since: number;
  /** Demand that was expected when it began, a second. */
  readonly rate: number;
  /** Requests that would have come since, had it gone on like that. */
  readonly missed: number;
}

/** What a step says of a pool. */
export interface Heard {
  readonly step: number;
  readonly stepMs: number;
  readonly truth: Truth;
  readonly requests: number;
  /** Demand, a second. */
  readonly rate: number;
  /** Median of what was forecast of it one step ahead; undefined = nothing was. */
  readonly expected: number | undefined;
}

/** Takes up a step. Of one that is not known, or that capacity hid, it learns nothing. */
export function learnQuiet(state: QuietState, { step, stepMs, truth, requests, rate, expected }: Heard): QuietState {
  if (truth !== 'observed') return state;
  if (requests > 0) {
    const weight = state.rate === 0 ? 1 : 1 - 0.5 ** (stepMs / MEMORY_MS);
    return {
      requests: state.requests + weight * (requests - state.requests),
      rate: state.rate + weight * (rate - state.rate),
      since: null,
      expected: 0,
    };
  }
  if (state.since !== null || state.rate === 0) return state;
  return { ...state, since: step, expected: Math.min(1, (expected ?? 0) / state.rate) };
}

/** @param at end of the last step, epoch ms. @returns undefined where somebody is there, or the forecast knew that nobody would be */
export function silenceOf({ since, expected, requests, rate }: QuietState, at: number, stepMs: number): Silence | undefined {
  if (since === null || expected < KNEW) return undefined;
  return { since, rate: expected * rate, missed: (expected * requests * (at - since)) / stepMs };
}

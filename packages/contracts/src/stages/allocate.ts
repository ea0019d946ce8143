import type { Proposal } from '../data/decision.ts';
import type { Forecast } from '../data/forecast.ts';
import type { SamplePaths } from '../data/paths.ts';
import type { Pool } from '../data/pool.ts';
import type { PoolSurge, Surge } from '../data/surge.ts';
import type { Truth } from '../data/usage.ts';

/** One pool as an allocator sees it. Rates a second. */
export interface PoolView {
  readonly pool: Pool;
  /** Units ordered now, and units that serve now. */
  readonly units: number;
  readonly ready: number;
  /** Demand of the last step of which anything is known; a lower bound where it was censored. */
  readonly actual: number;
  readonly truth: Truth;
  /** The pool's total. Always there: a forecast that failed is a marked fallback. */
  readonly forecast: Forecast;
  /**
   * Seeded sample paths of that forecast, at least 200: for what depends on several steps at once, such as the most that a window needs
   * (`pathMaxima` of @auspex/numerics). The same call has the same answer. Made when asked: it costs some milliseconds.
   */
  paths(): SamplePaths;
  /** The surge of the pool as a whole; undefined until anything is known of its demand. */
  readonly surge?: PoolSurge;
  /** Each group that loads the pool: its surge and its expected rate at the lead time. */
  readonly groups: readonly { readonly surge: Surge; readonly expectedAtLead: number }[];
}

export interface AllocateInput {
  /** The decision's step, epoch ms. */
  readonly step: number;
  readonly stepMs: number;
  /** All pools of this instance, so that they can share a limit. */
  readonly pools: readonly PoolView[];
  /** Most units for all pools of a POP together; absent = no common limit. Where the pools' minima alone exceed it, the minima win. */
  readonly popLimits: Readonly<Record<string, number>>;
  /**
   * Most of all pools together, beside `popLimits`: `units`, or `money` an hour in the currency of the pools' `price`, never both. Absent =
   * no budget. Where the pools' minima alone exceed it, the minima win.
   */
  readonly budget?: { readonly units?: number | undefined; readonly money?: number | undefined };
}

/**
 * Stage 5: units for every pool. One proposal a pool, each with at least one reason. It proposes what demand calls for,
 * inside `min..max`; how fast units may move is the guards' business. State, if any, is the allocator's own and MUST be data.
 */
export interface Allocator<S = unknown> {
  begin(): S;
  allocate(state: S, input: AllocateInput): readonly Proposal[];
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}

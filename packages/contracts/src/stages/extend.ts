import type { Decision } from '../data/decision.ts';
import type { Forecast } from '../data/forecast.ts';
import type { StageFailure } from '../data/journal.ts';
import type { Receipt } from '../data/receipt.ts';
import type { Usage } from '../data/usage.ts';

/** What a tap may answer: a value, or a promise of it within the engine's time limit. */
type Answer<T> = T | undefined | Promise<T | undefined>;

/**
 * Beside the flow: taps at the boundaries of the stages. Each method is one tap, under the extension's id; all are optional.
 *
 * - Reshape: `usage` and `decision` return the new value, or undefined to leave it as it is.
 * - Veto: `veto` returns why; the pool then keeps the units that it has.
 * - Observe: `forecast`, `decided`, `receipt` and `failure` return nothing.
 *
 * What a tap is given is frozen, or a copy (usage and forecasts): what it writes into it reaches nobody.
 * `quantiles` are valid during the call: a tap that keeps them copies them. A tap that throws, hangs
 * or answers nonsense has no opinion: it is reported by name and the cycle goes on. Bounds and guards come after every tap.
 */
export interface Extension {
  /** Closed usage of a step, before anything learns from it. Synchronous: it runs while catching up, too. */
  usage?(usage: readonly Usage[], step: number): readonly Usage[] | undefined;
  /** A forecast that was made. */
  forecast?(forecast: Forecast): void;
  /** After the allocator, before the guards. Only `units`, `tier` and `trail` of the answer are read. */
  decision?(decision: Decision): Answer<Decision>;
  /** A reason to leave the pool's units as they are; undefined = none. The first reason stands. */
  veto?(decision: Decision): Answer<string>;
  /** Final; written to the store and then actuated after this. */
  decided?(decision: Decision): void;
  receipt?(receipt: Receipt): void;
  failure?(failure: StageFailure, step: number): void;
  close?(): Promise<void>;
}

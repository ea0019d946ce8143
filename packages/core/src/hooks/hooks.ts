import type { Decision, Forecast, Receipt, StageFailure, Usage } from '@auspex/contracts';
import { AsyncSeriesBailHook, AsyncSeriesWaterfallHook, SyncHook, SyncWaterfallHook } from 'tapable';

/**
 * The seams of a cycle. One object an engine, gone with it. Tap with a name: `hooks.decision.tap('my-cap', …)`; every tap is
 * timed, bounded and attributed, and one that throws is reported under its name and does not stop the cycle. A plugin taps by
 * being an `Extension`, and takes its taps along when it is removed.
 *
 * - reshape: `usage`, `decision` (return the new value, or undefined to leave it)
 * - veto: `veto` (return why; the decision then keeps the units of the last one)
 * - observe: `forecast`, `decided`, `receipt`, `failure`
 */
export interface EngineHooks {
  /** Closed usage of a step before anything learns from it. */
  readonly usage: SyncWaterfallHook<[usage: readonly Usage[], step: number]>;
  readonly forecast: SyncHook<[forecast: Forecast]>;
  /** After the allocator, before the guards: whatever a tap asks for, bounds still hold. */
  readonly decision: AsyncSeriesWaterfallHook<[decision: Decision]>;
  readonly veto: AsyncSeriesBailHook<[decision: Decision], string | undefined>;
  /** Final, journaled, not yet actuated. */
  readonly decided: SyncHook<[decision: Decision]>;
  readonly receipt: SyncHook<[receipt: Receipt]>;
  readonly failure: SyncHook<[failure: StageFailure, step: number]>;
}

export function createHooks(): EngineHooks {
  return {
    usage: new SyncWaterfallHook(['usage', 'step'], 'usage'),
    forecast: new SyncHook(['forecast'], 'forecast'),
    decision: new AsyncSeriesWaterfallHook(['decision'], 'decision'),
    veto: new AsyncSeriesBailHook(['decision'], 'veto'),
    decided: new SyncHook(['decision'], 'decided'),
    receipt: new SyncHook(['receipt'], 'receipt'),
    failure: new SyncHook(['failure', 'step'], 'failure'),
  };
}

/** Does anybody tap it? tapable's own `isUsed` counts interceptors, and every hook has one. */
export function isTapped(hook: EngineHooks[keyof EngineHooks]): boolean {
  return hook.taps.length > 0;
}

import type { Truth } from './usage.ts';

/** What became of one group's surge, as it was assessed one lead time before. Relative, without a unit. */
export interface SurgeOutcome {
  readonly group: string;
  readonly truth: Truth;
  /** Deviation and event impact as they were assessed, without sensitivity. */
  readonly said: number;
  /** Deviation that came: (actual - expected) / expected, with `expected` floored as for `Surge.deviation`. A lower bound where censored. */
  readonly came: number;
}

/** What happened in a step against what was forecast and decided for it. */
export interface StepOutcome {
  readonly pool: string;
  /** Start of the step, epoch ms. */
  readonly step: number;
  readonly truth: Truth;
  /** Rate a second that was offered; 0 where it is missing. */
  readonly demand: number;
  /** Units that were ready; those that were decided, where the actuator does not tell. */
  readonly ready: number;
  /** Was `ready` only decided: there is no actuator, or it did not tell? */
  readonly assumed?: true;
  /** Units that the demand needed at the pool's target, whatever its bounds. */
  readonly needed: number;
  /** Rates a second that were forecast for it one lead time before: median, .1 and .9 quantile. */
  readonly forecast?: { readonly expected: number; readonly low: number; readonly high: number };
  /** Key of the decision that was to serve it, and its units. */
  readonly decision?: { readonly key: string; readonly units: number };
  /** Of the groups whose surges that decision names, at most five. */
  readonly surges?: readonly SurgeOutcome[];
}

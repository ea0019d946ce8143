import type { Truth } from './usage.ts';

/** What happened in a step against what was forecast and decided for it. */
export interface StepOutcome {
  readonly pool: string;
  readonly step: number;
  readonly truth: Truth;
  /** Rate a second that was offered. */
  readonly demand: number;
  /** Units that were ready, where the actuator tells. */
  readonly ready: number;
  /** Units that the demand needed. */
  readonly needed: number;
}

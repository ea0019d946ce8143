import type { Alert } from './alert.ts';
import type { Anomaly } from './anomaly.ts';
import type { Decision } from './decision.ts';
import type { StepOutcome } from './outcome.ts';
import type { Receipt } from './receipt.ts';

/** A stage that failed, and what was done instead. */
export interface StageFailure {
  readonly stage: string;
  readonly plugin: string;
  readonly subject: string;
  readonly message: string;
  readonly fallback: string;
}

/** One line of the journal. `step` orders lines; no line holds a duration or the time of day it was written. */
export type JournalRecord =
  | { readonly type: 'start'; readonly step: number; readonly configHash: string; readonly version: string }
  | { readonly type: 'decision'; readonly step: number; readonly decision: Decision }
  | { readonly type: 'receipt'; readonly step: number; readonly receipt: Receipt }
  | { readonly type: 'outcome'; readonly step: number; readonly outcome: StepOutcome }
  | { readonly type: 'anomaly'; readonly step: number; readonly series: string; readonly by: string; readonly anomaly: Anomaly }
  | { readonly type: 'alert'; readonly step: number; readonly alert: Alert }
  | { readonly type: 'failure'; readonly step: number; readonly failure: StageFailure }
  | { readonly type: 'notice'; readonly step: number; readonly code: string; readonly text: string };

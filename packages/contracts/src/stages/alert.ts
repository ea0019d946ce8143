import type { Alert } from '../data/alert.ts';

/** Beside the flow: brings alerts to people. At least once; MUST NOT block longer than the engine's time limit. */
export interface AlertSink {
  send(alerts: readonly Alert[], signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

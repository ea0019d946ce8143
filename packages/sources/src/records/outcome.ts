import type { Outcome } from '@auspex/contracts';

/** How the user saw an HTTP status. */
export function outcomeOf(status: number): Outcome {
  if (status < 400) return 'served';
  if (status === 429 || status === 503) return 'throttled';
  if (status === 408 || status === 504) return 'timed-out';
  return status >= 500 ? 'failed' : 'served';
}

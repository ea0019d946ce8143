import type { Meter } from '@auspex/contracts';
import { elapsed } from '../defaults/stopwatch.ts';

/** Parts of a step, in their order: `decide` holds the rules of alerts, `commit` what is written before the orders; other writes are of no step. */
export const PHASES = ['learn', 'forecast', 'decide', 'commit', 'act'] as const;

/** Counts what the parts of a step take. */
export class Laps {
  readonly #meter: Meter;
  #from = elapsed();

  constructor(meter: Meter) {
    this.#meter = meter;
    for (const phase of PHASES) meter.count('auspex_cycle_seconds_total', 0, { phase });
  }

  begin(): void {
    this.#from = elapsed();
  }

  /** What has passed since the last lap was of this part. */
  lap(phase: (typeof PHASES)[number]): void {
    const now = elapsed();
    this.#meter.count('auspex_cycle_seconds_total', (now - this.#from) / 1000, { phase });
    this.#from = now;
  }
}

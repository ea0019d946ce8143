import type { Meter } from '@auspex/contracts';

/** What one tap has cost since the engine was made. */
export interface TapCost {
  readonly hook: string;
  readonly tap: string;
  readonly calls: number;
  readonly ms: number;
  readonly failures: number;
}

/** One tap's line in the ledger; added to at each call. */
export interface TapEntry {
  calls: number;
  ms: number;
  failures: number;
}

/** Times every tap. Metered once a step: a label a call would cost more than most taps. */
export class TapLedger {
  readonly #entries = new Map<string, { readonly hook: string; readonly tap: string; readonly now: TapEntry; told: TapEntry }>();

  entry(hook: string, tap: string): TapEntry {
    const key = `${hook}\0${tap}`;
    let line = this.#entries.get(key);
    if (!line) {
      line = { hook, tap, now: { calls: 0, ms: 0, failures: 0 }, told: { calls: 0, ms: 0, failures: 0 } };
      this.#entries.set(key, line);
    }
    return line.now;
  }

  costs(): readonly TapCost[] {
    return [...this.#entries.values()].map(({ hook, tap, now }) => ({ hook, tap, ...now }));
  }

  /** Counts what has come since the last call. */
  meter(meter: Meter): void {
    for (const line of this.#entries.values()) {
      const { hook, tap, now, told } = line;
      if (now.calls === told.calls) continue;
      const labels = { hook, tap };
      meter.count('auspex_tap_calls_total', now.calls - told.calls, labels);
      meter.count('auspex_tap_seconds_total', (now.ms - told.ms) / 1000, labels);
      if (now.failures > told.failures) meter.count('auspex_tap_failures_total', now.failures - told.failures, labels);
      line.told = { ...now };
    }
  }
}

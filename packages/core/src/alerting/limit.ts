import type { Alert } from '@auspex/contracts';
import { stamp } from '../persistence/keys.ts';
import { fingerprintOf } from './episodes.ts';

const HOUR_MS = 3_600_000;

/** What the limit remembers: times of what went out, epoch ms, and what was held back since it was last told of. */
export interface LimitState {
  readonly out: readonly number[];
  readonly held: number;
  readonly told: number | null;
}

/**
 * At most so many alerts an hour: a rule that is wrong must not bury the alert that matters. Pages and ends always pass, and that something was
 * held back is told once an hour.
 */
export class RateLimit {
  readonly #most: number;
  #out: number[] = [];
  #held = 0;
  #told: number | null = null;

  /** @param most an hour */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param onHeld told of each that is held back */
  pass(alerts: readonly Alert[], at: number, onHeld: (alert: Alert) => void): Alert[] {
    this.#out = this.#out.filter((time) => time > at - HOUR_MS);
    const passed = alerts.filter((alert) => {
      if (alert.severity === 'page' || alert.status === 'resolved') return true;
      if (this.#out.length >= this.#most) {
        this.#held++;
        onHeld(alert);
        return false;
      }
      this.#out.push(at);
      return true;
    });
    if (this.#held > 0 && (this.#told === null || at - this.#told >= HOUR_MS)) {
      passed.push(heldBack(this.#held, this.#most, at));
      this.#told = at;
      this.#held = 0;
    }
    return passed;
  }

  encode(): LimitState {
    return { out: this.#out, held: this.#held, told: this.#told };
  }

  restore({ out, held, told }: LimitState): void {
    this.#out = [...out];
    this.#held = held;
    this.#told = told;
  }
}

function heldBack(count: number, most: number, at: number): Alert {
  const labels = { rule: 'held-back' };
  const fingerprint = fingerprintOf('held-back', {});
  return {
    fingerprint,
    key: `${fingerprint}@${stamp(at)}/firing`,
    status: 'firing',
    severity: 'warning',
    summary: `${count} alert${count === 1 ? ' is' : 's are'} held back: more than ${most} an hour; raise alerts.limit, or quieten the rule that raises them`,
    step: at,
    startsAt: at,
    labels,
  };
}

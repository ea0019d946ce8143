import type { Alert } from '@auspex/contracts';
import { stamp } from '../persistence/keys.ts';
import { fingerprintOf } from './episodes.ts';

const HOUR_MS = 3_600_000;

/** What the limit remembers: what went out when (epoch ms) and by which rule, and what was held back since it was last told of. */
export interface LimitState {
  readonly out: readonly (readonly [at: number, rule: string])[];
  readonly held: readonly string[];
  readonly told: number | null;
}

/**
 * At most so many alerts an hour, and of one rule at most half of them: a rule that is wrong must not bury the alert that matters. Pages and ends always
 * pass, warnings go before what is only information, and that something was held back is told once an hour.
 */
export class RateLimit {
  readonly #most: number;
  #out: (readonly [at: number, rule: string])[] = [];
  /** Fingerprints. */
  #held = new Set<string>();
  #told: number | null = null;

  /** @param most an hour */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param onHeld told of each that is held back */
  pass(alerts: readonly Alert[], at: number, onHeld: (alert: Alert) => void): Alert[] {
    this.#out = this.#out.filter(([time]) => time > at - HOUR_MS);
    const free = (alert: Alert): boolean => alert.severity === 'page' || alert.status === 'resolved';
    const asking = alerts.filter((alert) => !free(alert));
    const held = new Set<Alert>();
    for (const severity of ['warning', 'info'])
      for (const alert of asking) if (alert.severity === severity && !this.#take(at, alert)) held.add(alert);
    for (const alert of held) {
      this.#held.add(alert.fingerprint);
      onHeld(alert);
    }
    const passed = alerts.filter((alert) => !held.has(alert));
    if (this.#held.size > 0 && (this.#told === null || at - this.#told >= HOUR_MS)) {
      passed.push(heldBack(this.#held.size, this.#most, at));
      this.#told = at;
      this.#held.clear();
    }
    return passed;
  }

  #take(at: number, { labels: { rule = '' } }: Alert): boolean {
    const own = this.#out.filter(([, other]) => other === rule).length;
    if (this.#out.length >= this.#most || own >= Math.ceil(this.#most / 2)) return false;
    this.#out.push([at, rule]);
    return true;
  }

  encode(): LimitState {
    return { out: this.#out, held: [...this.#held], told: this.#told };
  }

  restore({ out, held, told }: LimitState): void {
    this.#out = [...out];
    this.#held = new Set(held);
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
    summary: `${count} alert${count === 1 ? ' is' : 's are'} held back: more than ${most} an hour, or half of that of one rule; raise alerts.limit, or quieten the rule that raises them`,
    step: at,
    startsAt: at,
    labels,
  };
}

import type { Alert } from '@auspex/contracts';
import { stamp } from '../persistence/keys.ts';
import { fingerprintOf } from './episodes.ts';

const HOUR_MS = 3_600_000;

/** What the limit remembers: what went out when (epoch ms) and by which rule, what was held back since that was last told of, and when it was. */
export interface LimitState {
  readonly out: readonly (readonly [at: number, rule: string])[];
  readonly held: readonly string[];
  readonly told: number | null;
  /** Since when something is held back, in one go; null = nothing is. */
  readonly since: number | null;
}

/**
 * At most so many alerts an hour, and of one rule at most half of them: a rule that is wrong must not bury the alert that matters. Pages and ends always
 * pass, warnings go before what is only information. That something was held back is told once an hour, and after an hour without, that it is over.
 */
export class RateLimit {
  readonly #most: number;
  #out: (readonly [at: number, rule: string])[] = [];
  /** Fingerprints. */
  #held = new Set<string>();
  #told: number | null = null;
  #since: number | null = null;

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
    passed.push(...this.#tell(at));
    return passed;
  }

  #tell(at: number): Alert[] {
    if (this.#told !== null && at - this.#told < HOUR_MS) return [];
    const count = this.#held.size;
    if (count > 0) {
      this.#told = at;
      this.#held.clear();
      this.#since ??= at;
      const what = `${count} alert${count === 1 ? ' is' : 's are'} held back: more than ${this.#most} an hour, or half of that of one rule`;
      return [heldBack(`${what}; raise alerts.limit, or quieten the rule that raises them`, at, this.#since)];
    }
    if (this.#since === null) return [];
    const over = heldBack('no alert has been held back for an hour', at, this.#since, at);
    this.#since = null;
    return [over];
  }

  #take(at: number, { labels: { rule = '' } }: Alert): boolean {
    const own = this.#out.filter(([, other]) => other === rule).length;
    if (this.#out.length >= this.#most || own >= Math.ceil(this.#most / 2)) return false;
    this.#out.push([at, rule]);
    return true;
  }

  encode(): LimitState {
    return { out: this.#out, held: [...this.#held], told: this.#told, since: this.#since };
  }

  restore({ out, held, told, since }: LimitState): void {
    this.#out = [...out];
    this.#held = new Set(held);
    this.#told = told;
    this.#since = since;
  }
}

/** @param endsAt where it is over */
function heldBack(summary: string, at: number, since: number, endsAt?: number): Alert {
  const fingerprint = fingerprintOf('held-back', {});
  const status = endsAt === undefined ? 'firing' : 'resolved';
  return {
    ...{ fingerprint, key: `${fingerprint}@${stamp(since)}/${status}`, status, severity: 'warning', summary, step: at, startsAt: since },
    ...(endsAt !== undefined && { endsAt }),
    labels: { rule: 'held-back' },
  };
}

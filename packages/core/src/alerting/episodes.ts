import { createHash } from 'node:crypto';
import type { Alert } from '@auspex/contracts';
import { stamp } from '../persistence/keys.ts';
import type { Seen } from './conditions.ts';
import type { Rule } from './rules.ts';
import type { Silenced } from './silences.ts';

/** A cause for as long as it lasts. Times in epoch ms. */
export interface Episode {
  readonly fingerprint: string;
  readonly rule: string;
  severity: Alert['severity'];
  readonly labels: Readonly<Record<string, string>>;
  summary: string;
  details: readonly string[];
  /** First and last step in which it was seen. */
  readonly since: number;
  last: number;
  /** It has lasted long enough to be told. */
  firing: boolean;
  /** When somebody was told last, and the time before; null = nobody was. */
  told: number | null;
  toldBefore: number | null;
}

/** Causes that are kept at a time; a rule that sees more is a rule that nobody can read. */
const MOST = 5_000;

/** Stable over restarts and repeats: of the rule and what it is about. */
export function fingerprintOf(rule: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([rule, sorted]))
    .digest('hex')
    .slice(0, 16);
}

/** Turns what rules see step by step into causes that begin, last and end: each is told once, again while it lasts, and when it is over. */
export class Episodes {
  readonly #open = new Map<string, Episode>();
  readonly #silenced: Silenced;
  readonly #repeatMs: number;
  readonly #stepMs: number;

  /** @param repeatMs how often what lasts is told again */
  constructor(silenced: Silenced, repeatMs: number, stepMs: number) {
    this.#silenced = silenced;
    this.#repeatMs = repeatMs;
    this.#stepMs = stepMs;
  }

  get all(): Iterable<Episode> {
    return this.#open.values();
  }

  /** Takes a step up. Returns what is to be told now: what is new first, so that repeats do not use up a limit. @param seen by rule */
  step(at: number, rules: readonly Rule[], seen: readonly (readonly Seen[])[]): Alert[] {
    const known = new Map(rules.map((rule) => [rule.name, rule]));
    for (const [index, rule] of rules.entries()) for (const each of seen[index] ?? []) this.#see(at, rule, each);
    const fresh: Alert[] = [];
    const repeats: Alert[] = [];
    for (const episode of [...this.#open.values()]) {
      const alert = this.#turn(at, episode, known.get(episode.rule));
      if (alert) (alert.status === 'firing' && episode.toldBefore !== null ? repeats : fresh).push(alert);
    }
    return [...fresh, ...repeats];
  }

  #see(at: number, rule: Rule, { labels: about, summary, details = [] }: Seen): void {
    const labels = { rule: rule.name, ...about };
    const fingerprint = fingerprintOf(rule.name, about);
    const present = this.#open.get(fingerprint);
    if (present) {
      Object.assign(present, { summary, details, severity: rule.severity, last: at });
      return;
    }
    if (this.#open.size >= MOST) return;
    const state = { severity: rule.severity, summary, details, since: at, last: at, firing: false, told: null, toldBefore: null };
    this.#open.set(fingerprint, { fingerprint, rule: rule.name, labels, ...state });
  }

  /** @param rule undefined where the config has it no longer: what it saw is over */
  #turn(at: number, episode: Episode, rule: Rule | undefined): Alert | undefined {
    const isSeen = episode.last === at && rule !== undefined;
    if (!episode.firing) {
      if (!isSeen) this.#open.delete(episode.fingerprint);
      else episode.firing = at - episode.since >= rule.forMs;
    } else if (!isSeen && at - episode.last >= (rule?.keepMs ?? 0)) {
      this.#open.delete(episode.fingerprint);
      return episode.told === null ? undefined : alertOf(episode, at, episode.last + this.#stepMs);
    }
    // What is not there just now may be over: nobody is woken for it.
    if (!episode.firing || !isSeen || this.#silenced(episode.labels, at)) return undefined;
    if (episode.told !== null && at - episode.told < this.#repeatMs) return undefined;
    episode.toldBefore = episode.told;
    episode.told = at;
    return alertOf(episode, at);
  }

  /** Was it told before? */
  isRepeat(fingerprint: string): boolean {
    return (this.#open.get(fingerprint)?.toldBefore ?? null) !== null;
  }

  /** What was to be told in this step was held back: it is tried again with the next. */
  held(fingerprint: string): void {
    const episode = this.#open.get(fingerprint);
    if (episode) episode.told = episode.toldBefore;
  }

  /** Ends what a group was about. Returns how many. */
  forget(group: string): number {
    let gone = 0;
    for (const [fingerprint, { labels }] of [...this.#open]) {
      if (labels['group'] !== group) continue;
      this.#open.delete(fingerprint);
      gone++;
    }
    return gone;
  }

  restore(episodes: readonly Episode[]): void {
    this.#open.clear();
    for (const episode of episodes) this.#open.set(episode.fingerprint, { ...episode });
  }
}

/** @param endsAt where it is over */
function alertOf({ fingerprint, severity, labels, summary, details, since }: Episode, at: number, endsAt?: number): Alert {
  const status = endsAt === undefined ? 'firing' : 'resolved';
  return {
    fingerprint,
    key: `${fingerprint}@${stamp(since)}/${status}`,
    status,
    severity,
    summary,
    ...(details.length > 0 && { details }),
    step: at,
    startsAt: since,
    ...(endsAt !== undefined && { endsAt }),
    labels,
  };
}

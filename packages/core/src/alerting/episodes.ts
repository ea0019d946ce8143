import { createHash } from 'node:crypto';
import type { Alert } from '@auspex/contracts';
import { SEVERITIES } from '../config/alerts.ts';
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
  /** How long it must last before anybody is told. */
  readonly forMs: number;
  /** It happened, and lasts no longer: told once, and not when it is over. */
  readonly once: boolean;
  /** First and last step in which it was seen. */
  readonly since: number;
  last: number;
  /** It has lasted long enough to be told. */
  firing: boolean;
  /** When somebody was told last, and the time before; null = nobody was. */
  told: number | null;
  toldBefore: number | null;
  /** It was told in a step that was long past, and so to nobody: the first step of the present tells of it. */
  unheard: boolean;
  /** The loudest that it was ever told as: its end is told as loud, so that who heard of it hears of that. */
  loudest: Alert['severity'] | null;
}

/** Causes that are kept at a time, pages not counted: a rule that sees more is a rule that nobody can read. */
const MOST = 5_000;
/** Steps without a cause that do not break it: one good order between bad ones ends nothing, nor does a restart. */
const GAP_STEPS = 2;
/** Longest text of an alert. */
const LONGEST = 4_000;
const MOST_DETAILS = 50;

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

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
  /** Keys of ends, of the last step, that nobody is to hear of. */
  readonly #unheardEnds = new Set<string>();
  readonly #silenced: Silenced;
  readonly #repeatMs: number;
  readonly #stepMs: number;
  /** Causes that there was no room for. */
  refused = 0;

  /** @param repeatMs how often what lasts is told again */
  constructor(silenced: Silenced, repeatMs: number, stepMs: number) {
    this.#silenced = silenced;
    this.#repeatMs = repeatMs;
    this.#stepMs = stepMs;
  }

  get all(): Iterable<Episode> {
    return this.#open.values();
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes a step up. Returns what is to be told now: what is new first, so that repeats do not use up a limit.
   * @param seen by rule
   * @param isPast is the step so long past that nobody is told?
   */
  step(at: number, rules: readonly Rule[], seen: readonly (readonly Seen[])[], isPast = false): Alert[] {
    const known = new Map(rules.map((rule) => [rule.name, rule]));
    this.#unheardEnds.clear();
    for (const [index, rule] of rules.entries()) for (const each of seen[index] ?? []) this.#see(at, rule, each);
    const fresh: Alert[] = [];
    const repeats: Alert[] = [];
    for (const episode of [...this.#open.values()]) {
      const alert = this.#turn(at, episode, known.get(episode.rule), isPast);
      if (alert) (alert.status === 'firing' && episode.toldBefore !== null ? repeats : fresh).push(alert);
    }
    return [...fresh, ...repeats];
  }

  #see(at: number, rule: Rule, { labels: about, summary: text, details: lines = [], forMs = 0, once = false }: Seen): void {
    const [summary, details] = [cut(text), lines.slice(0, MOST_DETAILS).map(cut)];
    // Two things that happened are two, also of one kind.
    const fingerprint = fingerprintOf(rule.name, once ? { ...about, text } : about);
    const present = this.#open.get(fingerprint);
    // What was seen before a pause, such as hours in which nobody ran, is no part of what is seen now.
    const paused = present !== undefined && !present.firing && at - present.last > GAP_STEPS * this.#stepMs;
    if (present && !paused) {
      Object.assign(present, { summary, details, severity: rule.severity, last: at });
      return;
    }
    if (this.#open.size >= MOST && rule.severity !== 'page') {
      this.refused++;
      return;
    }
    this.#open.set(fingerprint, {
      ...{ fingerprint, rule: rule.name, labels: { rule: rule.name, ...about }, severity: rule.severity, summary, details },
      ...{ forMs: once ? 0 : Math.max(rule.forMs, forMs), once, since: at, last: at },
      ...{ firing: false, told: null, toldBefore: null, unheard: false, loudest: null },
    });
  }

  /** @param rule undefined where the config has it no longer: what it saw is over */
  #turn(at: number, episode: Episode, rule: Rule | undefined, isPast: boolean): Alert | undefined {
    const { fingerprint, once, last, told } = episode;
    const isSeen = last === at && rule !== undefined;
    if (once) return this.#turnOnce(at, episode, isPast);
    if (!episode.firing) {
      if (!rule || at - last > GAP_STEPS * this.#stepMs) this.#open.delete(fingerprint);
      else episode.firing = isSeen && at - episode.since >= episode.forMs;
    } else if (!isSeen && at - last >= (rule?.keepMs ?? 0)) {
      this.#open.delete(fingerprint);
      if (told === null) return undefined;
      const over = alertOf(episode, at, last + this.#stepMs);
      if (episode.unheard) this.#unheardEnds.add(over.key);
      return over;
    }
    // What is not there just now may be over: nobody is woken for it.
    if (!episode.firing || !isSeen || this.#silenced(episode.labels, at)) return undefined;
    const isNews = episode.unheard && !isPast;
    if (told !== null && at - told < this.#repeatMs && !isNews) return undefined;
    return this.#tell(at, episode, isPast);
  }

  #turnOnce(at: number, episode: Episode, isPast: boolean): Alert | undefined {
    episode.firing = true;
    // It stays until the step after it was told: a limit may have held it back.
    if (episode.told === null && !this.#silenced(episode.labels, at)) return this.#tell(at, episode, isPast);
    this.#open.delete(episode.fingerprint);
    return undefined;
  }

  #tell(at: number, episode: Episode, isPast: boolean): Alert {
    episode.toldBefore = episode.unheard ? null : episode.told;
    episode.unheard = isPast && episode.toldBefore === null;
    episode.told = at;
    episode.loudest = louder(episode.loudest ?? episode.severity, episode.severity);
    return alertOf(episode, at);
  }

  /** Was it told before? */
  isRepeat(fingerprint: string): boolean {
    return (this.#open.get(fingerprint)?.toldBefore ?? null) !== null;
  }

  /** Has somebody heard of the begin of what is over with this alert, of the last step? */
  isHeardOf({ key }: Alert): boolean {
    return !this.#unheardEnds.has(key);
  }

  /** What was to be told in this step was held back: it is tried again with the next. */
  held(fingerprint: string): void {
    const episode = this.#open.get(fingerprint);
    if (episode) episode.told = episode.toldBefore;
  }

  /**
   * Ends what a group was about, and takes its name out of what others say.
   * @param redact gives the same where the name is not in it
   * @returns how many changed
   */
  forget(group: string, redact: <T>(value: T) => T): number {
    let changed = 0;
    for (const [fingerprint, episode] of [...this.#open]) {
      const redacted = episode.labels['group'] === group ? undefined : redact(episode);
      if (redacted === episode) continue;
      changed++;
      if (redacted) this.#open.set(fingerprint, redacted);
      else this.#open.delete(fingerprint);
    }
    return changed;
  }

  restore(episodes: readonly Episode[]): void {
    this.#open.clear();
    for (const episode of episodes) this.#open.set(episode.fingerprint, { ...episode });
  }
}

function louder(a: Alert['severity'], b: Alert['severity']): Alert['severity'] {
  return SEVERITIES.indexOf(a) > SEVERITIES.indexOf(b) ? a : b;
}

/** @param endsAt where it is over */
function alertOf(episode: Episode, at: number, endsAt?: number): Alert {
  const { fingerprint, severity, loudest, labels, summary, details, since } = episode;
  const status = endsAt === undefined ? 'firing' : 'resolved';
  return {
    fingerprint,
    key: `${fingerprint}@${stamp(since)}/${status}`,
    status,
    severity: endsAt === undefined ? severity : (loudest ?? severity),
    // What was seen last reads as if it were so now.
    summary: endsAt === undefined ? summary : `over: ${summary}`,
    ...(details.length > 0 && { details }),
    step: at,
    startsAt: since,
    ...(endsAt !== undefined && { endsAt }),
    labels,
  };
}

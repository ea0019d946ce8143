import type { Alert, Store, StoreWrite } from '@auspex/contracts';
import { KEYS } from '../persistence/keys.ts';

/** An alert that waits for its sink. */
export interface Waiting {
  /** Order in the outbox of its sink. */
  readonly number: number;
  readonly alert: Alert;
  /** How often it was tried in vain, by this process. */
  tries: number;
}

/** Most that wait for one sink: an outage of days must not fill the store. Of so many episodes it is known whether they were heard of, too. */
const MOST = 10_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What waits for one sink. An alert is put here with the step that raised it, in one batch with its journal line, and is taken out when the sink
 * has it: a crash at any time sends it again rather than never, under the same key.
 *
 * Of what has begun since the start it knows whether the sink has heard of it. A restart forgets that: whatever began before it counts as heard of, since
 * an end too many does less harm than an incident that stays open.
 */
export class Outbox {
  readonly sink: string;
  #next = 0;
  /** Not yet in the store, or not yet known to be. */
  #staged: Waiting[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** Keys of all that is in it. */
  readonly #keys = new Set<string>();
  /** Episodes that the sink was told of. */
  readonly #heard = new Set<string>();
  /** Episodes that were put in, and that the sink was never told of. */
  readonly #unheard = new Set<string>();
  /** No episode that begins here or later, epoch ms, is from before the start. */
  #since = Number.POSITIVE_INFINITY;
  #wake: (() => void) | undefined;

  constructor(sink: string) {
    this.sink = sink;
  }

  /** What begins at `at`, epoch ms, or later was put in by no process before this one. */
  startsAt(at: number): void {
    this.#since = Math.min(this.#since, at);
  }

  /**
   * Puts an alert in, unless it waits already: what lasts is told again, not twice.
   * @returns what it drops for lack of room
   */
  put(alert: Alert): Waiting[] {
    if (this.#keys.has(alert.key)) return [];
    this.#keys.add(alert.key);
    this.#see(alert);
    this.#staged.push({ number: this.#next++, alert, tries: 0 });
    if (this.size <= MOST) return [];
    // The oldest that is no page; where all are, the oldest.
    let gone: Waiting | undefined;
    for (const each of this.#waiting.values()) {
      gone ??= each;
      if (each.alert.severity === 'page') continue;
      gone = each;
      break;
    }
    if (!gone) return [];
    this.#remove(gone);
    return [gone];
  }

  #see(alert: Alert): void {
    // A step that is told of is one of this process, and may lie far before its start: it reads up what came while nobody ran.
    this.startsAt(alert.step);
    const episode = episodeOf(alert);
    if (alert.status === 'firing' && alert.startsAt >= this.#since && !this.#heard.has(episode)) remember(this.#unheard, episode);
  }

  #remove({ number, alert }: Waiting): void {
    this.#waiting.delete(number);
    this.#keys.delete(alert.key);
    if (alert.status === 'resolved') this.#forget(episodeOf(alert));
  }

  #forget(episode: string): void {
    this.#heard.delete(episode);
    this.#unheard.delete(episode);
  }

  get size(): number {
    return this.#staged.length + this.#waiting.size;
  }

  /** Of what was put in since the last call. */
  writes(from: number): StoreWrite[] {
    return this.#staged
      .filter(({ number }) => number >= from)
      .map(({ number, alert }) => ({ type: 'put', key: KEYS.waiting(this.sink, number), value: encoder.encode(JSON.stringify(alert)) }));
  }

  /** Number of the next alert. */
  get next(): number {
    return this.#next;
  }

  /** All that was put in before `number` is in the store, where there is one that lasts: it may be sent. */
  release(before: number): void {
    for (const each of this.#staged) if (each.number < before) this.#waiting.set(each.number, each);
    this.#staged = this.#staged.filter(({ number }) => number >= before);
    if (this.#waiting.size > 0) this.#wake?.();
  }

  /** What may be sent, in order. */
  get waiting(): readonly Waiting[] {
    return [...this.#waiting.values()];
  }

  /** Ends that nobody is to hear of: the sink has not heard of the begin, and no longer will. */
  get unasked(): readonly Waiting[] {
    const isUnasked = (episode: string): boolean => this.#unheard.has(episode) && !this.#keys.has(`${episode}/firing`);
    return this.waiting.filter(({ alert }) => alert.status === 'resolved' && isUnasked(episodeOf(alert)));
  }

  /** Resolves once something waits, or `signal` aborts. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** The sink has them: takes them out, of the store too. */
  async done(sent: readonly Waiting[], store: Pick<Store, 'batch'> | undefined): Promise<void> {
    for (const { alert } of sent) {
      const episode = episodeOf(alert);
      this.#forget(episode);
      if (alert.status === 'firing') remember(this.#heard, episode);
    }
    await this.discard(sent, store);
  }

  /** Nobody will have them: takes them out, of the store too. */
  async discard(gone: readonly Waiting[], store: Pick<Store, 'batch'> | undefined): Promise<void> {
    for (const each of gone) this.#remove(each);
    await store?.batch(gone.map(({ number }) => ({ type: 'delete', key: KEYS.waiting(this.sink, number) })));
  }

  /** Ends what was about a group, and takes its name out of what others say; returns what is to be written. */
  forget(group: string, redact: <T>(value: T) => T): StoreWrite[] {
    return [...this.#waiting.values()].flatMap((each): StoreWrite[] => {
      const { number, alert } = each;
      const key = KEYS.waiting(this.sink, number);
      if (alert.labels['group'] === group) {
        this.#remove(each);
        return [{ type: 'delete', key }];
      }
      const redacted = redact(alert);
      if (redacted === alert) return [];
      this.#waiting.set(number, { ...each, alert: redacted });
      return [{ type: 'put', key, value: encoder.encode(JSON.stringify(redacted)) }];
    });
  }

  restore(number: number, bytes: Uint8Array): void {
    const alert = JSON.parse(decoder.decode(bytes)) as Alert;
    if (typeof alert?.key !== 'string') throw new Error('holds no alert');
    this.#waiting.set(number, { number, alert, tries: 0 });
    this.#keys.add(alert.key);
    this.#next = Math.max(this.#next, number + 1);
  }
}

/** The key up to its status: the same for begin, repeats and end. */
function episodeOf({ key }: Alert): string {
  const end = key.lastIndexOf('/');
  return end < 0 ? key : key.slice(0, end);
}

/** The last ones only: what only happened never ends, and would stay for ever. */
function remember(episodes: Set<string>, episode: string): void {
  episodes.delete(episode);
  episodes.add(episode);
  if (episodes.size <= MOST) return;
  for (const oldest of episodes) {
    episodes.delete(oldest);
    return;
  }
}

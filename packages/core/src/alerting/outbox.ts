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

/** Most that wait for one sink: an outage of days must not fill the store. */
const MOST = 10_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What waits for one sink. An alert is put here with the step that raised it, in one batch with its journal line, and is taken out when the sink
 * has it: a crash at any time sends it again rather than never, under the same key.
 */
export class Outbox {
  readonly sink: string;
  #next = 0;
  /** Not yet in the store, or not yet known to be. */
  #staged: Waiting[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** Keys of all that is in it. */
  readonly #keys = new Set<string>();
  #wake: (() => void) | undefined;

  constructor(sink: string) {
    this.sink = sink;
  }

  /**
   * Puts an alert in, unless it waits already: what lasts is told again, not twice.
   * @returns what it drops for lack of room
   */
  put(alert: Alert): Waiting[] {
    if (this.#keys.has(alert.key)) return [];
    this.#keys.add(alert.key);
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

  #remove({ number, alert }: Waiting): void {
    this.#waiting.delete(number);
    this.#keys.delete(alert.key);
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

  /** The sink has them, or nobody will: takes them out, of the store too. */
  async done(sent: readonly Waiting[], store: Pick<Store, 'batch'> | undefined): Promise<void> {
    for (const each of sent) this.#remove(each);
    await store?.batch(sent.map(({ number }) => ({ type: 'delete', key: KEYS.waiting(this.sink, number) })));
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

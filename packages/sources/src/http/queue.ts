import type { UsageEvent } from '@auspex/contracts';

/** Events of one request. */
interface Entry {
  readonly events: readonly UsageEvent[];
  readonly bytes: number;
  readonly malformed: number;
}

/** Events between the requests that brought them and the engine that takes them. First in, first out, bounded. */
export class EventQueue {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #entries: Entry[] = [];
  /** Events of the first entry that were taken. */
  #taken = 0;
  #events = 0;
  #bytes = 0;
  #malformed = 0;
  #wake: (() => void) | undefined;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** How many events wait. */
  get size(): number {
    return this.#events;
  }

  get full(): boolean {
    return this.#events >= this.#maxEvents || this.#bytes >= this.#maxBytes;
  }

  /** Can a request of so many events ever find room? */
  canHold(events: number): boolean {
    return events <= this.#maxEvents;
  }

  /**
   * Puts the events of one request in, all or none: a sender that tries again must not send any twice.
   *
   * @param bytes of the body they came in
   * @returns false when there is no room
   */
  offer(events: readonly UsageEvent[], bytes: number, malformed: number): boolean {
    if (this.#events + events.length > this.#maxEvents) return false;
    // One body fits always, so that a bound below maxBody does not lock senders out.
    if (this.#events > 0 && this.#bytes + bytes > this.#maxBytes) return false;
    if (events.length > 0) {
      this.#entries.push({ events, bytes, malformed });
      this.#events += events.length;
      this.#bytes += bytes;
    } else {
      this.#malformed += malformed;
    }
    this.#wake?.();
    return true;
  }

  /** Takes up to `limit` events, in the order in which they came, and the count of malformed records that came with them. */
  take(limit: number): { events: UsageEvent[]; malformed: number } {
    const events: UsageEvent[] = [];
    let malformed = this.#malformed;
    this.#malformed = 0;
    let used = 0;
    for (const entry of this.#entries) {
      if (events.length >= limit) break;
      const end = Math.min(entry.events.length, this.#taken + limit - events.length);
      if (this.#taken === 0) malformed += entry.malformed;
      for (let i = this.#taken; i < end; i++) events.push(entry.events[i] as UsageEvent);
      this.#taken = end;
      if (end < entry.events.length) break;
      this.#taken = 0;
      this.#bytes -= entry.bytes;
      used++;
    }
    if (used > 0) this.#entries = this.#entries.slice(used);
    this.#events -= events.length;
    return { events, malformed };
  }

  /** Resolves when something is there to be taken. */
  async arrival(): Promise<void> {
    if (this.#events > 0 || this.#malformed > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}

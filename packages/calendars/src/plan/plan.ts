import type { CalendarEvent } from '@auspex/contracts';
import { occurrences, type Planned } from './series.ts';
import { DAY } from './zones.ts';

/** What is expanded at once. Aligned to the epoch, so that an answer does not depend on how the question was cut. */
const BLOCK = 28 * DAY;
const MOST_KEPT = 64;
/** Longer questions are cut: what comes again comes for ever. */
const LONGEST = 3_660 * DAY;

/** Told when one of a plan cannot be expanded: it is left out from then on. */
export type OnBroken = (planned: Planned, error: Error) => void;

/** All that is planned, by time. */
export class Plan {
  readonly #planned: Set<Planned>;
  readonly #onBroken: OnBroken;
  readonly #blocks = new Map<number, readonly CalendarEvent[]>();

  constructor(planned: Iterable<Planned>, onBroken: OnBroken) {
    this.#planned = new Set(planned);
    this.#onBroken = onBroken;
  }

  /** Events that overlap [from, to), in order of start, of one id the first. */
  between(from: number, to: number): CalendarEvent[] {
    const [first, end] = bounded(from, to);
    const found: CalendarEvent[] = [];
    for (let block = Math.floor(first / BLOCK); block * BLOCK < end; block++) found.push(...this.#block(block));
    return inOrder(found.filter((event) => event.start < end && event.end > first));
  }

  #block(block: number): readonly CalendarEvent[] {
    const kept = this.#blocks.get(block);
    if (kept) return kept;
    const events: CalendarEvent[] = [];
    for (const planned of this.#planned) {
      try {
        events.push(...occurrences(planned, block * BLOCK, (block + 1) * BLOCK));
      } catch (error) {
        this.#planned.delete(planned);
        this.#onBroken(planned, error as Error);
      }
    }
    if (this.#blocks.size >= MOST_KEPT) this.#blocks.clear();
    this.#blocks.set(block, events);
    return events;
  }
}

/** In order of start; of several with one id the first. */
export function inOrder(events: readonly CalendarEvent[]): CalendarEvent[] {
  const byId = new Map<string, CalendarEvent>();
  for (const event of events) if (!byId.has(event.id)) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1));
}

/** A question without end, cut. */
export function bounded(from: number, to: number): readonly [from: number, to: number] {
  const first = Number.isFinite(from) ? from : Number.isFinite(to) ? to - LONGEST : 0;
  return [first, Math.min(to, first + LONGEST)];
}

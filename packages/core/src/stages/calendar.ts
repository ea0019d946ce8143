import { type Calendar, type CalendarEvent, deepFreeze } from '@auspex/contracts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Failures } from './failures.ts';

interface CalendarSlot {
  readonly name: string;
  readonly calendar: Pick<Calendar, 'between'>;
}

/** Reads all calendars; one that fails contributes nothing, and is reported. */
export class CalendarStage {
  readonly #calendars: readonly CalendarSlot[];
  readonly #failures: Failures;
  readonly #limitMs: number;

  constructor(calendars: readonly CalendarSlot[], failures: Failures, limitMs: number) {
    this.#calendars = calendars;
    this.#failures = failures;
    this.#limitMs = limitMs;
  }

  async between(from: number, to: number): Promise<readonly CalendarEvent[]> {
    // All at once: the limits of several that hang must not add up.
    const answers = await Promise.all(this.#calendars.map((slot) => this.#ask(slot, from, to)));
    const all = answers.flat();
    return deepFreeze(all.sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1)));
  }

  async #ask({ name, calendar }: CalendarSlot, from: number, to: number): Promise<CalendarEvent[]> {
    try {
      // A function: one that throws at once is as one that rejects.
      const asked = (async () => calendar.between(from, to))();
      const events = await withTimeLimit(asked, this.#limitMs, `calendar(${name})`);
      if (!Array.isArray(events)) throw new Error('answered with no list of events');
      const odd = events.find((event) => !isEvent(event));
      if (odd !== undefined) throw new Error(`event "${odd?.id}" ends before it starts, has no impact, or concerns no list of groups`);
      this.#failures.recovered('calendar', name, 'all');
      // A copy: what a calendar caches is its own.
      return structuredClone(events.filter((event) => event.end > from && event.start < to));
    } catch (error) {
      this.#failures.report('calendar', name, 'all', error, 'its events are not known for this step');
      return [];
    }
  }
}

function isEvent(event: Partial<CalendarEvent> | null | undefined): boolean {
  if (typeof event !== 'object' || event === null || typeof event.id !== 'string') return false;
  const { start = Number.NaN, end = Number.NaN, groups, impact } = event;
  if (!(end > start && Number.isFinite(impact))) return false;
  return groups === undefined || (Array.isArray(groups) && groups.every((group) => typeof group === 'string'));
}

import { type Calendar, type CalendarEvent, deepFreeze } from '@auspex/contracts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Failures } from './failures.ts';

/** Reads all calendars; one that fails contributes nothing, and is reported. */
export class CalendarStage {
  readonly #calendars: readonly { readonly name: string; readonly calendar: Pick<Calendar, 'between'> }[];
  readonly #failures: Failures;
  readonly #limitMs: number;

  constructor(
    calendars: readonly { readonly name: string; readonly calendar: Pick<Calendar, 'between'> }[],
    failures: Failures,
    limitMs: number,
  ) {
    this.#calendars = calendars;
    this.#failures = failures;
    this.#limitMs = limitMs;
  }

  async between(from: number, to: number): Promise<readonly CalendarEvent[]> {
    const all: CalendarEvent[] = [];
    for (const { name, calendar } of this.#calendars) {
      try {
        const events = await withTimeLimit(Promise.resolve(calendar.between(from, to)), this.#limitMs, `calendar(${name})`);
        const odd = events.find((event) => !(event.end > event.start && Number.isFinite(event.impact)));
        if (odd) throw new Error(`event "${odd.id}" ends before it starts, or has no impact`);
        // A copy: what a calendar caches is its own.
        all.push(...structuredClone(events));
        this.#failures.recovered('calendar', name, 'all');
      } catch (error) {
        this.#failures.report('calendar', name, 'all', error, 'its events are not known for this step');
      }
    }
    return deepFreeze(all.sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1)));
  }
}

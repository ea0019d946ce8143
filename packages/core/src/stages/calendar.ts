import { type Calendar, type CalendarEvent, deepFreeze } from '@auspex/contracts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Failures } from './failures.ts';

interface CalendarSlot {
  readonly name: string;
  readonly calendar: Pick<Calendar, 'between'>;
}

/** Reads all calendars; of one that fails what it said last stands, and it is reported. */
export class CalendarStage {
  readonly #calendars: readonly CalendarSlot[];
  readonly #failures: Failures;
  readonly #limitMs: number;
  /** What each said last: a calendar that is down has cancelled nothing. */
  readonly #last = new Map<CalendarSlot, readonly CalendarEvent[]>();

  constructor(calendars: readonly CalendarSlot[], failures: Failures, limitMs: number) {
    this.#calendars = calendars;
    this.#failures = failures;
    this.#limitMs = limitMs;
  }

  /** No calendar is configured. */
  get isEmpty(): boolean {
    return this.#calendars.length === 0;
  }

  async between(from: number, to: number): Promise<readonly CalendarEvent[]> {
    // All at once: the limits of several that hang must not add up.
    const answers = await Promise.all(this.#calendars.map((slot) => this.#ask(slot, from, to)));
    const all = answers.flat();
    return deepFreeze(all.sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1)));
  }

  async #ask(slot: CalendarSlot, from: number, to: number): Promise<CalendarEvent[]> {
    const { name, calendar } = slot;
    const within = (event: CalendarEvent): boolean => event.end > from && event.start < to;
    try {
      // A function: one that throws at once is as one that rejects.
      const asked = (async () => calendar.between(from, to))();
      const events = await withTimeLimit(asked, this.#limitMs, `calendar(${name})`);
      if (!Array.isArray(events)) throw new Error('answered with no list of events');
      for (const event of events) {
        const odd = oddity(event);
        if (odd !== undefined) throw new Error(`event "${event?.id}" ${odd}`);
      }
      this.#failures.recovered('calendar', name, 'all');
      // A copy: what a calendar caches is its own.
      const own = structuredClone(events.filter(within));
      this.#last.set(slot, own);
      return own;
    } catch (error) {
      const last = this.#last.get(slot);
      this.#failures.report('calendar', name, 'all', error, last ? 'what it said last stands' : 'its events are not known for this step');
      return last?.filter(within) ?? [];
    }
  }
}

/** What is wrong with what should be an event; undefined = nothing. */
function oddity(event: Partial<CalendarEvent> | null | undefined): string | undefined {
  if (typeof event !== 'object' || event === null || typeof event.id !== 'string') return 'has no id';
  const { start = Number.NaN, end = Number.NaN, groups, pops, impact, shape } = event;
  if (!(end > start)) return 'ends before it starts';
  // What is left to be learnt is left out; what is given is a number.
  if (impact !== undefined && !Number.isFinite(impact)) return 'has an impact that is no number';
  if (!areNames(groups)) return 'concerns no list of groups';
  if (!areNames(pops)) return 'concerns no list of POPs';
  if (shape !== undefined && !(isSpan(shape?.rampMs) && isSpan(shape?.decayMs))) return 'comes or goes in a time that is none';
  return undefined;
}

function areNames(names: unknown): boolean {
  return names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'));
}

function isSpan(ms: unknown): boolean {
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0;
}

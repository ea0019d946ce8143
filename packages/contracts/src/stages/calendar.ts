import type { CalendarEvent } from '../data/calendar-event.ts';

/** Beside the flow: what is planned. MUST return events that overlap [from, to), in order of start, each occurrence with an id of its own; reads may be cached. */
export interface Calendar {
  between(from: number, to: number): Promise<readonly CalendarEvent[]> | readonly CalendarEvent[];
  close?(): Promise<void>;
}

import type { CalendarEvent } from '../data/calendar-event.ts';
import type { Surge } from '../data/surge.ts';

/** An event with what is expected of it: given, or learnt from earlier ones. */
export type ExpectedEvent = CalendarEvent & { readonly impact: number };

/** What is known of one group at one POP when a surge is assessed. Rates a second. */
export interface AssessInput {
  readonly group: string;
  readonly pop: string;
  /** Start of the first unknown step, epoch ms. */
  readonly at: number;
  /** Expected by the profile for the last closed step; undefined while the profile is not ready. */
  readonly expected: number | undefined;
  /**
   * The last rate that was seen: of the last closed step, or a bound of it where capacity hid demand (never below what was seen
   * before). Undefined when that step was missing or masked.
   */
  readonly actual: number | undefined;
  /** Events that run at the lead time or before. */
  readonly events: readonly ExpectedEvent[];
  readonly sensitivity: number;
  /** Rate below which a group is too quiet for its ratio to mean anything: a tenth of a unit's planned load, or twenty requests a step. */
  readonly quiet: number;
}

/** Stage 4: how likely is a surge of this group? Pure. `probability` MUST be in 0..1 and not fall as `actual` or the impact of an event rises; contributions MUST add up to `score`. */
export interface Assessor {
  assess(input: AssessInput): Surge;
}

/** How the effect of an event comes and goes; between, it is at its full height. */
export interface EventShape {
  /** Milliseconds before `start` over which demand rises to its height; 0 = at once. */
  readonly rampMs: number;
  /** Milliseconds after `end` over which it returns to what it was; 0 = at once. */
  readonly decayMs: number;
}

/** Something planned that will change demand. */
export interface CalendarEvent {
  /** Unique for each occurrence and stable from read to read: an event that was moved or cancelled keeps its id, or is gone. */
  readonly id: string;
  readonly name: string;
  /** Epoch milliseconds; `end` is exclusive and after `start`. */
  readonly start: number;
  readonly end: number;
  /** Groups it concerns; absent = all. */
  readonly groups?: readonly string[];
  /** POPs it concerns; absent = all. */
  readonly pops?: readonly string[];
  /** What kind of event it is: what was learnt of earlier ones of the same category is expected of this one. Absent = a kind of its own, by name. */
  readonly category?: string;
  /** Expected relative rise of demand at its height: 0.5 = half as much again, -0.3 = a third less. Absent = learnt from earlier ones. */
  readonly impact?: number;
  /** How it comes and goes. Absent = learnt from earlier ones; until then, at once. */
  readonly shape?: EventShape;
}

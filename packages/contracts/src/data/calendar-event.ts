/** Something planned that will change demand. */
export interface CalendarEvent {
  readonly id: string;
  readonly name: string;
  /** Epoch milliseconds; `end` is exclusive and after `start`. */
  readonly start: number;
  readonly end: number;
  /** Groups it concerns; absent = all. */
  readonly groups?: readonly string[];
  readonly category?: string;
  /** Expected relative rise of demand while it runs: 0.5 = half as much again. Not negative for surges. */
  readonly impact: number;
}

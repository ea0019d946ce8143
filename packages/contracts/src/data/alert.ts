/** Something that a person should know, or that is over. */
export interface Alert {
  /** Stable over repeats of the same cause, so that receivers can de-duplicate. */
  readonly fingerprint: string;
  /**
   * Idempotency key of this message: fingerprint, begin of the episode and status. Every attempt to send it, and every repeat while the cause
   * lasts, has the same one; the next episode and the end have others.
   */
  readonly key: string;
  readonly status: 'firing' | 'resolved';
  readonly severity: 'info' | 'warning' | 'page';
  /** One line: what, where, how much; of an end `over: ` and what was seen last. */
  readonly summary: string;
  /** What led to it, a line each; absent = the summary says all. */
  readonly details?: readonly string[];
  /** Time of the message, epoch milliseconds: the step's decision. */
  readonly step: number;
  /** First step of the episode, epoch milliseconds. */
  readonly startsAt: number;
  /** Only where it is resolved: the first step without the cause. */
  readonly endsAt?: number;
  /** `rule`, and what it is about: `pool`, `group`, `pop`, `plugin`. */
  readonly labels: Readonly<Record<string, string>>;
}

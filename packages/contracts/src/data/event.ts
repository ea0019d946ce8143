/** How one attempt ended, as the user saw it. */
export type Outcome = 'served' | 'throttled' | 'failed' | 'timed-out';

/** What a user did. `session-end` is made by a session enricher; all else comes from a source. Open: a source may add kinds. */
export type EventKind = 'request' | 'sign-in' | 'sign-in-failure' | 'session-end' | (string & {});

/**
 * One thing that a user did. Sources make it, enrichers complete it, usage counts it; it is never stored.
 *
 * Sources fill what they know and leave the rest out. `group` and `pop` may be empty until an enricher
 * fills them; an event without a group after the last enricher counts to the group `other`.
 */
export interface UsageEvent {
  /** Event time, milliseconds since the Unix epoch (UTC). */
  readonly at: number;
  readonly kind: EventKind;
  /** The group of users; '' = not known yet. */
  group: string;
  /** Point of presence that served it; '' = the only one. */
  pop: string;
  readonly outcome: Outcome;
  /** 1 = first attempt, 2 = first retry. Default 1. */
  readonly attempt?: number;
  /** How many equal events this record stands for (pre-aggregated sources). Default 1; not negative. */
  readonly count?: number;
  /** Work of one event, in the pool's `work` measure. Default 1. */
  readonly weight?: number;
  /** Bytes sent for all `count` events together. Default 0. */
  readonly bytes?: number;
  /** A stable user or client key. Only a keyed hash of it is ever kept. */
  readonly user?: string;
  readonly accessLevel?: string;
  /** A session id, where the source has one. */
  readonly session?: string;
  /** Set by a session enricher on the first event of a session. */
  sessionStart?: boolean;
  /** Length of the session that ended, milliseconds; only on `session-end`. */
  readonly sessionMs?: number;
  /** What was asked for: a path, an endpoint, a template. Without query string. */
  resource?: string;
  /** The product feature used. */
  feature?: string;
  /** ISO 3166-1 alpha-2 country, from the IP address by an enricher. */
  country?: string;
  /** The client's address as the source read it. Enrichers may read it; it is dropped before usage. Never stored. */
  readonly ip?: string;
  /** The client's user agent as the source read it. Never stored. */
  readonly agent?: string;
}

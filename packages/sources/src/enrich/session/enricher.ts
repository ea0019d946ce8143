import type { Enricher, UsageEvent } from '@auspex/contracts';
import { hash32, pack, unpack } from '@auspex/numerics';
import type { SessionOptions } from './config.ts';

/** One open session. Times in epoch ms. */
interface Session {
  readonly group: string;
  readonly pop: string;
  first: number;
  last: number;
}

/** A session that is over, and waits to be told. */
interface Ended extends Session {
  /** Not before: of a log with a gap the event that shows the end may be hours after it. */
  readonly due: number;
}

/** Open sessions of a shard. */
export interface Sessions {
  /** By group and hash of the user; iterates from the longest idle to the latest active. */
  readonly open: Map<string, Session>;
  /** Ended since too many were open, or since their user came again later than `gap`; given out by `expire` when they are due. */
  evicted: Ended[];
}

type Wire = readonly [
  open: readonly (readonly [string, string, string, number, number])[],
  evicted: readonly (readonly [string, string, number, number, number?])[],
];

/**
 * Marks the first event of each session and tells of those that ended. A session is the events of one user in one group
 * without a silence of `gap`. Only a 32-bit hash of the user is kept, and nothing of the address: events without a user
 * belong to no session.
 */
export class SessionEnricher implements Enricher<Sessions> {
  readonly #gap: number;
  readonly #maxOpen: number;
  readonly #key: number;

  /** @param key of the user hash */
  constructor({ gap, maxOpen }: SessionOptions, key = 0) {
    this.#key = key;
    this.#gap = gap;
    this.#maxOpen = maxOpen;
  }

  begin(): Sessions {
    return { open: new Map(), evicted: [] };
  }

  enrich(state: Sessions, event: UsageEvent): UsageEvent {
    if (event.user === undefined || event.user === '' || event.kind === 'session-end') return event;
    const key = `${this.#hash(event.user)} ${event.group}`;
    const { open } = state;
    const { at } = event;
    const session = open.get(key);
    if (session === undefined) {
      event.sessionStart = true;
      if (open.size >= this.#maxOpen) this.#evict(state, at);
      open.set(key, { group: event.group, pop: event.pop, first: at, last: at });
      return event;
    }
    if (at - session.last >= this.#gap) {
      // It ended before `expire` could say so.
      event.sessionStart = true;
      state.evicted.push({ ...session, due: session.last + this.#gap });
      open.delete(key);
      open.set(key, { group: event.group, pop: event.pop, first: at, last: at });
      return event;
    }
    if (at > session.last) {
      session.last = at;
      open.delete(key);
      open.set(key, session);
    } else if (at < session.first) {
      session.first = at;
    }
    return event;
  }

  /** Ended sessions, the longest idle first: O(ended), since the map is in the order of last activity. */
  expire(state: Sessions, at: number): UsageEvent[] {
    const ended = state.evicted.filter(({ due }) => due <= at).map((session) => this.#end(session, at));
    if (ended.length > 0) state.evicted = state.evicted.filter(({ due }) => due > at);
    for (const [key, session] of state.open) {
      if (at - session.last < this.#gap) break;
      state.open.delete(key);
      ended.push(this.#end(session, at));
    }
    return ended;
  }

  #evict(state: Sessions, at: number): void {
    for (const [key, session] of state.open) {
      state.open.delete(key);
      state.evicted.push({ ...session, due: at });
      return;
    }
  }

  // In the step that closes, not at the session's last event: that step has been counted already.
  #end({ group, pop, first, last }: Session, at: number): UsageEvent {
    return { kind: 'session-end', group, pop, at: at - 1, outcome: 'served', sessionMs: last - first };
  }

  #hash(user: string): string {
    return hash32(user, this.#key).toString(36);
  }

  /** Drops the open sessions of a user or group, as if they had never begun; nobody is told that they ended. */
  forget(state: Sessions, what: { readonly user: string } | { readonly group: string }): void {
    const user = 'user' in what ? `${this.#hash(what.user)} ` : undefined;
    for (const [key, session] of state.open) {
      if ('group' in what ? session.group === what.group : key.startsWith(user as string)) state.open.delete(key);
    }
    // Of a session that waits to be told nobody knows whose it was.
    if ('group' in what) state.evicted = state.evicted.filter((session) => session.group !== what.group);
  }

  encode({ open, evicted }: Sessions): Uint8Array {
    const wire: Wire = [
      [...open].map(([key, { group, pop, first, last }]) => [key, group, pop, first, last] as const),
      evicted.map(({ group, pop, first, last, due }) => [group, pop, first, last, due] as const),
    ];
    return pack(wire);
  }

  decode(bytes: Uint8Array): Sessions {
    const [open, evicted] = unpack<Wire>(bytes);
    return {
      open: new Map(open.map(([key, group, pop, first, last]) => [key, { group, pop, first, last }])),
      // Written by a version that told them at once.
      evicted: evicted.map(([group, pop, first, last, due = first]) => ({ group, pop, first, last, due })),
    };
  }
}

import { AuspexError, type Enricher, type UsageEvent } from '@auspex/contracts';
import { hash32, type Zone, zone } from '@auspex/numerics';
import type { SegmentOptions } from './config.ts';
import { type Centres, firstCentres, learn, nearest } from './kmeans.ts';
import { BUCKETS, bucketOf, COS, DIMENSIONS, QUARTERS, SIN, toPoint } from './mix.ts';
import { NONE, USAGE, Users } from './users.ts';
import { decodeSegments, encodeSegments } from './wire.ts';

const DAY = 86_400_000;
/** Points of a mini-batch. */
const BATCH = 32;
/** Most that one record counts, so that a record of millions does not drown all else that its user does. */
const MOST = 1_000;
const QUARTER = DAY / QUARTERS;

/** What a shard knows of its users. */
export interface Segments {
  readonly users: Users;
  /** Undefined until enough users are known. */
  centres: Centres | undefined;
  /** Users with enough events, until there are centres. */
  known: number;
  /** Points of the mini-batch that is being gathered. */
  batch: Float64Array;
  filled: number;
}

/**
 * Puts users into segments that it learns from what they do: mini-batch k-means over their usage mix, activity and time of day. A
 * user is looked at once a review, and moves only when several reviews in a row agree; segments keep their numbers.
 */
export class SegmentEnricher implements Enricher<Segments> {
  readonly #options: SegmentOptions;
  readonly #zone: Zone;
  readonly #key: number;
  readonly #seed: number;
  readonly #names: readonly string[];
  readonly #point = new Float64Array(DIMENSIONS);

  /**
   * @param key of the user hash
   * @param seed of the first centres
   * @throws AuspexError ZONE_UNKNOWN
   */
  constructor(options: SegmentOptions, key = 0, seed = 0) {
    this.#options = options;
    this.#key = key;
    this.#seed = seed;
    this.#names = Array.from({ length: options.segments }, (_, n) => `${options.prefix}-${n + 1}`);
    try {
      this.#zone = zone(options.zone);
    } catch (cause) {
      throw new AuspexError('ZONE_UNKNOWN', `there is no zone "${options.zone}"`, { path: 'segment.zone', cause });
    }
  }

  begin(): Segments {
    return {
      users: new Users(this.#options.maxUsers),
      centres: undefined,
      known: 0,
      batch: new Float64Array(BATCH * DIMENSIONS),
      filled: 0,
    };
  }

  enrich(state: Segments, event: UsageEvent): UsageEvent {
    const { user } = event;
    if (user === undefined || user === '' || event.kind === 'session-end') return event;
    if (event.group !== '' && !this.#options.override) return event;
    const row = this.#observe(state, hash32(user, this.#key), event);
    const segment = state.users.segment[row] as number;
    event.group = segment === NONE ? this.#options.unsorted : (this.#names[segment] as string);
    return event;
  }

  /** Adds an event to its user's row, and looks at the user when it is time. */
  #observe(state: Segments, hash: number, event: UsageEvent): number {
    const { users } = state;
    const { review, minEvents } = this.#options;
    const now = Math.floor(event.at / review);
    let row = users.rows.get(hash);
    if (row === undefined) {
      row = users.add(hash, now);
    } else if (now > (users.reviewed[row] as number)) {
      if ((users.events[row] as number) >= minEvents) this.#review(state, row);
      this.#age(users, row, now);
      users.touch(hash, row);
    }
    const weight = Math.min(event.count ?? 1, MOST);
    const at = row * USAGE;
    const bucket = at + bucketOf(event);
    users.usage[bucket] = (users.usage[bucket] as number) + weight;
    const local = this.#zone.toLocal(event.at) / QUARTER;
    const quarter = Math.floor(local - Math.floor(local / QUARTERS) * QUARTERS);
    users.usage[at + BUCKETS] = (users.usage[at + BUCKETS] as number) + weight * (COS[quarter] as number);
    users.usage[at + BUCKETS + 1] = (users.usage[at + BUCKETS + 1] as number) + weight * (SIN[quarter] as number);
    const events = (users.events[row] as number) + 1;
    users.events[row] = Math.min(events, 0xffffffff);
    if (events === minEvents) this.#enough(state, row);
    return row;
  }

  /** Lets what is known fade by the time that has passed since the last review. */
  #age(users: Users, row: number, now: number): void {
    const passed = ((now - (users.reviewed[row] as number)) * this.#options.review) / DAY;
    const fade = 2 ** ((-passed * DAY) / this.#options.halfLife);
    for (let n = row * USAGE; n < (row + 1) * USAGE; n++) users.usage[n] = (users.usage[n] as number) * fade;
    users.days[row] = (users.days[row] as number) * fade + passed;
    users.reviewed[row] = now;
  }

  /** A user has become known: one more to learn the first centres from, or one to be put into a segment at once. */
  #enough(state: Segments, row: number): void {
    const { users, centres } = state;
    if (centres !== undefined) {
      users.segment[row] = nearest(centres, this.#pointOf(users, row));
      return;
    }
    const { minEvents, segments } = this.#options;
    const wanted = Math.min(this.#options.learnFrom, this.#options.maxUsers);
    state.known++;
    if (state.known < wanted) return;
    const rows = [...users.rows.values()].filter((each) => (users.events[each] as number) >= minEvents);
    // Some may have been forgotten since.
    state.known = rows.length;
    if (rows.length < wanted) return;
    const points = new Float64Array(rows.length * DIMENSIONS);
    rows.forEach((each, n) => {
      points.set(this.#pointOf(users, each), n * DIMENSIONS);
    });
    state.centres = firstCentres(points, segments, this.#seed);
    rows.forEach((each, n) => {
      users.segment[each] = nearest(state.centres as Centres, points, n);
    });
  }

  /** Looks at a user anew, and lets the centres learn from the user. */
  #review(state: Segments, row: number): void {
    const { users, centres } = state;
    if (centres === undefined) return;
    const point = this.#pointOf(users, row);
    const found = nearest(centres, point);
    if (found === users.segment[row] || users.segment[row] === NONE) {
      users.segment[row] = found;
      users.streak[row] = 0;
    } else {
      users.streak[row] = found === users.other[row] ? Math.min((users.streak[row] as number) + 1, 255) : 1;
      users.other[row] = found;
      if ((users.streak[row] as number) >= this.#options.moves) {
        users.segment[row] = found;
        users.streak[row] = 0;
      }
    }
    state.batch.set(point, state.filled * DIMENSIONS);
    if (++state.filled < BATCH) return;
    learn(centres, state.batch);
    state.filled = 0;
  }

  #pointOf(users: Users, row: number): Float64Array {
    toPoint(users.usage, row * USAGE, users.days[row] as number, this.#point);
    return this.#point;
  }

  /**
   * Drops a user's row. What the centres have learnt from the user, as one of many, they keep, and so do the points that wait to be
   * learnt: nobody knows whose they are. Of groups it knows nothing.
   */
  forget(state: Segments, what: { readonly user: string } | { readonly group: string }): void {
    if (!('user' in what)) return;
    const { users } = state;
    const hash = hash32(what.user, this.#key);
    const row = users.rows.get(hash);
    if (row === undefined) return;
    if (state.centres === undefined && (users.events[row] as number) >= this.#options.minEvents) state.known = Math.max(0, state.known - 1);
    users.remove(hash, row);
  }

  encode(state: Segments): Uint8Array {
    return encodeSegments(state, this.#options.segments);
  }

  decode(bytes: Uint8Array): Segments {
    return decodeSegments(bytes, this.#options.segments, this.#options.maxUsers, BATCH);
  }
}

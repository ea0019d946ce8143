import { BUCKETS } from './mix.ts';

/** Numbers of a user's usage: the mix, and the sums of cosine and sine of the time of day. */
export const USAGE = BUCKETS + 2;
/** Segment of a user who is in none. */
export const NONE = 255;

/**
 * What is known of users, by number of their row: columns instead of objects, since there are ten thousands and all are in every
 * checkpoint. Rows are found by a keyed hash of the user; the longest idle user gives up the row to a new one.
 */
export class Users {
  readonly #max: number;
  /** Rows by hash, from the longest idle user on, as far as reviews tell. */
  readonly rows = new Map<number, number>();
  /** Weights, decayed to `since`. */
  usage: Float32Array;
  /** Length of the time that they were gathered over, days, decayed likewise. */
  days: Float32Array;
  /** Number of the last review: time since the epoch in reviews. */
  reviewed: Float64Array;
  /** Events so far. */
  events: Uint32Array;
  /** Segment, from 0; `NONE`. */
  segment: Uint8Array;
  /** The other segment that the last reviews saw the user in, and how many in a row. */
  other: Uint8Array;
  streak: Uint8Array;

  constructor(max: number, room = 256) {
    this.#max = max;
    const size = Math.min(max, room);
    this.usage = new Float32Array(size * USAGE);
    this.days = new Float32Array(size);
    this.reviewed = new Float64Array(size);
    this.events = new Uint32Array(size);
    this.segment = new Uint8Array(size);
    this.other = new Uint8Array(size);
    this.streak = new Uint8Array(size);
  }

  /** A row for a user that has none. */
  add(hash: number, review: number): number {
    let row = this.rows.size;
    if (row >= this.#max) {
      const [idle, free] = this.rows.entries().next().value as [number, number];
      this.rows.delete(idle);
      row = free;
    } else if (row >= this.days.length) {
      this.#grow(Math.min(this.#max, 2 * this.days.length));
    }
    this.rows.set(hash, row);
    this.usage.fill(0, row * USAGE, (row + 1) * USAGE);
    this.days[row] = 0;
    this.reviewed[row] = review;
    this.events[row] = 0;
    this.segment[row] = NONE;
    this.other[row] = NONE;
    this.streak[row] = 0;
    return row;
  }

  /** The user was active: moves to the end of the queue of those who are forgotten. */
  touch(hash: number, row: number): void {
    this.rows.delete(hash);
    this.rows.set(hash, row);
  }

  /** Gives a row up. The last one takes its place: a new user gets the row after all others. */
  remove(hash: number, row: number): void {
    this.rows.delete(hash);
    const last = this.rows.size;
    const columns = [this.days, this.reviewed, this.events, this.segment, this.other, this.streak];
    if (row !== last) {
      const moved = [...this.rows].find(([, at]) => at === last)?.[0] as number;
      this.rows.set(moved, row);
      this.usage.copyWithin(row * USAGE, last * USAGE, (last + 1) * USAGE);
      for (const column of columns) column[row] = column[last] as number;
    }
    this.usage.fill(0, last * USAGE, (last + 1) * USAGE);
    for (const column of columns) column[last] = 0;
  }

  #grow(size: number): void {
    const larger = <T extends Float32Array | Float64Array | Uint32Array | Uint8Array>(column: T, made: T): T => {
      made.set(column);
      return made;
    };
    this.usage = larger(this.usage, new Float32Array(size * USAGE));
    this.days = larger(this.days, new Float32Array(size));
    this.reviewed = larger(this.reviewed, new Float64Array(size));
    this.events = larger(this.events, new Uint32Array(size));
    this.segment = larger(this.segment, new Uint8Array(size));
    this.other = larger(this.other, new Uint8Array(size));
    this.streak = larger(this.streak, new Uint8Array(size));
  }
}

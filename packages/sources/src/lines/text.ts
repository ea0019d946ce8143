/**
 * Text is decoded as latin1, so that an index into it is a byte offset; only fields of a block that holds more than
 * ASCII are decoded again.
 */
export function utf8(latin1: string): string {
  for (let i = 0; i < latin1.length; i++) {
    if (latin1.charCodeAt(i) > 127) return Buffer.from(latin1, 'latin1').toString('utf8');
  }
  return latin1;
}

/** A copy that does not keep alive the block it was cut from: a cache of keys must not hold megabytes of log. */
export function detach(text: string): string {
  // V8 copies below 13 characters anyway.
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}

/** Gives equal texts as one detached string. Bounded: cleared when full, since what repeats comes back at once. */
export class Interner {
  readonly #map = new Map<string, string>();
  readonly #limit: number;

  constructor(limit = 65_536) {
    this.#limit = limit;
  }

  get(text: string): string {
    const known = this.#map.get(text);
    if (known !== undefined) return known;
    if (this.#map.size >= this.#limit) this.#map.clear();
    const copy = detach(text);
    this.#map.set(copy, copy);
    return copy;
  }
}

/** Text for a log or an error: one line of at most `limit` characters. */
export function excerpt(text: string, limit = 200): string {
  const line = utf8(text).replace(/[\r\n]+$/, '');
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

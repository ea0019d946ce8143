import type { Share } from '@auspex/contracts';

/** Before the growing unit overflows, everything is scaled back. */
const RESCALE = 1e9;

/**
 * Counts that fade: what was added a half-life ago weighs half. New counts are entered in a unit that grows, so that
 * nothing that is already there has to be touched. At most `2 x keep` keys; the lightest half is dropped then.
 */
export class DecayedCounts {
  readonly weights: Map<string, number>;
  readonly keep: number;
  readonly #length: number;
  /** Epoch ms at which the unit was 1. */
  origin: number;

  /**
   * @param keep keys that are kept for good
   * @param length UTF-16 units of a key that are kept
   */
  constructor(keep: number, length: number, origin = 0, weights: Iterable<readonly [string, number]> = []) {
    this.keep = keep;
    this.#length = length;
    this.origin = origin;
    this.weights = new Map(weights);
  }

  add(counts: ReadonlyMap<string, number>, at: number, halfLifeMs: number): void {
    if (counts.size === 0) return;
    let unit = this.#unit(at, halfLifeMs);
    if (unit > RESCALE) {
      for (const [key, weight] of this.weights) this.weights.set(key, weight / unit);
      this.origin = at;
      unit = 1;
    }
    for (const [name, count] of counts) {
      const key = name.length > this.#length ? name.slice(0, this.#length) : name;
      this.weights.set(key, (this.weights.get(key) ?? 0) + count * unit);
    }
    if (this.weights.size > 2 * this.keep) for (const [key] of this.#ranked().slice(this.keep)) this.weights.delete(key);
  }

  #unit(at: number, halfLifeMs: number): number {
    if (this.origin === 0) this.origin = at;
    return 2 ** ((at - this.origin) / halfLifeMs);
  }

  /** Heaviest first; equal weights by name, so that the order is always the same. */
  #ranked(): (readonly [string, number])[] {
    return [...this.weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }

  /** The heaviest keys with their share of all that is kept. */
  shares(): Share[] {
    let sum = 0;
    for (const weight of this.weights.values()) sum += weight;
    return this.#ranked()
      .slice(0, this.keep)
      .map(([key, weight]) => ({ key, share: weight / sum }));
  }

  /** What is encoded: the heaviest keys. */
  entries(): [string, number][] {
    return this.#ranked()
      .slice(0, this.keep)
      .map(([key, weight]) => [key, weight]);
  }
}

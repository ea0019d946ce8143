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
   * @param length bytes of a key in UTF-8 that are kept
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
      const key = cut(name, this.#length);
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
    const ranked = this.#ranked();
    const sum = ranked.reduce((total, [, weight]) => total + weight, 0);
    return ranked.slice(0, this.keep).map(([key, weight]) => ({ key, share: weight / sum }));
  }

  /** All that is kept, in counts of the time `at`. */
  total(at: number, halfLifeMs: number): number {
    return this.#ranked().reduce((total, [, weight]) => total + weight, 0) / 2 ** ((at - this.origin) / halfLifeMs);
  }

  /** What is encoded: the heaviest keys. */
  entries(): [string, number][] {
    return this.#ranked()
      .slice(0, this.keep)
      .map(([key, weight]) => [key, weight]);
  }
}

/** The longest start of `text` that is at most `bytes` long in UTF-8, in whole characters. */
function cut(text: string, bytes: number): string {
  // A UTF-16 unit is three bytes at most.
  if (text.length * 3 <= bytes) return text;
  let used = 0;
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) as number;
    used += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (used > bytes) return text.slice(0, i);
    i += code < 0x10000 ? 1 : 2;
  }
  return text;
}

import { compareKeys } from '../key.ts';

/**
 * The keys of a map in byte order. Sorting waits until a scan asks: an engine puts thousands of keys between two scans.
 */
export class SortedKeys {
  #sorted: readonly string[] = [];
  #added = new Set<string>();
  #removed = new Set<string>();

  add(key: string): void {
    if (!this.#removed.delete(key)) this.#added.add(key);
  }

  remove(key: string): void {
    if (!this.#added.delete(key)) this.#removed.add(key);
  }

  /** All keys in order. Never changed later, so a scan that goes on while keys come and go walks one list. */
  list(): readonly string[] {
    if (this.#added.size > 0 || this.#removed.size > 0) {
      const kept = this.#removed.size > 0 ? this.#sorted.filter((key) => !this.#removed.has(key)) : this.#sorted;
      this.#sorted = merge(kept, [...this.#added].sort(compareKeys));
      this.#added = new Set();
      this.#removed = new Set();
    }
    return this.#sorted;
  }

  /** Index of the first key >= `key`. */
  seek(key: string): number {
    const keys = this.list();
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function merge(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = [];
  let j = 0;
  for (const key of a) {
    while (j < b.length && compareKeys(b[j] as string, key) < 0) merged.push(b[j++] as string);
    merged.push(key);
  }
  while (j < b.length) merged.push(b[j++] as string);
  return merged;
}

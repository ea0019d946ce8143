/** A map of at most so many entries and bytes; who was not asked for longest goes first. */
export class Lru {
  readonly #entries = new Map<string, Uint8Array | undefined>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of the values and keys, about. */
  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#entries.get(key);
    if (!this.#entries.delete(key)) return undefined;
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: Uint8Array | undefined): void {
    this.delete(key);
    if (weight(key, value) > this.#maxBytes) return;
    this.#entries.set(key, value);
    this.#bytes += weight(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    if (!this.#entries.has(key)) return;
    this.#bytes -= weight(key, this.#entries.get(key));
    this.#entries.delete(key);
  }

  deleteAll(prefix: string): void {
    for (const key of [...this.#entries.keys()]) if (key.startsWith(prefix)) this.delete(key);
  }
}

function weight(key: string, value: Uint8Array | undefined): number {
  return 2 * key.length + (value?.length ?? 0);
}

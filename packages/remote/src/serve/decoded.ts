/** States kept decoded. */
const KEPT = 10_000;

/**
 * States that were given out as bytes a moment ago, still decoded: a series that comes back with just those bytes need not be
 * read again. Nothing depends on it but time. The least recently used are forgotten.
 */
export class DecodedStates {
  readonly #byId = new Map<string, { readonly bytes: Uint8Array; readonly state: unknown }>();

  /** The state of these bytes; from then on the caller's alone, since observing may change it in place. */
  take(id: string, bytes: Uint8Array | undefined): unknown {
    const known = this.#byId.get(id);
    this.#byId.delete(id);
    return known !== undefined && bytes !== undefined && Buffer.compare(known.bytes, bytes) === 0 ? known.state : undefined;
  }

  put(id: string, bytes: Uint8Array, state: unknown): void {
    this.#byId.set(id, { bytes, state });
    if (this.#byId.size <= KEPT) return;
    for (const oldest of this.#byId.keys()) {
      this.#byId.delete(oldest);
      break;
    }
  }
}

import { hash32 } from '@auspex/numerics';
import type { Head } from './block.ts';

/** Bytes by which a file is known again after a restart. */
export const HEAD_BYTES = 128;

/** The first bytes of a file: tells a replaced file from a grown one. */
export class FileHead implements Head {
  #text: string;
  #whole: number | undefined;

  /** @param bytes the first bytes of the file; fewer than `HEAD_BYTES` may be completed by `add`. */
  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#text = bytes.toString('latin1', 0, HEAD_BYTES);
  }

  /** Takes the bytes that follow, until enough are known. */
  add(bytes: Buffer): void {
    if (this.#text.length < HEAD_BYTES) this.#text += bytes.toString('latin1', 0, HEAD_BYTES - this.#text.length);
  }

  hash(offset: number): number {
    if (offset < HEAD_BYTES) return hash32(this.#text.slice(0, offset));
    this.#whole ??= hash32(this.#text);
    return this.#whole;
  }
}

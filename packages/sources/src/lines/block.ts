/** Longest line that is read, bytes; a longer one is malformed and skipped without being held in memory. */
export const LINE_LIMIT = 1_048_576;

/** Whole lines of one file, decoded as latin1: an index into `text` is a byte offset. */
export interface Block {
  readonly kind: 'block';
  readonly file: string;
  /** Ends with a newline, also when the file's last line does not. */
  readonly text: string;
  /** Byte offset of `text` in the uncompressed file. */
  readonly offset: number;
  /** Bytes of the file that the block covers: where the next block begins. */
  readonly bytes: number;
  /** Number of the first line, from 1. */
  readonly line: number;
  /** False when fields need decoding by `utf8`. */
  readonly ascii: boolean;
  /** The block is one line over `LINE_LIMIT`; `text` is empty. */
  readonly overlong: boolean;
  /** Hash of the first bytes of the file, by which it is known again. */
  readonly head: Head;
}

/** What a line reader says: lines, that a file ended, or that all there is has been read. */
export type Said =
  | Block
  | { readonly kind: 'file-end'; readonly file: string; readonly head: Head }
  /** `healthy`: whoever writes could have written more, so silence up to now means that nothing happened. */
  | { readonly kind: 'idle'; readonly healthy: boolean };

/** The first bytes of a file. */
export interface Head {
  /** Hash of the first min(128, offset) bytes. */
  hash(offset: number): number;
}

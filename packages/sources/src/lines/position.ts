import { AuspexError } from '@auspex/contracts';

/** Where reading stopped. */
export interface Position {
  /** Path of the file. */
  readonly file: string;
  /** Bytes of uncompressed text read. */
  readonly offset: number;
  /** Lines read. */
  readonly line: number;
  /** Hash of the first bytes of the file; tells a replaced file. */
  readonly head: number;
  /** Highest event time so far, epoch ms. */
  readonly at?: number;
}

/** As text for a checkpoint. */
export function encodePosition({ file, offset, line, head, at }: Position): string {
  return JSON.stringify({ file, offset, line, head, ...(at !== undefined && Number.isFinite(at) ? { at } : {}) });
}

/**
 * @param partition named in the error
 * @throws AuspexError SOURCE_POSITION_LOST on text that is no position of these sources
 */
export function decodePosition(text: string, partition: string): Position {
  try {
    const value = JSON.parse(text) as Position;
    if (typeof value.file === 'string' && Number.isSafeInteger(value.offset) && Number.isSafeInteger(value.line)) return value;
  } catch {
    // Falls through to the one error below.
  }
  throw new AuspexError('SOURCE_POSITION_LOST', `the checkpoint holds no position of this source: ${text.slice(0, 80)}`, {
    path: partition,
  });
}

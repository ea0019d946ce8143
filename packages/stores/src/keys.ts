import { AuspexError } from '@auspex/contracts';

/** Bytes of a key in UTF-8; LMDB itself would end at 1,978. */
export const MOST_KEY_BYTES = 512;

/** @throws STORE_KEY_TOO_LONG; an empty key is refused alike */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > MOST_KEY_BYTES) {
    throw new AuspexError('STORE_KEY_TOO_LONG', `a key of ${bytes} bytes; 1 to ${MOST_KEY_BYTES} are allowed`, { path: key.slice(0, 80) });
  }
}

export function closedError(id: string): AuspexError {
  return new AuspexError('STORE_CLOSED', 'the store was closed', { path: `store(${id})` });
}

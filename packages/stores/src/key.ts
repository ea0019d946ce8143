import { AuspexError } from '@auspex/contracts';

/** The longest key, bytes of UTF-8 (the contract of `Store`). */
export const MAX_KEY_BYTES = 512;

/** @throws AuspexError `STORE_KEY_TOO_LONG` above 512 bytes of UTF-8 */
export function checkKey(key: string): void {
  // A UTF-16 unit is at most three bytes, so short keys need no counting.
  if (key.length * 3 <= MAX_KEY_BYTES) return;
  const bytes = Buffer.byteLength(key);
  if (bytes <= MAX_KEY_BYTES) return;
  throw new AuspexError('STORE_KEY_TOO_LONG', `the key has ${bytes} bytes, ${MAX_KEY_BYTES} are allowed`, { path: `${key.slice(0, 60)}…` });
}

/** Order of the keys' UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates (beyond U+FFFF) below U+E000; in UTF-8 they come last. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

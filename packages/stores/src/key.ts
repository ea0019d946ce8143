import { AuspexError } from '@auspex/contracts';

/** The longest key, bytes of UTF-8 (the contract of `Store`). */
export const MAX_KEY_BYTES = 512;

/** What the keys of a tenant begin with: `@tenant/`, in front of the key. */
const TENANT = '@';
/** The longest such beginning, bytes. It does not count: a tenant's own keys may be as long as any. */
export const MAX_TENANT_BYTES = 130;

/** Where a key's own text begins: after its tenant. */
export function ownStart(key: string): number {
  return key.startsWith(TENANT) ? key.indexOf('/') + 1 : 0;
}

/** What is put in front of the keys of `tenant`. */
export function tenantPrefix(tenant: string): string {
  return `${TENANT}${encodeURIComponent(tenant)}/`;
}

/** @throws AuspexError `STORE_KEY_TOO_LONG` above 512 bytes of UTF-8 */
export function checkKey(key: string): void {
  // A UTF-16 unit is at most three bytes, so short keys need no counting.
  if (key.length * 3 <= MAX_KEY_BYTES) return;
  const bytes = Buffer.byteLength(key);
  const allowed = MAX_KEY_BYTES + Math.min(ownStart(key), MAX_TENANT_BYTES);
  if (bytes <= allowed) return;
  throw new AuspexError('STORE_KEY_TOO_LONG', `the key has ${bytes} bytes, ${allowed} are allowed`, { path: `${key.slice(0, 60)}…` });
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

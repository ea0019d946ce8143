import type { StoreWrite } from '@auspex/contracts';
import { checkKey } from './key.ts';

/**
 * Checks every write before the first is applied: a batch is whole or not at all.
 *
 * @throws AuspexError `STORE_KEY_TOO_LONG`
 * @throws TypeError where a value is no `Uint8Array`
 */
export function checkWrites(writes: readonly StoreWrite[]): void {
  for (const write of writes) {
    checkKey(write.key);
    if (write.type === 'put') checkValue(write.value);
  }
}

/** @throws TypeError where `value` is no `Uint8Array` */
export function checkValue(value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new TypeError('a store keeps Uint8Array values alone');
}

/** Are both the same bytes, or both absent? An empty value is not absent. */
export function sameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

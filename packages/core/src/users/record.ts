import type { Store, StoreWrite } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { KEYS } from '../persistence/keys.ts';
import { type KeyBase, KeyChain, newBase } from './keys.ts';

const FORMAT = 1;
const DAY_MS = 86_400_000;
/** Days behind the present one whose keys are kept: no zone is further behind UTC than one, and late events may be of the day before. */
const KEPT_DAYS = 2;

interface UsersRecord {
  readonly v: number;
  readonly day: number;
  readonly key: Uint8Array;
}

/** The oldest day whose key is kept once time has come to `at` (epoch ms). */
export function oldestDay(at: number): number {
  return Math.floor(at / DAY_MS) - KEPT_DAYS;
}

export function encodeBase({ day, key }: KeyBase): Uint8Array {
  return pack({ v: FORMAT, day, key } satisfies UsersRecord);
}

/** @throws on bytes of another format */
export function decodeBase(bytes: Uint8Array): KeyBase {
  const record = unpack<UsersRecord | undefined>(bytes);
  if (record?.v !== FORMAT || !Number.isSafeInteger(record.day) || !(record.key instanceof Uint8Array) || record.key.length !== 32)
    throw new Error('no keys of users of format 1');
  return { day: record.day, key: new Uint8Array(record.key) };
}

/** The present chain, as a write of the store's next batch. */
export function baseWrite(base: KeyBase): StoreWrite {
  return { type: 'put', key: KEYS.users, value: encodeBase(base) };
}

/** All that is asked of the store here. */
type Keeping = Pick<Store, 'get' | 'compareAndSet'>;

/**
 * The keys of a store, made by whoever is first. What cannot be read begins anew: the users of that day count twice.
 *
 * @param onUnreadable told why the keys could not be read
 */
export async function readKeys(store: Keeping, onUnreadable: (error: unknown) => void): Promise<KeyChain> {
  return (await read(store, onUnreadable)).chain;
}

async function read(store: Keeping, onUnreadable: (error: unknown) => void): Promise<{ bytes: Uint8Array; chain: KeyChain }> {
  for (;;) {
    const bytes = await store.get(KEYS.users);
    try {
      if (bytes !== undefined) return { bytes, chain: new KeyChain(decodeBase(bytes)) };
    } catch (error) {
      onUnreadable(error);
    }
    const base = newBase();
    const next = encodeBase(base);
    if (await store.compareAndSet(KEYS.users, bytes, next)) return { bytes: next, chain: new KeyChain(base) };
  }
}

/** Moves the keys that shards begin from on to `day`, and says what they are then. Instances may do this at the same moment. */
export async function advanceShared(store: Keeping, day: number, onUnreadable: (error: unknown) => void): Promise<KeyBase> {
  for (;;) {
    const { bytes, chain } = await read(store, onUnreadable);
    const next = chain.baseAt(day);
    if (next === undefined) return chain.base;
    if (await store.compareAndSet(KEYS.users, bytes, encodeBase(next))) return next;
  }
}

import { AuspexError, formatDuration, type Store } from '@auspex/contracts';
import { KEYS } from '../persistence/keys.ts';

/** An operator's word for a pool, kept in the store beside a running engine. Times in epoch ms. */
export interface Hold {
  readonly pool: string;
  /** `freeze`: units stay as they are; `pin`: exactly `units`, inside the pool's bounds. */
  readonly kind: 'freeze' | 'pin';
  readonly units?: number;
  /** A freeze that lets units rise. */
  readonly inOnly?: boolean;
  readonly until: number;
  readonly made: number;
  readonly by: string;
  readonly reason: string;
}

/** Longest that a hold may last: what nobody remembers must end by itself. */
export const LONGEST_HOLD_MS = 7 * 86_400_000;

const decoder = new TextDecoder();

/**
 * Writes a hold, in place of the one that the pool has. The engine takes it up at its next step.
 * @throws AuspexError SUPPORT where it has no end ahead of it, lasts too long, or pins to no whole number
 */
export async function setHold(store: Store, hold: Hold): Promise<void> {
  const lasts = hold.until - hold.made;
  if (!(lasts > 0 && lasts <= LONGEST_HOLD_MS)) {
    throw new AuspexError('SUPPORT', `a hold lasts longer than nothing and at most ${formatDuration(LONGEST_HOLD_MS)}`, {
      remedy: 'Say it again when it is over.',
    });
  }
  if (hold.kind === 'pin' && !(Number.isInteger(hold.units) && (hold.units as number) >= 0))
    throw new AuspexError('SUPPORT', 'a pin needs a whole number of units', { remedy: 'Say how many: --units 12.' });
  await store.batch([{ type: 'put', key: KEYS.hold(hold.pool), value: new TextEncoder().encode(JSON.stringify(hold)) }]);
}

/** Ends the hold of a pool; returns it, or undefined where there was none. */
export async function endHold(store: Store, pool: string): Promise<Hold | undefined> {
  const bytes = await store.get(KEYS.hold(pool));
  if (!bytes) return undefined;
  await store.batch([{ type: 'delete', key: KEYS.hold(pool) }]);
  return decode(bytes);
}

/** All holds of a store, by pool; those that are over too. One that cannot be read is none. */
export async function readHolds(store: Store): Promise<Hold[]> {
  const holds: Hold[] = [];
  for await (const [, bytes] of store.scan(KEYS.holds)) {
    const hold = decode(bytes);
    if (hold) holds.push(hold);
  }
  return holds;
}

function decode(bytes: Uint8Array): Hold | undefined {
  try {
    const hold = JSON.parse(decoder.decode(bytes)) as Hold;
    const known = hold.kind === 'freeze' || (hold.kind === 'pin' && Number.isInteger(hold.units));
    // Whoever wrote it: no hold is for ever.
    const ends = hold.until > hold.made && hold.until - hold.made <= LONGEST_HOLD_MS;
    return known && ends && typeof hold.pool === 'string' ? hold : undefined;
  } catch {
    return undefined;
  }
}

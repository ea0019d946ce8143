import { hostname } from 'node:os';
import { AuspexError, type Store } from '@auspex/contracts';
import { unpack } from '@auspex/numerics';
import { instant, plural, span } from '../text.ts';
import type { Found } from './checkup.ts';

/** Key of the lease, as the engine writes it; of a shard below its prefix. */
const LEASE = 'lease/allocator';
const SHARDS = 'shard/';
/** How long a lease holds at most: one that ends later was written by a clock that is ahead. */
const LEASE_MS = 30_000;
const TOLERATED_MS = 5_000;

interface Held {
  readonly owner: string;
  /** Epoch ms. */
  readonly expires: number;
}

export interface Leases {
  /** Does an engine run on this store now? */
  readonly held: boolean;
}

/** Who holds the store, and whether his clock agrees with ours. */
export async function checkLease(store: Store, now: number): Promise<Found<Leases>> {
  const whole = await heldAt(store, LEASE, now);
  const shards: Held[] = [];
  let count = 0;
  for await (const prefix of shardsOf(store)) {
    count++;
    const held = await heldAt(store, prefix + LEASE, now);
    if (held) shards.push(held);
  }
  const all = whole ? [whole, ...shards] : shards;
  const [first] = all;
  if (!first) return { seen: 'nobody holds it', value: { held: false } };
  const latest = Math.max(...all.map(({ expires }) => expires));
  const owners = [...new Set(all.map(({ owner }) => nameOf(owner)))].join(', ');
  const value = { held: true };
  const ahead = latest - now - LEASE_MS;
  if (ahead > TOLERATED_MS) {
    const seen = `${owners} holds it until ${instant(latest)}, ${span(ahead)} later than is possible: the clocks of the two hosts differ`;
    return {
      seen,
      code: 'STORE_LOCKED',
      remedy: 'Set both clocks, by NTP; until then neither can tell whether the other still runs.',
      value,
    };
  }
  const seen = whole
    ? `${owners} holds it until ${instant(latest)}: an engine runs`
    : `${owners} holds ${shards.length} of ${plural(count, 'shard')}: engines run`;
  // Instances of a group share the store, each with leases of its own.
  if (!whole) return { seen, value };
  return {
    seen,
    code: 'STORE_LOCKED',
    remedy: 'Nothing, if that is the run you know of; a second one ends with STORE_LOCKED while it lasts.',
    value,
  };
}

async function heldAt(store: Store, key: string, now: number): Promise<Held | undefined> {
  const bytes = await store.get(key);
  if (bytes === undefined) return undefined;
  const { owner, expires } = leaseOf(bytes, key);
  return expires > now && !isGone(owner) ? { owner, expires } : undefined;
}

function leaseOf(bytes: Uint8Array, key: string): Held {
  let record: Partial<Held>;
  try {
    record = unpack<Partial<Held>>(bytes);
  } catch {
    record = {};
  }
  const { owner, expires } = record;
  if (typeof owner === 'string' && typeof expires === 'number') return { owner, expires };
  throw new AuspexError('STORE_UNREADABLE', `${key} holds no lease`, { path: 'store' });
}

/** The prefixes of the shards, each found by the first key behind the last shard. */
async function* shardsOf(store: Store): AsyncGenerator<string> {
  for (let from = SHARDS; ; ) {
    let prefix: string | undefined;
    for await (const [key] of store.scan(SHARDS, { from, limit: 1 })) prefix = key.slice(0, key.indexOf('/', SHARDS.length) + 1);
    if (prefix === undefined || prefix.length <= SHARDS.length) return;
    yield prefix;
    // '0' follows '/'.
    from = `${prefix.slice(0, -1)}0`;
  }
}

/** Host and process of an owner; what tells apart containers is for the engine. */
function nameOf(owner: string): string {
  const [host = '', pid = ''] = owner.split(':');
  return `${host}:${pid}`;
}

/** Is it a process of this host that no longer runs? Then its lease is free. */
function isGone(owner: string): boolean {
  const [host, pid] = owner.split(':');
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

import { AuspexError, type Clock, type Store } from '@auspex/contracts';
import { heartbeat } from '../defaults/heartbeat.ts';
import { thisProcess } from '../defaults/owner.ts';
import { LEASE_MS, Lease } from '../persistence/lease.ts';
import { scopedStore } from '../persistence/scoped.ts';

const SHARDS = 'shard/';

/** A part of a store that an engine has to itself. */
export interface Scope {
  /** Empty for the whole, else that of the shard. */
  readonly prefix: string;
  readonly store: Store;
}

/** The whole store, and the part of each shard of a shared source. */
export async function scopesOf(store: Store): Promise<Scope[]> {
  const scopes: Scope[] = [{ prefix: '', store: { ...scopedStore(() => store, ''), close: async () => undefined } }];
  let from = SHARDS;
  for (;;) {
    const [first] = await entries(store, SHARDS, from, 1);
    if (!first) return scopes;
    const prefix = first[0].slice(0, first[0].indexOf('/', SHARDS.length) + 1);
    if (prefix === '') return scopes;
    scopes.push({ prefix, store: { ...scopedStore(() => store, prefix), close: async () => undefined } });
    // The next key that does not begin with it: `0` comes after `/`.
    from = `${prefix.slice(0, -1)}0`;
  }
}

/** Some entries at once, so that nothing is written while a scan is open. */
export async function entries(store: Store, prefix: string, from: string, limit: number): Promise<(readonly [string, Uint8Array])[]> {
  const found: (readonly [string, Uint8Array])[] = [];
  for await (const entry of store.scan(prefix, { from, limit })) found.push(entry);
  return found;
}

/** The leases of all parts, held while they are written to. */
export class Leases {
  readonly #leases: Lease[] = [];
  #beat: { stop(): void } | undefined;
  #lost: unknown;

  /** @throws AuspexError STORE_LOCKED naming who holds one; then none is held */
  async acquire(scopes: readonly Scope[], clock: Clock): Promise<void> {
    try {
      for (const { store } of scopes) {
        const lease = new Lease(store, clock, `${thisProcess()}:forget`);
        await lease.acquire();
        this.#leases.push(lease);
      }
    } catch (error) {
      await this.release();
      if (!(error instanceof AuspexError) || error.code !== 'STORE_LOCKED') throw error;
      throw new AuspexError('STORE_LOCKED', `an engine is at work on this store: ${error.message}`, {
        remedy: 'Stop it first, forget, and start it again.',
        cause: error,
      });
    }
    this.#beat = heartbeat(LEASE_MS / 3, () => void this.renew().catch((error: unknown) => (this.#lost = error)));
  }

  /** @throws AuspexError STORE_LOCKED where one was lost */
  async renew(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    for (const lease of this.#leases) await lease.renew();
  }

  async release(): Promise<void> {
    this.#beat?.stop();
    // One that cannot be given back runs out by itself, and must not keep the others.
    await Promise.allSettled(this.#leases.splice(0).map((lease) => lease.release()));
  }
}

import { AuspexError, type Clock, type Store } from '@auspex/contracts';
import { pack, unpack } from '@auspex/numerics';
import { isDead, thisProcess } from '../defaults/owner.ts';
import { KEYS } from './keys.ts';

interface LeaseRecord {
  readonly owner: string;
  readonly epoch: number;
  /** Epoch ms. */
  readonly expires: number;
}

/** How long a lease holds without renewal. */
export const LEASE_MS = 30_000;

/**
 * The right to allocate: one record by compare-and-set, with an epoch that rises at every change of hands. Every order
 * carries the epoch, so that a paused and resumed old owner changes nothing.
 */
export class Lease {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #owner: string;
  #held: Uint8Array | undefined;
  #renewing: Promise<void> = Promise.resolve();
  epoch = 0;

  constructor(store: Store, clock: Clock, owner: string = thisProcess()) {
    this.#store = store;
    this.#clock = clock;
    this.#owner = owner;
  }

  /**
   * Takes the lease when it is free, expired, or its owner is a dead process of this host.
   * @throws STORE_LOCKED while another instance holds it
   */
  async acquire(): Promise<void> {
    const present = await this.#store.get(KEYS.lease);
    const record = present === undefined ? undefined : unpack<LeaseRecord>(present);
    if (record && record.owner !== this.#owner && record.expires > this.#clock.now() && !isDead(record.owner)) {
      throw new AuspexError('STORE_LOCKED', `${record.owner} holds the store's lease until ${new Date(record.expires).toISOString()}`);
    }
    const next = this.#record((record?.epoch ?? 0) + 1);
    if (!(await this.#store.compareAndSet(KEYS.lease, present, next))) {
      throw new AuspexError('STORE_LOCKED', 'another instance took the lease at the same moment');
    }
    this.epoch = (record?.epoch ?? 0) + 1;
    this.#held = next;
  }

  /** One renewal at a time: two at once would each take the other for a thief. @throws STORE_LOCKED when the lease was lost */
  renew(): Promise<void> {
    this.#renewing = this.#renewing.then(() => this.#renewNow());
    return this.#renewing;
  }

  async #renewNow(): Promise<void> {
    const next = this.#record(this.epoch);
    if (!(await this.#store.compareAndSet(KEYS.lease, this.#held, next))) {
      throw new AuspexError('STORE_LOCKED', 'the lease was taken by another instance');
    }
    this.#held = next;
  }

  /** Gives the lease back at once, if it is still ours. */
  async release(): Promise<void> {
    // A heartbeat that is under way would leave another value behind than the one that is compared with.
    await this.#renewing.catch(() => undefined);
    if (this.#held === undefined) return;
    const next = pack({ owner: this.#owner, epoch: this.epoch, expires: 0 } satisfies LeaseRecord);
    await this.#store.compareAndSet(KEYS.lease, this.#held, next);
    this.#held = undefined;
  }

  #record(epoch: number): Uint8Array {
    return pack({ owner: this.#owner, epoch, expires: this.#clock.now() + LEASE_MS } satisfies LeaseRecord);
  }
}

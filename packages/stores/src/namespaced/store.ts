import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';
import { checkKey, compareKeys, MAX_TENANT_BYTES, tenantPrefix } from '../key.ts';

/**
 * A tenant's own view of a store that several share: its keys come and go without the tenant, lie apart as `@tenant/key`, and are as long as
 * any (where the store inside is one of this package). A lease is the tenant's own too. Closing the view leaves the store open.
 *
 * @param tenant any text of 1 to 128 bytes once it is percent-encoded
 */
export function namespaced(store: Store, tenant: string): Store {
  return new NamespacedStore(store, tenant);
}

class NamespacedStore implements Store {
  readonly #store: Store;
  readonly #tenant: string;
  readonly #prefix: string;
  #closed = false;

  constructor(store: Store, tenant: string) {
    this.#store = store;
    this.#tenant = tenant;
    this.#prefix = tenantPrefix(tenant);
    if (tenant === '' || this.#prefix.length > MAX_TENANT_BYTES) {
      throw new AuspexError('CONFIG_INVALID', `"${tenant.slice(0, 60)}" is no name of a tenant: it has 1 to 128 bytes, percent-encoded`, {
        path: 'tenant',
      });
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#store.get(this.#outer(key));
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#open();
    await this.#store.batch(writes.map((write) => ({ ...write, key: this.#outer(write.key) })));
  }

  async *scan(
    prefix: string,
    options: { readonly from?: string; readonly limit?: number } = {},
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    const { from, ...rest } = options;
    const outer = this.#outer(prefix);
    // An earlier `from` is no limit, and in front of the tenant's keys it would be another place.
    const begin = from !== undefined && compareKeys(from, prefix) > 0 ? { from: this.#outer(from) } : {};
    for await (const [key, value] of this.#store.scan(outer, { ...rest, ...begin })) {
      yield [key.slice(this.#prefix.length), value];
      this.#open();
    }
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    return this.#store.compareAndSet(this.#outer(key), expected, next);
  }

  /** May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  #outer(key: string): string {
    this.#open();
    checkKey(key);
    return this.#prefix + key;
  }

  #open(): void {
    if (this.#closed) throw new AuspexError('STORE_CLOSED', `the store of tenant ${this.#tenant} was closed`);
  }
}

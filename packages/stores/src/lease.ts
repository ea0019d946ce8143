const LEASE = /^(?:.*\/)?lease\/[^/]*$/;

/** Where `key` is a lease (`lease/allocator`, also a tenant's): the prefix of the keys that its owner alone may write. Undefined for any other. */
export function guardedBy(key: string): string | undefined {
  return LEASE.test(key) ? key.slice(0, key.lastIndexOf('lease/')) : undefined;
}

import type { PluginStore, Store } from '@auspex/contracts';

/** The part of a store under `prefix`, as one plugin sees it: keys come and go without the prefix. */
export function scopedStore(store: () => Store, prefix: string): PluginStore {
  return {
    get: async (key) => store().get(prefix + key),
    batch: async (writes) => store().batch(writes.map((write) => ({ ...write, key: prefix + write.key }))),
    compareAndSet: async (key, expected, next) => store().compareAndSet(prefix + key, expected, next),
    async *scan(under, options = {}) {
      const from = options.from === undefined ? {} : { from: prefix + options.from };
      for await (const [key, value] of store().scan(prefix + under, { ...options, ...from }))
        yield [key.slice(prefix.length), value] as const;
    },
  };
}

import type { Plugin } from '@auspex/contracts';
import { z } from 'zod';
import { closingBoth, pluginAround } from '../plugin-of.ts';
import { cached } from './store.ts';

const shape = {
  maxEntries: z.int().min(1).default(10_000).describe('Entries that are kept in memory.'),
  maxBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024)
    .describe('Bytes of keys and values that are kept in memory.'),
  prefixes: z
    .array(z.string())
    .default([''])
    .describe(
      'Beginnings of the keys that are kept: those that no other process writes while this one reads. Default: all; leases never are.',
    ),
};

/** The store plugin `inner` with a read cache: `store: use(cachedPlugin(mongo), { maxEntries: 50_000, store: { url } })`. */
export function cachedPlugin<C extends z.ZodType>(inner: Plugin<'store', C>): Plugin<'store', z.ZodObject<typeof shape & { store: C }>> {
  return pluginAround('cached', `The store ${inner.id} behind a bounded read cache.`, inner, shape, (store, options) =>
    closingBoth(cached(store, options), store),
  );
}

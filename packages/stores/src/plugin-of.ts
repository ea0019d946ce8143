import { defineStore, type Plugin, type PluginContext, type Store } from '@auspex/contracts';
import { z } from 'zod';

/**
 * A store plugin around another one: its options are those of `shape` and, under `store`, those of the inner plugin; it is as durable as that is.
 *
 * @param wrap makes the store; closing it closes the inner one too
 */
export function pluginAround<S extends z.ZodRawShape, C extends z.ZodType>(
  name: string,
  summary: string,
  inner: Plugin<'store', C>,
  shape: S,
  wrap: (store: Store, options: z.output<z.ZodObject<S>>, context: PluginContext) => Store,
): Plugin<'store', z.ZodObject<S & { store: C }>> {
  const config = z.strictObject({ ...shape, store: inner.config.describe(`Options of the store \`${inner.id}\` inside.`) });
  return defineStore({
    id: `${name}-${inner.id}`,
    summary,
    config: config as unknown as z.ZodObject<S & { store: C }>,
    capabilities: inner.capabilities,
    create(options, context) {
      const { store, ...own } = options as { store: z.output<C> };
      return wrap(inner.create(store, context), own as z.output<z.ZodObject<S>>, context);
    },
  });
}

/** Closes the inner store with the outer one. */
export function closingBoth(outer: Store, inner: Store): Store {
  return {
    get: (key) => outer.get(key),
    batch: (writes) => outer.batch(writes),
    scan: (prefix, options) => outer.scan(prefix, options),
    compareAndSet: (key, expected, next) => outer.compareAndSet(key, expected, next),
    async close() {
      await outer.close();
      await inner.close();
    },
  };
}

import type { Plugin } from '@auspex/contracts';
import { z } from 'zod';
import { closingBoth, pluginAround } from '../plugin-of.ts';
import { namespaced } from './store.ts';

const shape = {
  tenant: z.string().min(1).describe('Whose keys; other tenants in the same store neither see nor change them. No default.'),
};

/**
 * The store plugin `inner` with a tenant: `store: use(namespacedPlugin(mongo), { tenant: 'acme', store: { url } })`.
 */
export function namespacedPlugin<C extends z.ZodType>(
  inner: Plugin<'store', C>,
): Plugin<'store', z.ZodObject<typeof shape & { store: C }>> {
  return pluginAround(
    'namespaced',
    `The store ${inner.id}, shared by tenants that do not see each other.`,
    inner,
    shape,
    (store, { tenant }) => closingBoth(namespaced(store, tenant), store),
  );
}

import type { Actuator, PluginStore, Store } from '@auspex/contracts';
import { type ResolvedConfig, type ResolvedPlugin, standaloneContext } from '@auspex/core';
import { plural } from '../text.ts';
import { atMost, type Checkup } from './checkup.ts';

/**
 * Makes each actuator and reads its target back; nothing is ordered.
 *
 * @param missing the package that a plugin lacks, if any
 */
export async function checkTargets(
  checkup: Checkup,
  { actuators, settings }: ResolvedConfig,
  store: Store | undefined,
  missing: (used: ResolvedPlugin) => string | undefined,
): Promise<void> {
  if (actuators.size === 0) await checkup.run('targets', 'PLUGIN_FAILED', () => ({ seen: 'no pool has an actuator' }));
  for (const [pool, used] of actuators) {
    const { plugin, options, path } = used;
    const lacking = missing(used);
    if (lacking !== undefined) {
      checkup.skip(path, `the package ${lacking} is missing`);
      continue;
    }
    const floor = settings.pools.find(({ id }) => id === pool)?.control === 'floor';
    const kept =
      floor && plugin.capabilities.lease === 'keeper' ? '; its floors are ended by auspex keep, which has to run beside the engine' : '';
    await checkup.run(path, 'PLUGIN_FAILED', async (signal) => {
      const context = standaloneContext({
        clock: checkup.clock,
        signal,
        ...(store ? { store: readOnly(store, `plugin/actuator/${encodeURIComponent(plugin.id)}/`) } : {}),
      });
      const actuator = plugin.create(options as never, context) as Actuator;
      try {
        const { units, ready } = await actuator.read(pool, signal);
        const seen = `pool ${pool}: ${plural(units, 'unit')} ordered, ${ready} ready${kept}`;
        if (!floor || plugin.capabilities.lease !== 'none') return { seen };
        const remedy = 'Set control: full for the pool, or use an actuator whose floors end by themselves or by a keeper.';
        return { seen: `${seen}; shadow only: it has no lease, and --mode live refuses its floor`, code: 'CONFIG_INVALID', remedy };
      } finally {
        await atMost(checkup.clock, 2_000, actuator.close?.());
      }
    });
  }
}

/** What an actuator keeps, as it keeps it in a run, but nothing that it writes. */
function readOnly(store: Store, prefix: string): PluginStore {
  return {
    get: (key) => store.get(prefix + key),
    batch: async () => undefined,
    compareAndSet: async () => false,
    async *scan(under, options = {}) {
      const from = options.from === undefined ? {} : { from: prefix + options.from };
      for await (const [key, value] of store.scan(prefix + under, { ...options, ...from }))
        yield [key.slice(prefix.length), value] as const;
    },
  };
}

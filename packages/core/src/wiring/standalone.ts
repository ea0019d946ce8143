import { AuspexError, type PluginContext, type PluginStore } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { WallClock } from '../defaults/clock.ts';
import { MemoryMeter, silentLogger } from '../defaults/logger.ts';

const refuse = (): never => {
  throw new AuspexError('SUPPORT', 'there is no store outside of an engine', {
    remedy: 'Run the plugin in an engine, or hand it a store.',
  });
};
const noStore: PluginStore = {
  get: async () => refuse(),
  batch: async () => refuse(),
  compareAndSet: async () => refuse(),
  // biome-ignore lint/correctness/useYield: it has nothing to yield
  async *scan() {
    refuse();
  },
};

/** A context for a plugin that is used by itself, without an engine: the wall clock, no log, no store. */
export function standaloneContext(given: Partial<PluginContext> = {}): PluginContext {
  return {
    clock: new WallClock(),
    random: new SeededRandom(1),
    logger: silentLogger,
    meter: new MemoryMeter(),
    store: noStore,
    signal: new AbortController().signal,
    ...given,
  };
}

import type { PluginContext } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';

const nothing = (): void => {};

export const context: PluginContext = {
  clock: { now: () => 0, sleep: async () => {} },
  random: new SeededRandom(1),
  logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  meter: { count: nothing, gauge: nothing },
  signal: new AbortController().signal,
};

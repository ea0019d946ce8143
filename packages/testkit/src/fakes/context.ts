import type { PluginContext } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { ManualClock } from './clock.ts';
import { RecordingLogger } from './logger.ts';
import { RecordingMeter } from './meter.ts';
import { MapStore } from './store.ts';

/** A context for tests: a manual clock, a seeded random, recorders, a store in memory, a signal that never aborts. */
export function fakeContext(given: Partial<PluginContext> = {}): PluginContext {
  return {
    clock: new ManualClock(),
    random: new SeededRandom('testkit'),
    logger: new RecordingLogger(),
    meter: new RecordingMeter(),
    store: new MapStore(),
    signal: new AbortController().signal,
    ...given,
  };
}

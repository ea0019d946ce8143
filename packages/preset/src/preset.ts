import { type AuspexConfig, use } from '@auspex/core';
import { hmmRegime } from '@auspex/models-hmm';
import { rnn } from '@auspex/models-rnn';
import { seasonal } from '@auspex/models-seasonal';
import { seedAssessor, tieredAllocator } from '@auspex/policies';
import { behavior } from '@auspex/profiles';
import { lmdb } from '@auspex/stores/lmdb';

/** What a config must add to the default engine. */
export type PresetInput = Pick<AuspexConfig, 'sources' | 'pools'> & Partial<AuspexConfig>;

/**
 * The default engine, whole. What is given replaces a slot as it is: nothing is merged.
 *
 * Groups are forecast by the seasonal regression alone, since they explain and share out; the pools' totals, which
 * decide, get every model. Units are for the demand that nine of ten outcomes stay below, and never below what the
 * reactive policy asks for; the plugin's own default is the median, without a floor.
 *
 * ```ts
 * export default preset({
 *   sources: [use(accessLog, { files: ['access.log'] })],
 *   pools: [{ id: 'web', unitRate: 50, leadTime: '5m' }],
 * });
 * ```
 */
export function preset(input: PresetInput): AuspexConfig {
  return {
    profiler: use(behavior),
    predictors: [use(seasonal), { ...use(hmmRegime), for: 'pools' }, { ...use(rnn), for: 'pools' }],
    assess: use(seedAssessor),
    allocate: use(tieredAllocator, { floor: 'reactive', leadQuantile: 0.9 }),
    store: use(lmdb, { path: '.auspex/store' }),
    ...input,
  };
}

import { alertLog } from '@auspex/alerts';
import { audience } from '@auspex/alerts/audience';
import { combined } from '@auspex/alerts/detect';
import { type AuspexConfig, use } from '@auspex/core';
import { hmmRegime } from '@auspex/models-hmm';
import { rnn } from '@auspex/models-rnn';
import { seasonal } from '@auspex/models-seasonal';
import { boostedTrees } from '@auspex/models-trees';
import { quantileAllocator, seedAssessor, sensitivity } from '@auspex/policies';
import { behavior } from '@auspex/profiles';
import { lmdb } from '@auspex/stores/lmdb';

/** What a config must add to the default engine. */
export type PresetInput = Pick<AuspexConfig, 'sources' | 'pools'> & Partial<AuspexConfig>;

/**
 * The default engine, whole. What is given replaces a slot as it is: nothing is merged.
 *
 * Groups are forecast by the seasonal regression alone, since they explain and share out; the pools' totals, which
 * decide, get every model. Units are those that are worth keeping where an hour short costs ten hours idle, and never below what the
 * reactive policy asks for, which does not wait for its tolerance where demand is above what is ready. The seed's tiers are one line away:
 * `allocate: use(tieredAllocator, { floor: 'reactive', leadQuantile: 0.9 })`.
 *
 * Pools' totals are looked at for what is abnormal, and their surges for attacks; what comes of it is logged, until a sink is named. Rules of groups
 * need a detector that looks at groups: `detectors: [use(combined), { ...use(audience), for: 'pools' }]`.
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
    predictors: [use(seasonal), { ...use(hmmRegime), for: 'pools' }, { ...use(rnn), for: 'pools' }, { ...use(boostedTrees), for: 'pools' }],
    assess: use(seedAssessor),
    allocate: use(quantileAllocator, { floor: 'reactive', reactive: { scaleOutTolerance: 0 } }),
    learners: [use(sensitivity)],
    detectors: [
      { ...use(combined), for: 'pools' },
      { ...use(audience), for: 'pools' },
    ],
    store: use(lmdb, { path: '.auspex/store' }),
    ...input,
    // Who changes a rule means that somebody is told of it.
    alerts: { sinks: [use(alertLog)], ...input.alerts },
  };
}

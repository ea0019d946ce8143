import type { EngineSettings } from '@auspex/core';
import { assessSurges, type SurgeAssessment } from '../surge/assess.ts';
import { reactiveReference } from '../surge/reference.ts';
import type { SurgeSeries } from '../surge/series.ts';
import type { Recording } from './recorder.ts';

/**
 * The pools' surge probabilities, judged; undefined where no decision carried one. The only place where a replay asks for it: what decisions
 * carry comes in by `Recorder.surge`.
 *
 * @param use share of a unit's rate up to which it meets its latency goal
 */
export function surgesOf(recording: Recording, use: number, settings: Pick<EngineSettings, 'zone' | 'seed'>): SurgeAssessment | undefined {
  const { from, steps, stepMs } = recording;
  const at = Float64Array.from({ length: steps }, (_, t) => from + t * stepMs);
  const series = recording.pools.flatMap(({ pool, rate, censored, history, surge }): SurgeSeries[] => {
    if (!surge) return [];
    const demand = rate.slice(0, steps);
    const last = recording.historySteps > 0 ? history.last : Number.NaN;
    return [
      {
        pool: pool.id,
        at,
        stepMs,
        demand,
        censored: censored.slice(0, steps),
        reference: reactiveReference(demand, pool, { from, stepMs, use, last }),
        probability: surge.probability.slice(0, steps),
        leadMs: pool.leadTimeMs,
        windowMs: surge.windowMs,
      },
    ];
  });
  if (series.length === 0) return undefined;
  const zone = typeof settings.zone === 'string' ? settings.zone : settings.zone.default;
  return assessSurges(series, { zone, seed: settings.seed });
}

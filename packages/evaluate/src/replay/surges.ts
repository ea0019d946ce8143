import type { EngineSettings } from '@auspex/core';
import { assessSurges, type SurgeAssessment } from '../surge/assess.ts';
import { reactiveReference } from '../surge/reference.ts';
import type { SurgeSeries } from '../surge/series.ts';
import type { PoolRecording, Recording } from './recorder.ts';

/** The pools' surge probabilities, judged on the measured span; undefined where no decision carried one. */
export function surgesOf(recording: Recording, settings: Pick<EngineSettings, 'zone' | 'seed'>): SurgeAssessment | undefined {
  const series = recording.pools.flatMap((pool) => seriesOf(pool, recording));
  if (series.length === 0) return undefined;
  const zone = typeof settings.zone === 'string' ? settings.zone : settings.zone.default;
  return assessSurges(series, { zone, seed: settings.seed });
}

/** From the first step of the history on, so that the references have seen what the engine has; judged is what was decided. */
function seriesOf({ pool, rate, censored, history, surge }: PoolRecording, { from, steps, stepMs }: Recording): SurgeSeries[] {
  if (!surge) return [];
  const judgedFrom = -Math.min(0, ...history.rates.keys());
  const length = judgedFrom + steps;
  const begin = from - judgedFrom * stepMs;
  const whole = (before: (t: number) => number, measured: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length }, (_, t) => (t < judgedFrom ? before(t) : (measured[t - judgedFrom] as number)));
  const demand = whole((t) => history.rates.get(t - judgedFrom) ?? Number.NaN, rate);
  const reference = reactiveReference(demand, pool, { from: begin, stepMs, use: pool.target });
  return [
    {
      pool: pool.id,
      at: Float64Array.from({ length }, (_, t) => begin + t * stepMs),
      stepMs,
      demand,
      censored: whole(() => 0, censored),
      reference: whole((t) => reference[t] as number, surge.reference),
      probability: whole(() => Number.NaN, surge.probability),
      judgedFrom,
      leadMs: pool.leadTimeMs,
      windowMs: surge.windowMs,
    },
  ];
}

import { surgeEpisodes } from './episodes.ts';
import { pairsOf } from './pairs.ts';
import { type ReliabilityBin, reliability } from './reliability.ts';
import { brier, logScore, type SurgeScore, scoreOf } from './scores.ts';
import type { SurgeSeries } from './series.ts';
import { type Warnings, warningsAt } from './warnings.ts';

/** Episodes below which nothing is said of the probabilities. */
export const LEAST_EPISODES = 30;

export interface SurgeOptions {
  /** Zone in which weeks are taken. Default UTC. */
  readonly zone?: string;
  /** Episodes nearer than this are one. Default: the lead time of their pool. */
  readonly gapMs?: number;
  /** Default 30. */
  readonly leastEpisodes?: number;
  /** False alarms a pool and week for which warnings are measured. Default 1 and 5. */
  readonly falseAlarms?: readonly number[];
  /** Resampled spans behind each interval, and their seed. Default 1000, 1. */
  readonly draws?: number;
  readonly seed?: number;
}

/** How good surge probabilities were; or why that cannot be said. */
export type SurgeAssessment =
  | { readonly assessable: false; readonly episodes: number; readonly why: string }
  | {
      readonly assessable: true;
      readonly episodes: number;
      /** Steps judged, and share of them before a surge. */
      readonly steps: number;
      readonly baseRate: number;
      readonly brier: SurgeScore;
      readonly log: SurgeScore;
      readonly reliability: readonly ReliabilityBin[];
      readonly warnings: readonly Warnings[];
    };

/**
 * Judges surge probabilities by what came: P(highest demand in [t + L, t + L + W) > what a reactive policy would have ready then), scored
 * against the chance by the hour of the week and against a regression on use and slope, both fitted on nothing that was not known then.
 */
export function assessSurges(pools: readonly SurgeSeries[], options: SurgeOptions = {}): SurgeAssessment {
  const { zone = 'UTC', gapMs, leastEpisodes = LEAST_EPISODES, falseAlarms = [1, 5], draws = 1000, seed = 1 } = options;
  const episodes = pools.reduce((sum, series) => sum + surgeEpisodes(series, gapMs).length, 0);
  if (episodes < leastEpisodes) {
    const had = `${episodes} surge episode${episodes === 1 ? '' : 's'}`;
    return { assessable: false, episodes, why: `not assessable: ${had}, and at least ${leastEpisodes} are needed` };
  }
  const pairs = pairsOf(pools, zone);
  if (pairs.length === 0) return { assessable: false, episodes, why: 'not assessable: no step has both a probability and a known outcome' };
  const how = { draws, seed };
  return {
    assessable: true,
    episodes,
    steps: pairs.length,
    baseRate: pairs.reduce((sum, { label }) => sum + label, 0) / pairs.length,
    brier: scoreOf(pairs, brier, how),
    log: scoreOf(pairs, logScore, how),
    reliability: reliability(pairs, how),
    warnings: falseAlarms.map((allowed) => warningsAt(pools, allowed, gapMs)),
  };
}

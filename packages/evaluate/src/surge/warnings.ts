import { quantileSorted } from '@auspex/numerics';
import { type Episode, surgeEpisodes } from './episodes.ts';
import { type SurgeSeries, windowOf } from './series.ts';

const WEEK_MS = 7 * 86_400_000;
/** Thresholds tried: this many quantiles of the probabilities. */
const THRESHOLDS = 400;

/** What warning at a threshold is worth. The threshold was chosen on the very same data: it flatters a little. */
export interface Warnings {
  /** False alarms a pool and week that were allowed, and that there were. */
  readonly allowed: number;
  readonly falseAlarms: number;
  /** A probability of at least this is an alarm; NaN = no threshold keeps to what is allowed. */
  readonly threshold: number;
  /** Share of episodes with an alarm at or before their start. */
  readonly recall: number;
  /** Minutes from the first alarm to the start of the episode, over those foreseen: median and 10 % quantile. */
  readonly leadMinutes: { readonly median: number; readonly p10: number };
}

/** An alarm and the episode that it foresaw, if any; steps. */
export interface Alarm {
  readonly at: number;
  readonly foresaw: Episode | undefined;
}

/**
 * Alarms at a threshold. One stands for the lead time, the window and the gap: what is said within that is the same alarm, and an episode that
 * starts in it was foreseen. What is said later is another, so that an alarm that never ends is not one that is always right. During an
 * episode, and a gap after it, there are none.
 */
export function alarmsOf(series: SurgeSeries, episodes: readonly Episode[], threshold: number, gapMs = series.leadMs): Alarm[] {
  const gap = Math.round(gapMs / series.stepMs);
  const stands = windowOf(series).last + gap;
  const alarms: Alarm[] = [];
  let next = 0;
  for (let t = series.judgedFrom ?? 0; t < series.probability.length; t++) {
    while (next < episodes.length && (episodes[next] as Episode).last + gap < t) next++;
    const coming = episodes[next];
    if (coming && coming.first < t) continue;
    if (!((series.probability[t] as number) >= threshold)) continue;
    const foresaw = coming && coming.first <= t + stands ? coming : undefined;
    alarms.push({ at: t, foresaw });
    t = foresaw ? foresaw.last + gap : t + stands;
  }
  return alarms;
}

/**
 * Recall and time won at the threshold that has the highest recall with at most `allowed` false alarms a pool and week; of equals the highest.
 */
export function warningsAt(pools: readonly SurgeSeries[], allowed: number, gapMs?: number): Warnings {
  const worlds = pools.map((series) => ({ series, episodes: surgeEpisodes(series, gapMs) }));
  const weeks = pools.reduce((sum, { at, stepMs, judgedFrom = 0 }) => sum + ((at.length - judgedFrom) * stepMs) / WEEK_MS, 0);
  let best = measure(worlds, Number.POSITIVE_INFINITY, weeks, allowed, gapMs);
  for (const threshold of thresholds(pools)) {
    const tried = measure(worlds, threshold, weeks, allowed, gapMs);
    if (tried.falseAlarms <= allowed && tried.recall > best.recall) best = tried;
  }
  return Number.isFinite(best.threshold) ? best : { ...best, threshold: Number.NaN };
}

interface World {
  readonly series: SurgeSeries;
  readonly episodes: readonly Episode[];
}

/** Falling, so that of equals the highest is found first. */
function thresholds(pools: readonly SurgeSeries[]): number[] {
  const all = pools.flatMap(({ probability }) => Array.from(probability).filter((p) => !Number.isNaN(p))).sort((a, b) => b - a);
  const distinct = [...new Set(all)];
  if (distinct.length <= THRESHOLDS) return distinct;
  // Near the top, where few alarms are, every one counts; below, quantiles are enough.
  const top = distinct.slice(0, THRESHOLDS / 4);
  const rest = Array.from({ length: THRESHOLDS }, (_, i) => all[Math.floor((i * all.length) / THRESHOLDS)] as number);
  return [...new Set([...top, ...rest])].sort((a, b) => b - a);
}

function measure(worlds: readonly World[], threshold: number, weeks: number, allowed: number, gapMs: number | undefined): Warnings {
  const leads: number[] = [];
  let episodes = 0;
  let wrong = 0;
  for (const { series, episodes: own } of worlds) {
    episodes += own.length;
    for (const { at, foresaw } of alarmsOf(series, own, threshold, gapMs)) {
      if (foresaw) leads.push(((foresaw.first - at) * series.stepMs) / 60_000);
      else wrong++;
    }
  }
  leads.sort((a, b) => a - b);
  return {
    allowed,
    falseAlarms: wrong / weeks,
    threshold,
    recall: episodes > 0 ? leads.length / episodes : Number.NaN,
    leadMinutes: { median: quantileSorted(leads, 0.5), p10: quantileSorted(leads, 0.1) },
  };
}

import { replay } from '@auspex/evaluate';
import { config, DAY, START } from './world.ts';

/** What a set of predictors was worth over the last three weeks. */
export interface Worth {
  /** Weighted quantile loss at the lead time; lower is better. */
  readonly wql: number;
  /** Share of requests that met a fleet too small for them, percent. */
  readonly overload: number;
  readonly unitHours: number;
  /** Each predictor's mean weight over the decisions of the last week. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Replays the six weeks, with or without the team's own predictor. */
export async function worth(own: boolean): Promise<Worth> {
  const sums: Record<string, number> = {};
  let decisions = 0;
  const { report } = await replay({
    config: config(own),
    title: own ? 'with the timetable' : 'without it',
    source: 'synthetic',
    from: START + 21 * DAY,
    baselines: [],
    onJournal: (line) => {
      const record = JSON.parse(line);
      if (record.type !== 'decision' || record.step < START + 35 * DAY) return;
      decisions++;
      const weights = (record.decision.demand.weights ?? {}) as Record<string, number>;
      for (const [name, weight] of Object.entries(weights)) sums[name] = (sums[name] ?? 0) + weight;
    },
  });
  const subject = report.runs[0];
  if (report.forecast === undefined || subject === undefined) throw new Error('the replay measured no forecast');
  const { overload, unitHours } = subject.metrics;
  const weights = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / decisions]));
  return { wql: report.forecast.wql, overload, unitHours, weights };
}

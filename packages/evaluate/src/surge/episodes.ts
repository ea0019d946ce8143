import { type SurgeSeries, windowOf } from './series.ts';

/** A stretch in which demand was above what a reactive policy had ready; steps, both included. */
export interface Episode {
  readonly first: number;
  readonly last: number;
}

/**
 * Runs of steps whose demand is above the reference of one lead time before; those nearer than the gap are one. A bound above it is above.
 *
 * @param gapMs default: the lead time
 */
export function surgeEpisodes(series: SurgeSeries, gapMs = series.leadMs): Episode[] {
  const { demand, reference, stepMs, judgedFrom = 0 } = series;
  const { first } = windowOf(series);
  const steps: number[] = [];
  for (let u = first; u < demand.length; u++) if ((demand[u] as number) > (reference[u - first] as number)) steps.push(u);
  // One that had begun before is nothing that could be foreseen.
  return merged(steps, gapMs / stepMs).filter((episode) => episode.first >= judgedFrom);
}

/** Rising steps as runs; a pause of at most `gap` steps between two does not end one. */
export function merged(steps: readonly number[], gap: number): Episode[] {
  const runs: { first: number; last: number }[] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    if (run && step - run.last - 1 <= gap) run.last = step;
    else runs.push({ first: step, last: step });
  }
  return runs;
}

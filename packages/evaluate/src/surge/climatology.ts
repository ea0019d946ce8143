import { zone } from '@auspex/numerics';
import { UNKNOWN } from './labels.ts';
import { type SurgeSeries, windowOf } from './series.ts';

const HOUR_MS = 3_600_000;
const HOURS = 168;
/** Weeks of an hour's labels that the base rate weighs as much as: labels of one hour are nearly one observation. */
const PRIOR_WEEKS = 4;

/**
 * The chance of a surge by the hour of the local week, from labels that were known before each step alone: the hour's own share, shrunk to
 * that of all hours. What a forecast has to beat to know more than the calendar.
 *
 * @param id time zone in which weeks are taken
 */
export function climatology(series: SurgeSeries, labels: ArrayLike<number>, id = 'UTC'): Float64Array {
  const local = zone(id);
  const { last } = windowOf(series);
  const surges = new Float64Array(HOURS);
  const known = new Float64Array(HOURS);
  let allSurges = 0;
  let allKnown = 0;
  const prior = PRIOR_WEEKS * Math.max(1, HOUR_MS / series.stepMs);
  const hourOf = (t: number): number => Math.floor(local.weekOffset(series.at[t] as number) / HOUR_MS);
  return Float64Array.from({ length: labels.length }, (_, t) => {
    // The label that the step just over has settled.
    const matured = t - last - 1;
    if (matured >= 0 && labels[matured] !== UNKNOWN) {
      const hour = hourOf(matured);
      const label = labels[matured] as number;
      surges[hour] = (surges[hour] as number) + label;
      known[hour] = (known[hour] as number) + 1;
      allSurges += label;
      allKnown++;
    }
    const hour = hourOf(t);
    const base = (allSurges + 0.5) / (allKnown + 1);
    return ((surges[hour] as number) + prior * base) / ((known[hour] as number) + prior);
  });
}

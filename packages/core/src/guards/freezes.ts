import { zone } from '@auspex/numerics';
import { glob } from '../config/glob.ts';
import { WEEKDAYS } from '../config/safety.ts';
import type { EngineSettings } from '../config/schema.ts';
import type { FreezeView } from './guard.ts';

type Freeze = Omit<NonNullable<EngineSettings['freezes']>[number], 'zone'> & { readonly zone?: string };

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** Freezes of a config, asked by pool and step. */
export function freezesOf(freezes: readonly Freeze[] = []): (pool: string, step: number) => FreezeView | undefined {
  const all = freezes.map((freeze) => ({ freeze, covers: glob(freeze.pools) }));
  return (pool, step) => {
    let found: FreezeView | undefined;
    for (const { freeze, covers } of all) {
      const until = covers(pool) ? endOf(freeze, step) : undefined;
      if (until === undefined) continue;
      const { hold, why } = freeze;
      // The stricter wins, and of two alike the longer.
      const wins = !found || (hold === found.hold ? until > found.until : hold === 'all');
      if (wins) found = { hold, until, why };
    }
    return found;
  };
}

/** When the window ends that `step` lies in; undefined = it lies in none. */
function endOf(freeze: Freeze, step: number): number | undefined {
  if (!freeze.days) {
    const [from, to] = [Date.parse(freeze.from), Date.parse(freeze.to)];
    return step >= from && step < to ? to : undefined;
  }
  const place = zone(freeze.zone ?? 'UTC');
  const now = place.weekOffset(step);
  const [from, to] = [minutesOf(freeze.from), minutesOf(freeze.to)];
  for (const day of freeze.days) {
    const begin = WEEKDAYS.indexOf(day) * DAY_MS + from;
    // A window whose end is not after its begin ends on the day after.
    const length = to > from ? to - from : to - from + DAY_MS;
    const since = (((now - begin) % WEEK_MS) + WEEK_MS) % WEEK_MS;
    if (since >= length) continue;
    const local = place.toLocal(step) + length - since;
    // In a clock change the wall clock may show the end twice, or not at all.
    return place.fromLocal(local).find((at) => at > step) ?? step + length - since;
  }
  return undefined;
}

function minutesOf(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number) as [number, number];
  return (hours * 60 + minutes) * 60_000;
}

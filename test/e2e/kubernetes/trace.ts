import { SeededRandom } from '@auspex/numerics';
import { unitsFor } from '@auspex/policies';

export const MINUTE = 60_000;
const DAY = 1_440;
/** Whole days that are learnt before anything is looked at. */
const DAYS = 5;
export const T0 = Date.UTC(2026, 0, 5);

/** What one replica serves, requests a second, and what both pools share. */
export const UNIT_RATE = 2;
export const BOUNDS = { min: 1, max: 40 } as const;
export const LEAD = '8m';
/** Use of a replica up to which it serves well. */
const GOAL = 0.85;

/** Every evening at six three times as many come within a minute, for an hour: the usual television programme. */
const SURGE = { begin: 18 * 60, end: 19 * 60, factor: 3 } as const;
/** Step of the surge that is looked at, and the first and last step of the time around it. */
export const SURGE_STEP = DAYS * DAY + SURGE.begin;
export const BEGIN = SURGE_STEP - 25;
export const END = SURGE_STEP + 10;

const counts: readonly number[] = (() => {
  const random = new SeededRandom('evening');
  return Array.from({ length: (DAYS + 1) * DAY }, (_, step) => {
    const minute = step % DAY;
    const day = 1 + 0.4 * Math.sin((2 * Math.PI * minute) / DAY - Math.PI / 2);
    const surge = minute >= SURGE.begin && minute < SURGE.end ? SURGE.factor : 1;
    return Math.round(500 * day * surge * Math.exp(0.04 * random.normal()));
  });
})();

export const at = (step: number): number => T0 + step * MINUTE;

/** Replicas that a step needs. */
export const needed = (step: number): number => unitsFor((counts[step] as number) / 60, { unitRate: UNIT_RATE, target: GOAL });

/** Events of a step: each stands for its part of the requests; the first comes right at its start. */
const PARTS = 4;

export function event(n: number): { readonly at: number; readonly count: number } {
  const [step, part] = [Math.floor(n / PARTS), n % PARTS];
  const count = counts[step] as number;
  const share = Math.floor(count / PARTS);
  return { at: at(step) + (part * MINUTE) / PARTS, count: part === 0 ? count - (PARTS - 1) * share : share };
}

export function eventsUntil(now: number): number {
  return Math.min(Math.floor(((now - T0) * PARTS) / MINUTE) + 1, counts.length * PARTS);
}

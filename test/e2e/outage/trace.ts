import { SeededRandom } from '@auspex/numerics';

export const MINUTE = 60_000;
const DAY = 1_440;
/** Steps that are learnt before anything is decided. */
export const HISTORY = 4 * DAY;
export const T0 = Date.UTC(2026, 0, 5);
export const POOL = { id: 'web', unitRate: 1, leadTime: '5m', min: 2, max: 200 } as const;
export const AUTOSCALER = { target: 0.7, tolerance: 0.1, stabilisation: 5 * MINUTE, min: POOL.min, max: POOL.max };

/** Where in the trace things begin to die, in steps: each takes hours of a night, a noon, and a crowd. */
export const MOMENTS = { 'at night': HISTORY + 120, 'at the peak': HISTORY + 660, 'in a crowd': HISTORY + 1_004 } as const;
/** A crowd that nobody planned, and none like it in the history. The first death comes with its beginning. */
const CROWD = { begin: HISTORY + 1_010, end: HISTORY + 1_160 } as const;

/** Requests of each step: a busy noon, a quiet night, noise, and the crowd. */
export const counts: readonly number[] = (() => {
  const random = new SeededRandom('outage');
  return Array.from({ length: HISTORY + DAY }, (_, i) => {
    const noon = 1 + 0.8 * Math.sin((2 * Math.PI * (i % DAY)) / DAY - Math.PI / 2);
    const crowd = i >= CROWD.begin && i < CROWD.end ? 2.5 : 1;
    return Math.round(600 * noon * crowd * Math.exp(0.05 * random.normal()));
  });
})();

/** Events of a step: each stands for its part of the requests. */
const PARTS = 4;

/** The n-th event of the trace. The first of a step comes right at its start, so that the step before closes without delay. */
export function event(n: number): { readonly at: number; readonly count: number } {
  const [step, part] = [Math.floor(n / PARTS), n % PARTS];
  const count = counts[step] as number;
  const share = Math.floor(count / PARTS);
  return { at: T0 + step * MINUTE + (part * MINUTE) / PARTS, count: part === 0 ? count - (PARTS - 1) * share : share };
}

/** Events up to `now`. */
export function eventsUntil(now: number): number {
  return Math.min(Math.floor(((now - T0) * PARTS) / MINUTE) + 1, counts.length * PARTS);
}

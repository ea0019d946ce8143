import type { Zone } from '@auspex/numerics';
import type { SyntheticGroup } from './config.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Points of a week at which shapes are normed: every quarter of an hour. */
const POINTS = 672;

/** A bump of height 1 around an hour of the day, which wraps at midnight. */
function bump(hour: number, centre: number, width: number): number {
  const away = Math.abs(((hour - centre + 36) % 24) - 12);
  return Math.exp(-0.5 * (away / width) ** 2);
}

/** Activity at an hour of the day (0..24); `weekend` on Saturday and Sunday. Any scale. */
const SHAPES: Readonly<Record<SyntheticGroup['shape'], (hour: number, weekend: boolean) => number>> = {
  office: (hour, weekend) => (weekend ? 0.15 : 1) * (0.05 + bump(hour, 10.5, 1.7) + 0.9 * bump(hour, 15, 2)),
  evening: (hour, weekend) => (weekend ? 1.3 : 1) * (0.08 + bump(hour, 20.5, 2.2) + (weekend ? 0.6 : 0.25) * bump(hour, 13, 2.5)),
  night: (hour) => 0.1 + bump(hour, 2, 1.2),
  flat: () => 1,
};

/** Relative activity by time of the week, mean 1 over the 672 quarters of a week. `offset`: ms since Monday 00:00 local. */
export function weekShape(shape: SyntheticGroup['shape']): (offset: number) => number {
  const raw = (offset: number): number => SHAPES[shape]((offset % DAY) / HOUR, offset >= 5 * DAY);
  let sum = 0;
  for (let i = 0; i < POINTS; i++) sum += raw((i * 7 * DAY) / POINTS);
  return (offset) => (raw(offset) * POINTS) / sum;
}

/** The same by epoch ms, in the zone of the group. */
export function activity(shape: SyntheticGroup['shape'], zone: Zone): (at: number) => number {
  const week = weekShape(shape);
  return (at) => week(zone.weekOffset(at));
}

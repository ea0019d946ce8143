import type { CalendarEvent } from '@auspex/contracts';
import type { Belief, Shown } from './learn.ts';

/** What the journal says of an occurrence that is over. */
export function learntText(
  event: Pick<CalendarEvent, 'name' | 'category'>,
  where: string,
  shown: Shown,
  before: Belief,
  after: Belief,
): string {
  const kind = event.category === undefined ? '' : `${event.category} `;
  const amplitudes = shown.phases.flatMap((phase) => (phase === undefined ? [] : [phase.amplitude]));
  const peak = amplitudes.reduce((most, amplitude) => (Math.abs(amplitude) > Math.abs(most) ? amplitude : most), 0);
  const times = Number(Math.exp(peak).toPrecision(2));
  const hidden = shown.bound ? 'at least ' : '';
  const was = percent(before.mean);
  const now = percent(after.mean);
  const change = was === now ? `${now} is expected of the next, as before` : `${now} is expected of the next, was ${was}`;
  return `${kind}"${event.name}" at ${where}: demand was ${hidden}${times} times the usual at its peak (${after.seen} seen): ${change}`;
}

/** Log units as `+50 %`, `-30 %`, `0 %`. */
function percent(log: number): string {
  const whole = Math.round(100 * Math.expm1(log));
  return `${whole > 0 ? '+' : ''}${whole === 0 ? 0 : whole} %`;
}

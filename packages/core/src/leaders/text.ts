import { formatDuration } from '@auspex/contracts';
import type { Source, Untold } from './state.ts';

export function nameOf(source: Source): string {
  return source.kind === 'group' ? source.group : 'sign-ins';
}

/**
 * What a leader does to a forecast: `group eu-free was 40 % above its habit: +12 % in 15m`.
 *
 * @param deviation of the leader from its habit, log units, and how long ago
 * @param shift of the pool, log units, so far ahead
 */
export function leadText(source: Source, deviation: number, agoMs: number, shift: number, aheadMs: number): string {
  const [who, whose] = source.kind === 'group' ? [`group ${source.group} was`, 'its'] : ['sign-ins were', 'their'];
  const above = `${Math.abs(percent(deviation))} % ${deviation < 0 ? 'below' : 'above'} ${whose} habit`;
  const when = agoMs > 0 ? ` ${formatDuration(agoMs)} ago` : '';
  return `${who} ${above}${when}: ${signed(shift)} % in ${formatDuration(aheadMs)}`;
}

/** What the journal says of one that began or ceased to be used. */
export function toldText(pool: string, { source, used }: Untold): string {
  const who = source.kind === 'group' ? `group ${source.group}` : 'who signs in';
  return used
    ? `${pool}: ${who} leads it: forecasts that go by it have been better, and it is used from now on`
    : `${pool}: ${who} leads it no more: forecasts are made without it until it has proved itself again`;
}

function percent(log: number): number {
  return Math.round(100 * Math.expm1(log));
}

function signed(log: number): string {
  const whole = percent(log);
  return `${whole < 0 ? '-' : '+'}${Math.abs(whole)}`;
}

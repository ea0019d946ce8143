import type { CalendarEvent } from '@auspex/contracts';
import { span } from './text.ts';

/** What an event is expected to do to demand: `+50 %`, with how it comes and goes where that is given; `learnt` where nothing is. */
export function describeImpact({ impact, shape }: Pick<CalendarEvent, 'impact' | 'shape'>): string {
  const height = impact === undefined ? 'learnt' : percent(impact);
  const ways = [
    ...(shape && shape.rampMs > 0 ? [`from ${span(shape.rampMs)} before`] : []),
    ...(shape && shape.decayMs > 0 ? [`until ${span(shape.decayMs)} after`] : []),
  ];
  return [height, ...ways].join(' ');
}

/** `+50 %`, `-30 %`, `0 %`; a digit more where it would be none. */
function percent(share: number): string {
  const hundredths = 100 * share;
  const rounded = Math.abs(hundredths) < 10 ? Number(hundredths.toFixed(1)) : Math.round(hundredths);
  return `${rounded > 0 ? '+' : ''}${rounded} %`;
}

import type { EventOutlook } from '@auspex/core';
import { span } from './text.ts';

/**
 * What an event is expected to do to demand: `+50 %` where that was given, `+150 % (3 seen, +110 % to +200 %)` where it was learnt; with how it
 * comes and goes where that is known.
 */
export function describeImpact({ impact, low, high, seen, by, shape }: EventOutlook): string {
  if (by === 'unknown') return 'not known yet';
  const height = by === 'given' ? percent(impact) : `${percent(impact)} (${seen} seen, ${percent(low)} to ${percent(high)})`;
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

import type { Measure } from '@auspex/contracts';

/** A rate for people: `42.0/s` of requests, `1.25 MB/s` of bytes. Three figures below a hundred, none after the point above. */
export function rate(value: number, measure: Measure = 'requests'): string {
  if (measure === 'bytes') return bytes(value);
  return measure === 'requests' ? `${three(value)}/s` : `${three(value)} ${measure}/s`;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** Decimal prefixes, as bandwidth is sold. */
function bytes(value: number): string {
  let [scaled, prefix] = [value, 0];
  // 999.5 would be written as 1000.
  while (Math.abs(scaled) >= 999.5 && prefix < PREFIXES.length - 1) [scaled, prefix] = [scaled / 1000, prefix + 1];
  return `${three(scaled)} ${PREFIXES[prefix]}B/s`;
}

function three(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 4;
  return value.toFixed(digits);
}

/** The time of day of an instant (epoch ms): `08:15 UTC`. UTC because a pool may serve groups of several zones. */
export function clockTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** A duration as configs write it: `1h30m`, `90s` as `1m30s`. */
export function span(ms: number): string {
  let left = ms;
  let text = '';
  for (const [unit, length] of SPANS) {
    const count = Math.floor(left / length);
    if (count > 0) text += `${count}${unit}`;
    left -= count * length;
  }
  return text === '' ? '0s' : text;
}

/** `1 unit`, `12 units`. */
export function units(count: number): string {
  return count === 1 ? '1 unit' : `${count} units`;
}

/** A share as whole percent: `70 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

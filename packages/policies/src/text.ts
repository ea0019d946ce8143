/** A rate for people: `42.0/s`. Three figures below a hundred, none after the point above. */
export function rate(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 4;
  return `${value.toFixed(digits)}/s`;
}

/** The time of day of an instant (epoch ms): `08:15 UTC`. UTC because a pool may serve groups of several zones. */
export function clockTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

/** `1 unit`, `12 units`. */
export function units(count: number): string {
  return count === 1 ? '1 unit' : `${count} units`;
}

/** A share as whole percent: `70 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A figure for people: three digits that say something, no exponent where one can do without. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-3)) return value.toExponential(2);
  if (size >= 100) return Math.round(value).toString();
  return Number(value.toPrecision(3)).toString();
}

/** A share for people. */
export function percent(share: number): string {
  const size = 100 * share;
  return `${size !== 0 && size < 9.95 ? Number(size.toPrecision(2)) : Math.round(size)} %`;
}

/** What is said of a step that one in ten is as unusual as: a reason of its own costs as much as the rest, and nobody asks for it. */
export const AS_USUAL = 'as usual';

/** Is a surprise (-log10 of a tail probability) so small that its step needs no reason? */
export function isUsual(surprise: number): boolean {
  return surprise < 1;
}

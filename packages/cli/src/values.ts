import { AuspexError, parseDuration } from '@auspex/contracts';

/** What was typed on the command line is wrong: exit code 2. */
export function wrongUse(option: string, message: string, remedy: string): AuspexError {
  return new AuspexError('SUPPORT', message, { path: option, remedy });
}

/** Bounds of a number on the command line. */
export interface Bounds {
  /** Least value. Default: any. */
  readonly least?: number;
  /** The value must lie above this. Default: any. */
  readonly above?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

export function numberOf(text: string, option: string, bounds: Bounds, example: string): number;
export function numberOf(text: string | undefined, option: string, bounds: Bounds, example: string): number | undefined;
export function numberOf(text: string | undefined, option: string, bounds: Bounds, example: string): number | undefined {
  if (text === undefined) return undefined;
  const { least = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, whole = false } = bounds;
  const value = Number(text);
  const remedy = `Write ${example}.`;
  if (text.trim() === '' || !Number.isFinite(value)) throw wrongUse(option, `"${text}" is no number`, remedy);
  if (whole && !Number.isInteger(value)) throw wrongUse(option, `${text} is no whole number`, remedy);
  if (value < least) throw wrongUse(option, `${text} is below ${least}`, remedy);
  if (value <= above) throw wrongUse(option, `${text} is not above ${above}`, remedy);
  if (value > most) throw wrongUse(option, `${text} is above ${most}`, remedy);
  return value;
}

/** A duration in milliseconds, at least `least`. */
export function durationOf(text: string, option: string, least: number): number {
  const ms = parseDuration(text.trim());
  if (ms === undefined || ms < least)
    throw wrongUse(option, `"${text}" is no ${least > 0 ? 'positive ' : ''}duration`, 'Write 90s, 5m or 1h.');
  return ms;
}

/** A time as epoch ms; UTC when it has no offset, as everything that Auspex prints. */
export function timeOf(text: string, option: string, orElse = ''): number {
  const iso = text.trim().replace(' ', 'T');
  const zoned = /(?:[Zz]|[+-]\d{2}:?\d{2})$/.test(iso.slice(10));
  const at = /^\d{4}-\d{2}-\d{2}/.test(iso) ? Date.parse(iso.length > 10 && !zoned ? `${iso}Z` : iso) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw wrongUse(option, `"${text}" is no time`, `Write it as 2026-01-31T06:00Z${orElse}.`);
}

export function oneOf<T extends string>(text: string, option: string, names: readonly T[]): T {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw wrongUse(option, `"${text}" is none of ${names.join(', ')}`, `Use ${names.slice(0, -1).join(', ')} or ${names.at(-1)}.`);
}

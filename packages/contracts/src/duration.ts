import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `90s`, `15m`, `1h30m`, `7d` as milliseconds; undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return undefined;
  return parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] as string] as number), 0);
}

/** Milliseconds as the shortest exact text: 900000 is `15m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] as number;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || `${ms}ms`;
}

function noDuration(value: unknown): string {
  const shown = typeof value === 'string' ? `"${value}"` : typeof value === 'object' ? 'this' : String(value);
  return `${shown} is no duration; write a number with a unit: 90s, 15m, 1h30m, 7d`;
}

/** A zod type for durations: text with a unit; milliseconds out. A bare number is refused, since its unit would be a guess. */
export function duration(): z.ZodType<number, string> {
  return z.string({ error: ({ input }) => (input === undefined ? undefined : noDuration(input)) }).transform((text, context): number => {
    const ms = parseDuration(text.trim());
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: noDuration(text) });
    return z.NEVER;
  });
}

import type { Logger } from '@auspex/contracts';
import { pino } from 'pino';
import type { Io } from './io.ts';

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** The engine's log on stderr: JSON lines for machines, plain ones where somebody looks. */
export function makeLogger(level: (typeof LEVELS)[number], io: Io): Logger {
  return pino({ level, base: null }, { write: (line: string) => io.err(io.tty ? plainLine(line) : line) });
}

/** `06:00:01 warn  malformed record skipped  at=access.log:7`. */
export function plainLine(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: number; msg?: string; [key: string]: unknown };
  const name = LEVELS[Math.min(3, Math.max(0, level / 10 - 2))] ?? 'info';
  const values = Object.entries(rest).map(([key, value]) => `  ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${new Date(time).toISOString().slice(11, 19)} ${name.padEnd(5)} ${msg ?? ''}${values.join('')}\n`;
}

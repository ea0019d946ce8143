import { styleText } from 'node:util';
import type { Io } from '../io.ts';
import { hang, plural } from '../text.ts';
import type { Check } from './checkup.ts';

const STYLES = { ok: 'green', warning: 'yellow', failed: 'red', 'not-checked': 'dim' } as const;
const STATUS = 11;
const NAME = 24;
const TIME = 10;

/** One check in a line, and below it what to do. */
export function checkText(
  { check, status, code, seen, remedy, ms }: Check,
  { color, cwd, width }: Pick<Io, 'color' | 'cwd' | 'width'>,
): string {
  const time = status === 'not-checked' ? '' : `${ms.toLocaleString('en-US')} ms`;
  const head = `${status.padEnd(STATUS)}  ${check.padEnd(NAME)}${time.padStart(TIME)}  `;
  // Paths in the present folder are shown as the user wrote them.
  const [first = '', ...more] = seen.replaceAll(`${cwd}/`, '').split('\n');
  const lines = [hang(head, `${code === undefined ? '' : `${code} `}${first}`, width)];
  const indent = ' '.repeat(STATUS + 2);
  for (const line of more) lines.push(`${indent}${line}`);
  if (remedy !== undefined) lines.push(hang(`${indent}→ `, remedy, width));
  const text = lines.join('\n');
  return `${color ? text.replace(status, styleText(STYLES[status], status, { validateStream: false })) : text}\n`;
}

/** `5 ok, 1 warning, 2 failed, 1 not checked`. */
export function sumText(checks: readonly Check[]): string {
  const of = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const [warnings, skipped] = [of('warning'), of('not-checked')];
  const parts = [`${of('ok')} ok`, ...(warnings > 0 ? [plural(warnings, 'warning')] : []), `${of('failed')} failed`];
  return `${[...parts, ...(skipped > 0 ? [`${skipped} not checked`] : [])].join(', ')}\n`;
}

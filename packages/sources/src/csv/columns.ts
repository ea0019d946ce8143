import { AuspexError } from '@auspex/contracts';
import { looksLike } from '../records/index.ts';
import type { CsvOptions } from './config.ts';

/** Options that name a column. */
const NAMING = ['time', 'value', 'group', 'pop', 'resource', 'feature', 'user', 'country'] as const;

/** Characters of a header that an error shows. */
const SHOWN = 120;

/** Where each named column stands; -1 when it is not used. */
export type Columns = Readonly<Record<(typeof NAMING)[number], number>>;

/** @throws AuspexError SOURCE_COLUMN_MISSING */
export function findColumns(header: readonly string[], options: CsvOptions, file: string): Columns {
  const found: Partial<Record<(typeof NAMING)[number], number>> = {};
  for (const option of NAMING) {
    const name = options[option];
    const at = name === undefined ? -1 : header.indexOf(name);
    if (name !== undefined && at < 0) {
      const near = nearest(name, header);
      const first = header.join(', ');
      const hint = near === undefined ? otherFormat(first) : `did you mean "${near}"?`;
      throw new AuspexError(
        'SOURCE_COLUMN_MISSING',
        `there is no column "${name}" (option ${option}); the header is ${first.length > SHOWN ? `${first.slice(0, SHOWN)}…` : first}${hint && `; ${hint}`}`,
        { path: `${file}:1` },
      );
    }
    found[option] = at;
  }
  return found as Columns;
}

/** What the first line looks like when it is no header at all. */
function otherFormat(first: string): string {
  const hint = looksLike(first);
  return hint.endsWith('csv source') ? '' : hint;
}

/** The name that takes the fewest edits, if they are fewer than half of the name. */
function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of names) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

import { AuspexError } from '@auspex/contracts';
import { expandFiles } from '../lines/index.ts';
import { looksLike, Passes, TimeReader } from '../records/index.ts';
import { type Columns, findColumns } from './columns.ts';
import type { CsvOptions } from './config.ts';
import { RowReader } from './event.ts';
import { type Header, readHeader, readRows } from './rows.ts';

/** Rows that are looked at before reading begins. */
const SAMPLE = 1_000;
/** Taken when a file holds one time only. */
const FALLBACK_EVERY = 60_000;

/** What the first rows of a file say. */
export interface Inspection {
  readonly header: Header;
  readonly columns: Columns;
  /** Sampling period, ms. */
  readonly every: number;
  /** Time of the first valid row, epoch ms. */
  readonly first: number;
}

/**
 * Looks at the header and the first 1000 rows of a file.
 *
 * @throws AuspexError SOURCE_NOT_FOUND, SOURCE_BINARY, SOURCE_EMPTY, SOURCE_COLUMN_MISSING, SOURCE_NO_VALID_RECORD,
 * ZONE_MISSING, ZONE_UNKNOWN
 */
export async function inspectFile(file: string, options: CsvOptions, signal: AbortSignal): Promise<Inspection> {
  const header = await readHeader(file, signal);
  if (header.names.length === 0) throw new AuspexError('SOURCE_EMPTY', 'the file is empty', { path: file });
  const columns = findColumns(header.names, options, file);
  const reader = new RowReader(columns, options);
  const times = new TimeReader(options.zone, options.unit);
  const passes = new Passes();
  const valid: number[] = [];
  let rows = 0;
  let firstBad: { line: number; reason: string } | undefined;
  for await (const piece of readRows(file, header, undefined, signal)) {
    for (const { line, reason } of piece.bad) firstBad ??= { line, reason };
    rows += piece.bad.length;
    for (let i = 0; i < piece.rows.length && rows < SAMPLE; i++, rows++) {
      const row = piece.rows[i] as readonly string[];
      const line = piece.lines[i] as number;
      const instants = times.read(reader.time(row), () => `${file}:${line}`);
      const count = reader.count(row);
      if (typeof instants !== 'string' && typeof count !== 'string') valid.push(passes.resolve(instants, reader.key(row)));
      else firstBad ??= { line, reason: typeof instants === 'string' ? `column ${options.time}: ${instants}` : String(count) };
    }
    if (rows >= SAMPLE) break;
  }
  if (rows === 0) throw new AuspexError('SOURCE_EMPTY', 'the file holds a header and no row', { path: file });
  if (firstBad && valid.length * 2 < rows) throw unusable(file, rows, valid.length, firstBad, header);
  return { header, columns, every: options.every ?? smallestStep(valid), first: valid[0] as number };
}

function unusable(file: string, rows: number, valid: number, bad: { line: number; reason: string }, header: Header): AuspexError {
  const hint = header.names.length === 1 ? looksLike(header.names[0] as string) : '';
  const text = `only ${valid} of the first ${rows} rows can be read; the first bad one: ${bad.reason}${hint && `; ${hint}`}`;
  return new AuspexError('SOURCE_NO_VALID_RECORD', text, { path: `${file}:${bad.line}` });
}

function smallestStep(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < sorted.length; i++) {
    const step = (sorted[i] as number) - (sorted[i - 1] as number);
    if (step > 0 && step < least) least = step;
  }
  return Number.isFinite(least) ? least : FALLBACK_EVERY;
}

/**
 * What a table says about itself, before an engine reads it: `every` (sampling period, ms; 1 m when the first file holds
 * one time only), the header, and the first time (epoch ms). Looks at the first of the files.
 *
 * @param options those of the `csv` source, validated and defaulted
 * @throws AuspexError as the source does
 */
export async function inspectCsv(options: CsvOptions): Promise<{ every: number; header: string[]; first: number }> {
  const [file] = await expandFiles(options.files);
  const { every, header, first } = await inspectFile(file as string, options, new AbortController().signal);
  return { every, header: [...header.names], first };
}

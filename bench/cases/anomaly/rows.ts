import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One row of a file: as it was written, and as it is read. */
export interface Row {
  /** Epoch milliseconds. */
  readonly at: number;
  /** NaN = nothing is known. */
  readonly value: number;
  /** `timestamp,value` as it stands in the file. */
  readonly text: string;
}

/** Reads the rows of a file with the columns `timestamp` and `value`, one after the other. @throws where the file is another one, with its line */
export async function* rowsOf(file: string): AsyncGenerator<Row> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let columns: { readonly at: number; readonly value: number } | undefined;
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() === '') continue;
    const cells = text
      .replace(/^\uFEFF/, '')
      .split(',')
      .map((cell) => cell.trim());
    if (columns) {
      yield rowOf(cells, columns, `${file}:${line}`);
      continue;
    }
    columns = { at: cells.indexOf('timestamp'), value: cells.indexOf('value') };
    if (columns.at < 0 || columns.value < 0) throw new Error(`${file}:${line}: the first line must name the columns timestamp and value`);
  }
  if (!columns) throw new Error(`${file}: the file is empty`);
}

function rowOf(cells: readonly string[], columns: { readonly at: number; readonly value: number }, where: string): Row {
  const [timestamp = '', written = ''] = [cells[columns.at], cells[columns.value]];
  const at = timeOf(timestamp);
  if (Number.isNaN(at)) throw new Error(`${where}: "${timestamp}" is no time; write 2026-01-05 08:00:00`);
  const unknown = written === '' || /^nan$/i.test(written);
  const value = unknown ? Number.NaN : Number(written);
  if (!unknown && !Number.isFinite(value)) throw new Error(`${where}: "${written}" is no number`);
  return { at, value, text: `${timestamp},${written}` };
}

/** Without a zone it is UTC. */
function timeOf(text: string): number {
  const iso = text.replace(' ', 'T');
  return Date.parse(/(Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`);
}

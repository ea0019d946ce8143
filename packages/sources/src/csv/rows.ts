import { inferSchema, initParser, type Parser } from 'udsv';
import { type Block, type Head, type Position, readFileLines, utf8 } from '../lines/index.ts';

/** A row over this many bytes is malformed: more likely a quote that nobody closed. */
const ROW_LIMIT = 1_048_576;

/** Rows of one file, in order. */
export interface Rows {
  readonly file: string;
  readonly rows: readonly (readonly string[])[];
  /** Of each row: its first line, from 1. */
  readonly lines: readonly number[];
  /** Of each row: bytes and lines of the file read with it. */
  readonly ends: readonly number[];
  readonly endLines: readonly number[];
  /** Lines that are no rows. */
  readonly bad: readonly { readonly line: number; readonly text: string; readonly reason: string }[];
  readonly head: Head;
}

/** The first row of a file, and how the file is written. */
export interface Header {
  readonly names: readonly string[];
  /** Character between fields. */
  readonly delimiter: string;
}

/** Reads the header of a file: an empty list of names when there is none. */
export async function readHeader(file: string, signal: AbortSignal): Promise<Header> {
  for await (const said of readFileLines(file, undefined, signal)) {
    if (said.kind !== 'block' || said.text.trim() === '') continue;
    const text = said.text.trimStart().replaceAll('\r\n', '\n');
    const schema = inferSchema(text.slice(0, text.indexOf('\n') + 1 || undefined), { row: '\n', encl: '"' });
    return { names: schema.cols.map((column) => utf8(column.name).trim()), delimiter: schema.col };
  }
  return { names: [], delimiter: ',' };
}

/** The rows of a file after a position; without one, after the header. */
export async function* readRows(file: string, header: Header, from: Position | undefined, signal: AbortSignal): AsyncGenerator<Rows> {
  const cutter = new RowCutter(header, from === undefined);
  let last: Block | undefined;
  for await (const said of readFileLines(file, from, signal)) {
    if (said.kind !== 'block') continue;
    last = said;
    yield cutter.cut(said, false);
  }
  // A quote that is still open.
  if (last) {
    const end = last.offset + last.bytes;
    const rest = cutter.cut({ ...last, text: '', offset: end, bytes: 0, overlong: false }, true);
    if (rest.rows.length > 0 || rest.bad.length > 0) yield rest;
  }
}

/** Cuts blocks of lines into rows: a quoted field may hold newlines. The fields themselves are cut by uDSV. */
class RowCutter {
  readonly #delimiter: string;
  readonly #plain: Parser;
  readonly #quoted: Parser;
  #skipHeader: boolean;
  /** A row whose end has not come yet. */
  #held = '';
  #heldLine = 0;

  constructor({ names, delimiter }: Header, skipHeader: boolean) {
    this.#delimiter = delimiter;
    this.#plain = parserOf(names.length, delimiter, '');
    this.#quoted = parserOf(names.length, delimiter, '"');
    this.#skipHeader = skipHeader;
  }

  cut(block: Block, final: boolean): Rows {
    const text = this.#held + block.text;
    const end = block.offset + block.bytes;
    const start = block.offset - this.#held.length;
    let line = this.#held === '' ? block.line : this.#heldLine;
    const bad: { line: number; text: string; reason: string }[] = [];
    const records: string[] = [];
    const lines: number[] = [];
    const ends: number[] = [];
    const endLines: number[] = [];
    if (block.overlong) bad.push({ line: block.line, text: '', reason: `the line holds ${block.bytes} bytes, more than 1 MB` });
    const quoted = text.includes('"');
    this.#held = '';
    let from = 0;
    while (from < text.length) {
      let to = quoted ? rowEnd(text, from, this.#delimiter) : text.indexOf('\n', from);
      if (to < 0) {
        if (!final && text.length - from < ROW_LIMIT) {
          this.#held = text.slice(from);
          this.#heldLine = line;
          break;
        }
        to = text.indexOf('\n', from);
        bad.push({ line, text: text.slice(from, to), reason: 'a quote is not closed' });
        from = to + 1;
        line++;
        continue;
      }
      const after = line + 1 + (quoted ? newlines(text, from, to) : 0);
      const blank = to === from || (to === from + 1 && text.charCodeAt(from) === 13);
      if (!blank && this.#skipHeader) {
        this.#skipHeader = false;
      } else if (!blank) {
        records.push(text.slice(from, text.charCodeAt(to - 1) === 13 ? to - 1 : to));
        lines.push(line);
        ends.push(Math.min(start + to + 1, end));
        endLines.push(after - 1);
      }
      from = to + 1;
      line = after;
    }
    const rows = this.#fields(records, quoted);
    if (!block.ascii) for (const row of rows) for (let i = 0; i < row.length; i++) row[i] = utf8(row[i] as string);
    return { file: block.file, rows, lines, ends, endLines, bad, head: block.head };
  }

  #fields(records: readonly string[], quoted: boolean): string[][] {
    if (records.length === 0) return [];
    const parser = quoted ? this.#quoted : this.#plain;
    const rows = parser.stringArrs(records.join('\n')) as string[][];
    if (rows.length === records.length) return rows;
    // uDSV runs rows with too few fields together; one at a time they stay apart.
    return records.map((record) => (parser.stringArrs(record) as string[][])[0] ?? []);
  }
}

function parserOf(columns: number, col: string, encl: string): Parser {
  const header = Array.from({ length: Math.max(columns, 1) }, (_, i) => `c${i}`);
  const schema = inferSchema(`${header.join(col)}\n`, { col, row: '\n', encl, header: () => [header] });
  // The header is not part of what is parsed.
  return initParser({ ...schema, skip: 0 } as typeof schema);
}

/** The newline that ends the row at `from`; -1 when a quoted field is open at the end of the text. */
function rowEnd(text: string, from: number, delimiter: string): number {
  let at = from;
  for (;;) {
    const newline = text.indexOf('\n', at);
    const quote = text.indexOf('"', at);
    if (quote < 0 || quote > newline) return newline;
    at = quote + 1;
    // Inside a field a quote is a character like any other.
    if (quote !== from && text[quote - 1] !== delimiter) continue;
    for (;;) {
      const close = text.indexOf('"', at);
      if (close < 0) return -1;
      at = close + 1;
      if (text.charCodeAt(at) !== 34) break;
      at++;
    }
  }
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

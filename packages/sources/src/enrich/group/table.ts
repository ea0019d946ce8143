import { readFileSync } from 'node:fs';
import { AuspexError } from '@auspex/contracts';
import { inferSchema, initParser } from 'udsv';

/**
 * A lookup table from a file: CSV (header; key, result) or JSON (an object of texts).
 *
 * @throws AuspexError SOURCE_NOT_FOUND, SOURCE_EMPTY, SOURCE_NO_VALID_RECORD
 */
export function readTable(file: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new AuspexError('SOURCE_NOT_FOUND', 'the lookup table cannot be read', { path: file, cause });
  }
  if (text.trim() === '') throw new AuspexError('SOURCE_EMPTY', 'the lookup table is empty', { path: file });
  return text.trimStart().startsWith('{') ? fromJson(text, file) : fromCsv(text, file);
}

function fromJson(text: string, file: string): Map<string, string> {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new AuspexError('SOURCE_NO_VALID_RECORD', 'the lookup table is no valid JSON', { path: file, cause });
  }
  const table = new Map<string, string>();
  for (const [key, result] of Object.entries(value)) {
    if (typeof result !== 'string') {
      throw new AuspexError('SOURCE_NO_VALID_RECORD', `the lookup table holds no text for "${key}"`, { path: file });
    }
    table.set(key, result);
  }
  return table;
}

function fromCsv(text: string, file: string): Map<string, string> {
  const schema = inferSchema(text);
  if (schema.cols.length < 2) {
    throw new AuspexError('SOURCE_NO_VALID_RECORD', 'the lookup table needs two columns: key and result', { path: `${file}:1` });
  }
  const rows = initParser(schema).stringArrs(text) as string[][];
  return new Map(rows.filter((row) => row[0] !== undefined && row[1] !== undefined).map((row) => [row[0] as string, row[1] as string]));
}

import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { AuspexError, type JournalRecord } from '@auspex/contracts';

/**
 * The records of an NDJSON journal.
 *
 * @throws AuspexError `SOURCE_NOT_FOUND`; `SOURCE_NO_VALID_RECORD` with file and line where one is no record
 */
export async function* journalFile(file: string, cwd: string): AsyncGenerator<JournalRecord> {
  let number = 0;
  for await (const line of fileLines(path.resolve(cwd, file))) {
    number++;
    if (line.trim() !== '') yield parse(line, `${file}:${number}`);
  }
}

async function* fileLines(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file) });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const text = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder, not a file' : message;
    const remedy = 'Name a file that `auspex backtest --journal FILE` or `auspex journal > FILE` wrote.';
    throw new AuspexError('SOURCE_NOT_FOUND', text, { path: file, cause, remedy });
  }
}

const TYPES: ReadonlySet<unknown> = new Set(['start', 'decision', 'receipt', 'failure', 'notice'] satisfies JournalRecord['type'][]);

function parse(line: string, where: string): JournalRecord {
  try {
    const record = JSON.parse(line) as JournalRecord;
    if (TYPES.has(record.type)) return record;
  } catch {
    // Told below, with the place.
  }
  throw new AuspexError('SOURCE_NO_VALID_RECORD', 'this is no line of a journal', {
    path: where,
    remedy: 'Name a file that `auspex backtest --journal FILE` or `auspex journal > FILE` wrote.',
  });
}

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
    const record = line.trim() === '' ? undefined : parse(line, `${file}:${number}`);
    if (record) yield record;
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

/** What this version knows; one more does not compile until it stands here. */
const TYPES: Readonly<Record<JournalRecord['type'], true>> = {
  start: true,
  decision: true,
  receipt: true,
  outcome: true,
  anomaly: true,
  alert: true,
  failure: true,
  notice: true,
};

/** Undefined = a record of a later version, which has more types. */
function parse(line: string, where: string): JournalRecord | undefined {
  try {
    const record = JSON.parse(line) as JournalRecord;
    if (typeof record.type === 'string' && Number.isFinite(record.step)) return Object.hasOwn(TYPES, record.type) ? record : undefined;
  } catch {
    // Told below, with the place.
  }
  throw new AuspexError('SOURCE_NO_VALID_RECORD', 'this is no line of a journal', {
    path: where,
    remedy: 'Name a file that `auspex backtest --journal FILE` or `auspex journal > FILE` wrote.',
  });
}

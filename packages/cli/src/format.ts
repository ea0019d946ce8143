import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { AuspexError } from '@auspex/contracts';

export const FORMATS = ['access-log', 'csv', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

/** Bytes that the format is guessed from. */
const SNIFF = 8192;

/**
 * The one format of all files, from their first bytes.
 * @throws SOURCE_NOT_FOUND for what is no readable file; SUPPORT when formats differ
 */
export function guessFormats(files: readonly string[]): Format {
  const formats = files.map(guessFormat);
  const [first] = formats;
  const other = formats.findIndex((format) => format !== first);
  if (other < 0) return first as Format;
  throw new AuspexError('SUPPORT', `it looks like ${formats[other]}, and ${path.basename(files[0] as string)} like ${first}`, {
    path: files[other] as string,
    remedy: 'Give files of one format, or name it with --format.',
  });
}

function guessFormat(file: string): Format {
  const text = head(file).toString('latin1').trimStart();
  if (text.startsWith('{')) return 'ndjson';
  if (/\[\d{2}\/[A-Z][a-z]{2}\/\d{4}:/.test(text) || /\.(log|clf)(\.gz)?$/.test(file)) return 'access-log';
  return 'csv';
}

function head(file: string): Buffer {
  const bytes = Buffer.alloc(SNIFF);
  try {
    if (statSync(file).isDirectory()) throw folder(file);
    const descriptor = openSync(file, 'r');
    try {
      const read = bytes.subarray(0, readSync(descriptor, bytes, 0, SNIFF, 0));
      return read[0] === 0x1f && read[1] === 0x8b ? gunzipSync(read, { finishFlush: constants.Z_SYNC_FLUSH }) : read;
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (cause instanceof AuspexError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new AuspexError('SOURCE_NOT_FOUND', 'there is no such file', { path: file, cause });
    if (code === 'EACCES' || code === 'EPERM') {
      const remedy = 'Let the user that runs this command read it: chmod +r.';
      throw new AuspexError('SOURCE_NOT_FOUND', 'this user may not read the file', { path: file, cause, remedy });
    }
    // A damaged gzip: the source says where.
    if (code?.startsWith('Z_')) return Buffer.alloc(0);
    throw new AuspexError('SOURCE_FAILED', `reading failed: ${message}`, { path: file, cause });
  }
}

function folder(file: string): AuspexError {
  const remedy = `Name the files in it: ${path.basename(file)}/*.log`;
  return new AuspexError('SOURCE_NOT_FOUND', 'this is a folder, not a file', { path: file, remedy });
}

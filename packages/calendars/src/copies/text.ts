import { AuspexError } from '@auspex/contracts';

const REMEDY = 'Give a plain text file in UTF-8: an iCalendar file (.ics), or JSON.';

/**
 * The text of what was read.
 * @throws AuspexError SOURCE_EMPTY, SOURCE_BINARY
 */
export function textOf(bytes: Uint8Array, path: string): string {
  if (bytes.length === 0) throw new AuspexError('SOURCE_EMPTY', 'the calendar is empty', { path, remedy: REMEDY });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AuspexError('SOURCE_BINARY', 'this is no text in UTF-8', { path, remedy: REMEDY, cause });
  }
  if (text.includes('\0')) throw new AuspexError('SOURCE_BINARY', 'this is no text: it holds zero bytes', { path, remedy: REMEDY });
  if (text.trim() === '') throw new AuspexError('SOURCE_EMPTY', 'the calendar is empty', { path, remedy: REMEDY });
  return text;
}

import { readFile, stat } from 'node:fs/promises';
import { AuspexError, type Logger } from '@auspex/contracts';
import { textOf } from './text.ts';

/** A file that is read again when it has changed. While what it holds now cannot be read, what it held before stands. */
export class FileCopy<T> {
  readonly #file: string;
  readonly #maxSize: number;
  readonly #parse: (text: string) => T;
  readonly #logger: Logger;
  #seen: string | undefined;
  #value: T | undefined;
  #failed = false;

  constructor(file: string, maxSize: number, parse: (text: string) => T, logger: Logger) {
    this.#file = file;
    this.#maxSize = maxSize;
    this.#parse = parse;
    this.#logger = logger;
  }

  /** @throws AuspexError while there never was anything that could be read */
  async value(): Promise<T> {
    try {
      await this.#read();
    } catch (error) {
      if (this.#value === undefined) {
        // Asked again, it is to be said again.
        this.#seen = undefined;
        throw error;
      }
      if (!this.#failed)
        this.#logger.warn({ file: this.#file, error: (error as Error).message }, 'the calendar cannot be read: what it held before stands');
      this.#failed = true;
    }
    return this.#value as T;
  }

  async #read(): Promise<void> {
    let bytes: Uint8Array;
    try {
      const { mtimeMs, size, ino } = await stat(this.#file);
      const seen = `${mtimeMs} ${size} ${ino}`;
      if (seen === this.#seen) return;
      if (size > this.#maxSize) throw tooLarge(this.#file, this.#maxSize);
      bytes = await readFile(this.#file);
      this.#seen = seen;
    } catch (cause) {
      // Once it is back it is read, even where it is as it was.
      this.#seen = undefined;
      throw cause instanceof AuspexError ? cause : unreadable(this.#file, cause as NodeJS.ErrnoException);
    }
    this.#value = this.#parse(textOf(bytes, this.#file));
    if (this.#failed) this.#logger.info({ file: this.#file }, 'the calendar can be read again');
    this.#failed = false;
  }
}

function tooLarge(path: string, maxSize: number): AuspexError {
  return new AuspexError('SOURCE_FAILED', `the calendar holds more than ${maxSize} bytes`, {
    path,
    remedy: 'Leave out what is long past, or raise maxSize.',
  });
}

function unreadable(path: string, cause: NodeJS.ErrnoException): AuspexError {
  const text =
    cause.code === 'ENOENT' || cause.code === 'ENOTDIR'
      ? 'there is no such file'
      : cause.code === 'EISDIR'
        ? 'this is a folder, not a file'
        : cause.code === 'EACCES' || cause.code === 'EPERM'
          ? 'this user may not read the file'
          : `reading failed: ${cause.message}`;
  return new AuspexError('SOURCE_NOT_FOUND', text, { path, cause });
}

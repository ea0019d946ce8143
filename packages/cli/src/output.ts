import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { wrongUse } from './values.ts';

/** Lines are written together once they are this long. */
const BLOCK = 1 << 16;

/**
 * A file that is there whole or not at all: written beside its place, and moved there by `keep`.
 * Opened before any work is done, so that a folder that cannot be written to costs nobody a minute.
 */
export class OutputFile {
  readonly #file: string;
  readonly #part: string;
  readonly #option: string;
  #descriptor: number | undefined;
  #held = '';

  /** @throws AuspexError when the file cannot be written */
  constructor(cwd: string, named: string, option: string) {
    this.#file = path.resolve(cwd, named);
    this.#option = option;
    const present = statSync(this.#file, { throwIfNoEntry: false });
    // A device or a pipe is written to as it is: it must not be replaced by a file.
    this.#part = !present || present.isFile() ? `${this.#file}.${process.pid}.part` : this.#file;
    this.#try(() => {
      if (present?.isDirectory()) throw new Error('there is a folder of this name');
      this.#descriptor = openSync(this.#part, 'w');
    });
  }

  /** What is to be removed when the process is ended before `keep`. */
  get part(): string | undefined {
    return this.#part === this.#file ? undefined : this.#part;
  }

  write(text: string): void {
    this.#held += text;
    if (this.#held.length >= BLOCK) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#held);
    this.#held = '';
    this.#try(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor as number, bytes, at);
    });
  }

  /** The file is whole: it takes its place. */
  keep(): void {
    this.#flush();
    this.#try(() => {
      closeSync(this.#descriptor as number);
      this.#descriptor = undefined;
      if (this.part) renameSync(this.part, this.#file);
    });
  }

  /** Leaves nothing behind of a file that was not kept. May be called again. */
  discard(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
    if (this.part) rmSync(this.part, { force: true });
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (cause) {
      this.discard();
      const text = `${this.#file} cannot be written: ${(cause as Error).message.split(',')[0]}`;
      throw wrongUse(this.#option, text, 'Name a file in a folder that exists and that you may write to, on a disk with room.');
    }
  }
}

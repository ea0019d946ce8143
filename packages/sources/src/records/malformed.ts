import type { Logger } from '@auspex/contracts';
import { excerpt } from '../lines/index.ts';

/** Malformed records that are shown in the log; the others are only counted. */
const SHOWN = 5;

/** Counts records that could not be read, and shows the first few. */
export class Malformed {
  readonly #logger: Logger;
  #shown = 0;
  /** Since the last `take`. */
  #count = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * @param line number of the line, from 1
   * @param reason why it could not be read
   */
  add(file: string, line: number, text: string, reason: string): void {
    this.#count++;
    if (this.#shown >= SHOWN) return;
    this.#shown++;
    this.#logger.warn({ at: `${file}:${line}`, reason, text: excerpt(text) }, 'malformed record skipped');
  }

  /** How many since the last call. */
  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}

import { AuspexError, formatDuration, type Logger } from '@auspex/contracts';

/** Watches that time does not run back by more than a log's usual disorder. */
export class TimeOrder {
  readonly #limit: number;
  readonly #follow: boolean;
  readonly #logger: Logger;
  /** Highest event time so far, epoch ms. */
  high: number;

  /**
   * @param limit milliseconds that a record may lie before the highest time
   * @param follow only log what lies further back: a live log cannot be sorted
   * @param high highest time of the part that was read before a restart
   */
  constructor(limit: number, follow: boolean, logger: Logger, high = Number.NEGATIVE_INFINITY) {
    this.#limit = limit;
    this.#follow = follow;
    this.#logger = logger;
    this.high = high;
  }

  /** Does a record at `at` lie too far back? The caller then asks `refuse`. */
  tooLate(at: number): boolean {
    if (at >= this.high) {
      this.high = at;
      return false;
    }
    return this.high - at > this.#limit;
  }

  /** @throws AuspexError SOURCE_TIME_BACKWARDS unless following */
  refuse(at: number, file: string, line: number): void {
    const path = `${file}:${line}`;
    const text = `time runs back from ${iso(this.high)} to ${iso(at)}, by more than ${formatDuration(this.#limit)}`;
    if (this.#follow) {
      this.#logger.warn({ at: path }, text);
      return;
    }
    throw new AuspexError('SOURCE_TIME_BACKWARDS', text, {
      path,
      remedy: 'Sort the file by time, list rotated files oldest first, or raise maxBackwards.',
    });
  }
}

/** Epoch ms as ISO text. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

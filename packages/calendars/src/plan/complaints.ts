import { AuspexError, type Logger, type Meter } from '@auspex/contracts';

/** Complaints of one reading that are logged; all are counted. */
const SHOWN = 20;

/** Events that are no events, told where people look. Those beside them stand. */
export class Complaints {
  readonly #calendar: string;
  readonly #logger: Logger;
  readonly #meter: Meter;
  #first: string | undefined;
  #count = 0;

  constructor(calendar: string, { logger, meter }: { readonly logger: Logger; readonly meter: Meter }) {
    this.#calendar = calendar;
    this.#logger = logger;
    this.#meter = meter;
  }

  get count(): number {
    return this.#count;
  }

  /** @param where file and line, or the place in the file */
  bad(where: string, reason: string): void {
    this.#first ??= `${where}: ${reason}`;
    this.#count++;
    this.#meter.count('auspex_calendar_bad_events_total', 1, { calendar: this.#calendar });
    if (this.#count <= SHOWN) this.#logger.warn({ at: where, reason }, 'an event of the calendar cannot be read and is left out');
    else if (this.#count === SHOWN + 1) this.#logger.warn({ calendar: this.#calendar }, 'further events are left out without a line each');
  }

  /** The other half of a reading: with nothing read and something wrong, the whole is wrong. @throws AuspexError SOURCE_NO_VALID_RECORD */
  check(read: number, path: string): void {
    if (read > 0 || this.#count === 0) return;
    throw new AuspexError('SOURCE_NO_VALID_RECORD', `none of its ${this.#count} events can be read; the first: ${this.#first}`, {
      path,
      remedy: 'Correct what is named; the README of @auspex/calendars shows what an event looks like.',
    });
  }
}

import type { Alert, AlertSink, Logger } from '@auspex/contracts';
import { toneOf } from '../headline.ts';
import { iso, oneLine } from '../text.ts';

const LEVELS = { page: 'error', warning: 'warn', info: 'info', resolved: 'info' } as const;

/** One line of the log an alert, with all that it says. */
export class LogSink implements AlertSink {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  async send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (const alert of alerts) {
      const { step, startsAt, endsAt, summary, ...said } = alert;
      const times = { step: iso(step), startsAt: iso(startsAt), ...(endsAt !== undefined && { endsAt: iso(endsAt) }) };
      // A logger of lines must not be made to write a second one.
      this.#logger[LEVELS[toneOf(alert)]]({ alert: { ...said, summary, ...times } }, `alert ${alert.status}: ${oneLine(summary)}`);
    }
  }
}

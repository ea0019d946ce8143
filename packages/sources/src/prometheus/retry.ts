import { type Clock, formatDuration, type Logger, type Meter, type Random } from '@auspex/contracts';
import { ExponentialBackoff, type IBackoff } from 'cockatiel';
import { QueryFailed } from './client.ts';

const FIRST = 1_000;
const MAX = 30_000;
/** How long a server that has not answered yet may say that it is busy, as while it starts. Milliseconds. */
const STARTING = 10_000;

interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** Asks again what may succeed later, with growing waits in the engine's time; half of each wait is chance. */
export class Retry {
  readonly #patience: number;
  readonly #context: Surroundings;
  readonly #delays: ExponentialBackoff<number>;
  #answered = false;

  /** @param patience milliseconds after which it gives up on a server that has answered before */
  constructor(patience: number, context: Surroundings) {
    this.#patience = patience;
    this.#context = context;
    const random = context.random.fork('prometheus-retry');
    this.#delays = new ExponentialBackoff<number>({
      initialDelay: FIRST,
      maxDelay: MAX,
      generator: (failures = 0, { initialDelay, maxDelay, exponent }) => {
        const delay = Math.min(maxDelay, initialDelay * exponent ** failures);
        return [(delay * (1 + random.next())) / 2, failures + 1];
      },
    });
  }

  /** @throws AuspexError of what cannot be mended, or lasts too long; the reason of the signal */
  async run<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, logger, meter } = this.#context;
    const since = clock.now();
    let backoff: IBackoff<unknown> | undefined;
    for (;;) {
      try {
        const answer = await act();
        this.#answered = true;
        return answer;
      } catch (failed) {
        if (!(failed instanceof QueryFailed) || signal.aborted) throw failed;
        backoff = backoff?.next(undefined) ?? this.#delays.next();
        const wait = Math.max(backoff.duration, failed.after);
        if (!this.#again(failed, clock.now() - since + wait)) throw failed.error;
        meter.count('auspex_prometheus_retries_total', 1);
        logger.warn({ error: failed.error.message, wait: formatDuration(Math.round(wait)) }, 'Prometheus did not answer: asking again');
        await clock.sleep(wait, signal);
      }
    }
  }

  #again({ retry }: QueryFailed, waited: number): boolean {
    if (retry === undefined) return false;
    // A wrong address is never right: whoever has not been reached once is told so at once.
    if (!this.#answered) return retry === 'busy' && waited <= Math.min(STARTING, this.#patience);
    return waited <= this.#patience;
  }
}

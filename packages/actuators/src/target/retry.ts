import { type Clock, formatDuration, type Meter, type Random } from '@auspex/contracts';
import { ExponentialBackoff, type IBackoff } from 'cockatiel';
import { Conflict, Unavailable } from './errors.ts';

const FIRST = 200;
const MAX = 3_000;

/** Asks again what may succeed later, with growing waits in the engine's time; half of each wait is chance. */
export class Retry {
  readonly #patience: number;
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #plugin: string;
  readonly #delays: ExponentialBackoff<number>;

  /** @param patience milliseconds */
  constructor(plugin: string, patience: number, { clock, random, meter }: { clock: Clock; random: Random; meter: Meter }) {
    this.#plugin = plugin;
    this.#patience = patience;
    this.#clock = clock;
    this.#meter = meter;
    // A counter that begins with its first count hides that one from whoever looks at its increase.
    meter.count('auspex_actuator_retries_total', 0, { plugin });
    const chance = random.fork(`retry/${plugin}`);
    this.#delays = new ExponentialBackoff<number>({
      initialDelay: FIRST,
      maxDelay: MAX,
      generator: (failures = 0, { initialDelay, maxDelay, exponent }) => {
        const delay = Math.min(maxDelay, initialDelay * exponent ** failures);
        return [(delay * (1 + chance.next())) / 2, failures + 1];
      },
    });
  }

  /** @throws what it was given where that is neither `Unavailable` nor `Conflict`, or the patience ends; the reason of the signal */
  async run<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const since = this.#clock.now();
    let backoff: IBackoff<unknown> | undefined;
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      const began = this.#clock.now();
      try {
        return await act();
      } catch (failed) {
        if (!(failed instanceof Unavailable || failed instanceof Conflict)) throw failed;
        signal.throwIfAborted();
        backoff = backoff?.next(undefined) ?? this.#delays.next();
        const wait = Math.max(backoff.duration, failed instanceof Unavailable ? failed.after : 0);
        const now = this.#clock.now();
        const waited = now - since;
        // It may take as long again: what ends after the patience ends after the engine has given it up, which then journals what is not so.
        if (waited + wait + (now - began) > this.#patience) {
          const times = tries === 1 ? '' : ` (asked ${tries} times in ${formatDuration(Math.max(1, Math.round(waited)))})`;
          throw new Unavailable(`${failed.message}${times}`, { cause: failed });
        }
        this.#meter.count('auspex_actuator_retries_total', 1, { plugin: this.#plugin });
        await this.#clock.sleep(wait, signal);
      }
    }
  }
}

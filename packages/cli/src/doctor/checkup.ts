import { AuspexError, type Clock, ERRORS, type ErrorCode } from '@auspex/contracts';
import { isAuspexError } from '../exit.ts';

/** How long one check may take: as long as a start may take to fail. */
const LIMIT_MS = 15_000;

/** One line of the verdict; the object that `--json` prints. */
export interface Check {
  /** What was checked: `store`, `store.lease`, or the path of a plugin in the config. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'not-checked';
  readonly code?: ErrorCode;
  /** What was seen, or what is wrong. */
  readonly seen: string;
  readonly remedy?: string;
  readonly ms: number;
}

/** What a check has found, where it threw nothing. `remedy` makes it a warning. */
export interface Found<T = void> {
  readonly seen: string;
  readonly code?: ErrorCode;
  readonly remedy?: string;
  readonly value?: T;
}

/** Runs checks one after the other, each within a limit; none of them ends the others. */
export class Checkup {
  readonly checks: Check[] = [];
  readonly clock: Clock;
  readonly #signal: AbortSignal;
  readonly #tell: (check: Check) => void;

  /** @param tell is told of every check when it is done */
  constructor(clock: Clock, signal: AbortSignal, tell: (check: Check) => void) {
    this.clock = clock;
    this.#signal = signal;
    this.#tell = tell;
  }

  /**
   * One check. Undefined = it failed, or has nothing to give.
   *
   * @param late code of an answer that does not come
   * @throws the reason of the signal, when the user stops the command
   */
  async run<T = void>(check: string, late: ErrorCode, act: (signal: AbortSignal) => Promise<Found<T>> | Found<T>): Promise<T | undefined> {
    this.#signal.throwIfAborted();
    const began = this.clock.now();
    const took = (): number => this.clock.now() - began;
    try {
      const { seen, code, remedy, value } = await this.#limited(late, async (signal) => act(signal));
      const more = { ...(code === undefined ? {} : { code }), ...(remedy === undefined ? {} : { remedy }) };
      this.#add({ check, status: remedy === undefined ? 'ok' : 'warning', ...more, seen, ms: took() });
      return value;
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#add({ check, status: 'failed', ...told(error), ms: took() });
      return undefined;
    }
  }

  /** A check that makes no sense: another failed that it needs, or looking would do harm. */
  skip(check: string, because: string): void {
    this.#add({ check, status: 'not-checked', seen: because, ms: 0 });
  }

  #add(check: Check): void {
    this.checks.push(check);
    this.#tell(check);
  }

  async #limited<T>(late: ErrorCode, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.#signal]);
    const limit = this.clock.sleep(LIMIT_MS, signal).then(() => {
      throw new AuspexError(late, `no answer within ${LIMIT_MS / 1_000} s`);
    });
    limit.catch(() => undefined);
    try {
      return await Promise.race([act(signal), limit]);
    } finally {
      done.abort();
    }
  }
}

/** What a failure says; of what is not ours its own words. */
function told(error: unknown): { code: ErrorCode; seen: string; remedy: string } {
  if (isAuspexError(error)) return { code: error.code, seen: error.message, remedy: error.remedy };
  return { code: 'PLUGIN_FAILED', seen: error instanceof Error ? error.message : String(error), remedy: ERRORS.PLUGIN_FAILED };
}

/** Waits for something that is being ended, but not for ever. */
export async function atMost(clock: Clock, ms: number, ending: Promise<unknown> | undefined): Promise<void> {
  const over = new AbortController();
  await Promise.race([ending, clock.sleep(ms, over.signal)]).catch(() => undefined);
  over.abort();
}

import type { Clock } from '@auspex/contracts';
import { Sleepers } from './sleepers.ts';

/** A clock that stands still until it is moved. `sleep` resolves when `advance` has reached its end. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Sleepers();

  /** @param start epoch ms. Default 2026-01-05T00:00:00Z, a Monday */
  constructor(start = Date.UTC(2026, 0, 5)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#sleepers.add(this.#now + ms, signal);
  }

  /** Moves on by `ms`, waking who is due in the order of their times; what they do before their next wait is done when this resolves. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#sleepers.next;
      if (!due || due.until > end) break;
      this.#now = Math.max(this.#now, due.until);
      due.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything run that waits for no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

import type { Clock } from '@auspex/contracts';
import { type Sleeper, Sleepers } from '../fakes/sleepers.ts';
import { afterMs, turn } from './limit.ts';

/** How much faster than the wall it goes on: a second is a tenth of one. What really happens, such as an answer from a server, wins. */
const PACE = 10;
/** Most sleeps that `rest` waits for. */
const TURNS = 100;

/**
 * The clock of an instance under a law. Nobody moves it: where somebody sleeps it goes on by itself, from one who is due to the next,
 * so that its times are the same in each run. A plugin that waits before it tries again comes to its end.
 */
export class LawClock implements Clock {
  readonly #sleepers = new Sleepers();
  #now = Date.UTC(2026, 0, 5);
  #ended = false;
  /** Who is woken next, unless somebody comes who is due before. */
  #planned: Sleeper | undefined;
  #cancel: (() => void) | undefined;

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const asleep = this.#sleepers.add(this.#now + Math.max(0, ms), signal);
    this.#plan();
    return asleep;
  }

  /** Goes on for `ms` more, and then stands still. How many are asleep after that. */
  async rest(ms: number): Promise<number> {
    this.end();
    const end = this.#now + ms;
    for (let i = 0; i < TURNS; i++) {
      const { next } = this.#sleepers;
      if (next && next.until <= end) this.#wake(next);
      await turn();
    }
    return this.#sleepers.size;
  }

  /** Stands still from now on: who sleeps sleeps for ever. */
  end(): void {
    this.#ended = true;
    this.#cancel?.();
  }

  #plan(): void {
    const { next } = this.#sleepers;
    if (this.#ended || !next || next === this.#planned) return;
    this.#cancel?.();
    this.#planned = next;
    this.#cancel = afterMs((next.until - this.#now) / PACE, () => {
      this.#planned = undefined;
      // It may have been told to stop meanwhile: then another one is next.
      if (this.#sleepers.next === next) this.#wake(next);
      this.#plan();
    });
  }

  #wake(sleeper: Sleeper): void {
    this.#now = Math.max(this.#now, sleeper.until);
    sleeper.wake();
  }
}

import type { Io } from './io.ts';

/** Redraw at most so often, counted in calls: a step takes microseconds, a line a millisecond. */
const EVERY = 256;

/** One line of progress on stderr, only where somebody looks. */
export class Progress {
  readonly #io: Io;
  readonly #from: number;
  readonly #to: number;
  #calls = 0;
  #drawn = false;

  constructor(io: Io, from: number, to: number) {
    this.#io = io;
    this.#from = from;
    this.#to = to;
  }

  step(phase: string, at: number): void {
    if (!this.#io.tty || this.#calls++ % EVERY !== 0) return;
    const share = Math.min(1, Math.max(0, (at - this.#from) / Math.max(1, this.#to - this.#from)));
    const filled = Math.round(share * 24);
    const bar = '█'.repeat(filled) + '░'.repeat(24 - filled);
    const day = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
    this.#io.err(`\r\u001B[2K${phase.padEnd(12)} ${bar} ${String(Math.round(100 * share)).padStart(3)} %  ${day}`);
    this.#drawn = true;
  }

  done(): void {
    if (this.#drawn) this.#io.err('\r\u001B[2K');
  }
}

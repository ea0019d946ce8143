import type { Io } from './io.ts';

/** Redraw at most so often, counted in calls: a step takes microseconds, a line a millisecond. */
const EVERY = 256;

/** One line of progress on stderr, only where somebody looks. */
export class Progress {
  readonly #io: Io;
  readonly #span: { readonly from: number; readonly to: number } | undefined;
  #calls = 0;
  #drawn = false;

  /** @param span without one, how much is left is not known: no bar is drawn */
  constructor(io: Io, span?: { readonly from: number; readonly to: number }) {
    this.#io = io;
    this.#span = span;
  }

  step(phase: string, at: number): void {
    if (!this.#io.tty || this.#calls++ % EVERY !== 0) return;
    const day = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
    this.#io.err(`\r\u001B[2K${phase.padEnd(12)} ${this.#bar(at)}${day} UTC`);
    this.#drawn = true;
  }

  #bar(at: number): string {
    if (!this.#span) return '';
    const { from, to } = this.#span;
    const share = Math.min(1, Math.max(0, (at - from) / Math.max(1, to - from)));
    const filled = Math.round(share * 24);
    return `${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${String(Math.round(100 * share)).padStart(3)} %  `;
  }

  done(): void {
    if (this.#drawn) this.#io.err('\r\u001B[2K');
    this.#drawn = false;
  }
}

import { AuspexError } from '@auspex/contracts';

/**
 *   idle ──start──▶ starting ──ok──▶ running ──close──▶ stopping ──▶ stopped
 *                      │ failure: undo what had started       ▲
 *                      └──────────────────────────────────────┘
 */
export type LifecycleState = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped';

/** One part that is closed when the engine stops. */
export interface Closable {
  readonly name: string;
  close(): Promise<void> | void;
}

/** Holds the state and what has to be closed, in the order in which it was started. */
export class Lifecycle {
  #state: LifecycleState = 'idle';
  readonly #closables: Closable[] = [];

  get state(): LifecycleState {
    return this.#state;
  }

  /** Runs `start`; on failure closes what had already been opened and rethrows. */
  async start(start: () => Promise<void>): Promise<void> {
    if (this.#state !== 'idle') throw new AuspexError('LIFECYCLE', `an engine that is ${this.#state} cannot be started`);
    this.#state = 'starting';
    try {
      await start();
      this.#state = 'running';
    } catch (error) {
      const failures = await this.#undo();
      if (failures.length > 0) throw new AggregateError([error, ...failures], 'the start failed, and so did closing what had started');
      throw error;
    }
  }

  /** What was opened now is closed later, last first. */
  opened(closable: Closable): void {
    this.#closables.push(closable);
  }

  /** Closes one part before its time, if it is open. What it throws is the caller's. */
  async closeOne(name: string): Promise<void> {
    const index = this.#closables.findLastIndex((closable) => closable.name === name);
    if (index >= 0) await this.#closables.splice(index, 1)[0]?.close();
  }

  /** Closes in reverse order, gathers every failure. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'stopping') return;
    const failures = await this.#undo();
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} part(s) did not close`);
  }

  async #undo(): Promise<unknown[]> {
    this.#state = 'stopping';
    const failures: unknown[] = [];
    for (let last = this.#closables.pop(); last; last = this.#closables.pop()) {
      try {
        await last.close();
      } catch (error) {
        failures.push(new AuspexError('PLUGIN_FAILED', `did not close: ${(error as Error).message}`, { path: last.name, cause: error }));
      }
    }
    this.#state = 'stopped';
    return failures;
  }
}

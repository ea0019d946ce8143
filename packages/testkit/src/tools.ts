import { deepFreeze, type Plugin, type PluginContext, type PluginKind } from '@auspex/contracts';
import { fakeContext } from './fakes/context.ts';
import { broken, type InstanceOf } from './law.ts';
import { LawClock } from './run/clock.ts';
import { closeQuietly } from './run/limit.ts';
import type { SubjectBase } from './subject.ts';

export { deepFreeze };

interface Closable {
  close?(): Promise<void> | void;
}

/** What a law works with. */
export class Tools<K extends PluginKind = PluginKind> {
  readonly #subject: SubjectBase<K>;
  readonly #made: Closable[] = [];
  readonly #clocks: LawClock[] = [];
  /** What aborts the signal of each instance. */
  readonly #stops = new Map<Closable, AbortController>();
  readonly #abort = new AbortController();

  constructor(subject: SubjectBase<K>) {
    this.#subject = subject;
  }

  /** Never aborts before the law ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The subject's options, parsed as the engine does. @throws LawBroken where its own schema refuses them */
  options(given: unknown = this.#subject.with ?? {}): unknown {
    const parsed = (this.#subject.plugin as Plugin).config.safeParse(given);
    if (!parsed.success)
      broken(`its schema refuses the subject's options: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`);
    return deepFreeze(parsed.data);
  }

  /**
   * A new instance of the subject's plugin, as the engine would make it. Closed when the law ends, unless the law did.
   * Its clock goes on by itself where somebody sleeps by it.
   * @param context replaces parts of the context; the seed is the same each time
   * @param given replaces the subject's options
   */
  create(context: Partial<PluginContext> = {}, given?: unknown): InstanceOf<K> {
    return this.createWith(this.options(given), context);
  }

  /** A new instance made of these options as they are, neither parsed nor frozen. Closed like others. */
  createWith(options: unknown, context: Partial<PluginContext> = {}): InstanceOf<K> {
    const [clock, stop] = [new LawClock(), new AbortController()];
    const instance = this.#subject.plugin.create(options as never, fakeContext({ clock, signal: stop.signal, ...context }));
    this.#clocks.push(clock);
    this.#made.push(instance as Closable);
    this.#stops.set(instance as Closable, stop);
    return instance as InstanceOf<K>;
  }

  /** Closes an instance now, as the engine does: its signal aborts, then it is closed. */
  async close(instance: InstanceOf<K>): Promise<void> {
    const made = instance as Closable;
    const index = this.#made.indexOf(made);
    if (index >= 0) this.#made.splice(index, 1);
    this.#stops.get(made)?.abort(new Error('closed'));
    await made.close?.();
  }

  /** Closes what is left, last first. What fails to close here is not this law's business. */
  async end(): Promise<void> {
    this.#abort.abort();
    for (const instance of this.#made.reverse()) {
      this.#stops.get(instance)?.abort(new Error('closed'));
      await closeQuietly(instance);
    }
    for (const clock of this.#clocks) clock.end();
  }
}

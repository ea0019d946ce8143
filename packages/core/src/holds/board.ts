import type { Logger, Store } from '@auspex/contracts';
import type { HoldView } from '../guards/guard.ts';
import type { Journal } from '../journal.ts';
import { stamp } from '../persistence/keys.ts';
import { type Hold, readHolds } from './record.ts';

/** What operators have ordered, as the engine knows it: read from the store once a step, told in the journal when it begins and ends. */
export class HoldBoard {
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #logger: Logger;
  /** By pool; of pools of this config. */
  readonly #taken = new Map<string, Hold>();
  readonly #pools: ReadonlySet<string>;
  /** Step that the holds were last read for: past steps are nobody's to hold. */
  #at = Number.NaN;

  constructor(store: Store, pools: readonly string[], journal: Journal, logger: Logger) {
    this.#store = store;
    this.#pools = new Set(pools);
    this.#journal = journal;
    this.#logger = logger;
  }

  /** Reads what is in force for the step at `at`. A store that cannot be read leaves what was in force, until it ends by itself. */
  async read(at: number): Promise<void> {
    this.#at = at;
    let holds: readonly Hold[];
    try {
      holds = await readHolds(this.#store);
    } catch (error) {
      this.#logger.warn({ error: (error as Error).message }, 'holds could not be read: those that were in force stay so until they end');
      holds = [...this.#taken.values()];
    }
    const inForce = new Map(
      holds.filter(({ pool, until }) => this.#pools.has(pool) && until > at).map((hold) => [hold.pool, hold] as const),
    );
    for (const [pool, hold] of [...this.#taken]) if (!inForce.has(pool)) this.#end(at, hold);
    for (const hold of inForce.values()) {
      const known = this.#taken.get(hold.pool);
      this.#taken.set(hold.pool, hold);
      if (!known || known.made !== hold.made || known.kind !== hold.kind) this.#tell(at, 'HOLD_SET', `${hold.pool}: ${textOf(hold)}`);
    }
  }

  #end(at: number, hold: Hold): void {
    this.#taken.delete(hold.pool);
    const how = hold.until <= at ? 'has run out' : 'was released';
    this.#tell(at, 'HOLD_ENDED', `${hold.pool}: the ${hold.kind} by ${hold.by} ${how}`);
  }

  #tell(step: number, code: string, text: string): void {
    this.#journal.append({ type: 'notice', step, code, text });
    this.#logger.info({ code }, text);
  }

  /** What stands for a pool at the step that was read last. */
  inForce(pool: string, at: number): HoldView | undefined {
    return at === this.#at ? this.#taken.get(pool) : undefined;
  }

  /** For the checkpoint: what has been told is not told again after a restart. */
  encode(): readonly Hold[] {
    return [...this.#taken.values()];
  }

  restore(holds: readonly Hold[]): void {
    this.#taken.clear();
    for (const hold of holds) this.#taken.set(hold.pool, { ...hold });
  }
}

function textOf({ kind, units, inOnly, until, by, reason }: Hold): string {
  const what = kind === 'pin' ? `pinned at ${units}` : inOnly ? 'frozen downwards' : 'frozen';
  return `${what} until ${stamp(until)} by ${by}: "${reason}"`;
}

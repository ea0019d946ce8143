import type { Clock } from '@auspex/contracts';
import type { Mark } from '../target/index.ts';

/** Units of a pool as a metric shows them. */
export interface Publication {
  readonly mark: Mark;
  /** From then on it is absent, epoch ms. */
  readonly until: number;
  readonly clock: Clock;
}

/**
 * What is served as a metric, by pool: present while it holds, absent afterwards, never repeated. All actuators of this process that serve at one
 * address share it.
 */
export class Published {
  readonly #pools = new Map<string, Publication>();
  readonly #asked = new Map<string, number>();
  readonly #listeners = new Set<(pool: string) => void>();

  publish(pool: string, publication: Publication): void {
    this.#pools.set(pool, publication);
    for (const told of this.#listeners) told(pool);
  }

  withdraw(pool: string): void {
    if (!this.#pools.delete(pool)) return;
    for (const told of this.#listeners) told(pool);
  }

  /** What holds now; undefined = nothing does. */
  held(pool: string): Mark | undefined {
    const found = this.#pools.get(pool);
    return found && found.until > found.clock.now() ? found.mark : undefined;
  }

  /** The same for somebody who scales by it. */
  ask(pool: string): number | undefined {
    const found = this.#pools.get(pool);
    if (found) this.#asked.set(pool, found.clock.now());
    return this.held(pool)?.units;
  }

  /** When somebody asked last, epoch ms; undefined = nobody has. */
  asked(pool: string): number | undefined {
    return this.#asked.get(pool);
  }

  /** Why there is no value: for the error that a scaler gets. */
  absence(pool: string): string {
    const found = this.#pools.get(pool);
    if (!found) return `nothing is ordered for pool "${pool}" yet`;
    return `what was ordered for pool "${pool}" ran out at ${new Date(found.until).toISOString()} and was not renewed`;
  }

  /** Is told of each pool whose value changes, lapses excepted. Returns what ends it. */
  onChange(told: (pool: string) => void): () => void {
    this.#listeners.add(told);
    return () => void this.#listeners.delete(told);
  }
}

import type { Records } from '../target/index.ts';
import type { Host } from './host.ts';
import type { Entry, Ledger } from './ledger.ts';

/** What is noted of the hosts of a pool while they are changed. */
export class Notes {
  readonly entries: Map<string, Entry>;
  readonly #pool: string;
  readonly #ledgers: Records<Ledger>;

  constructor(pool: string, hosts: readonly Host[], ledgers: Records<Ledger>) {
    this.entries = new Map(hosts.filter(({ unseen }) => !unseen).map(({ system, entry }) => [system, entry]));
    this.#pool = pool;
    this.#ledgers = ledgers;
  }

  /** Durable when it resolves. */
  async set(hosts: readonly Host[], note: (host: Host) => Entry): Promise<void> {
    for (const host of hosts) this.entries.set(host.system, note(host));
    await this.write();
  }

  write(): Promise<void> {
    return this.#ledgers.write(this.#pool, { hosts: Object.fromEntries(this.entries) });
  }
}

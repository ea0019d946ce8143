import { type Clock, formatDuration } from '@auspex/contracts';
import { aloneBy, type Marks, type Records, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import type { RedfishClient } from './client.ts';
import type { RedfishHost, RedfishOptions, RedfishPool } from './config.ts';
import { type Host, isReady, isUnit, mayBeOn, silent, unreached } from './host.ts';
import { type Entry, type Ledger, look } from './ledger.ts';
import { Notes } from './notes.ts';

/** The hosts of a pool as they are found. */
export interface RedfishStatus extends Status {
  readonly hosts: readonly Host[];
}

export interface RedfishParts {
  readonly client: RedfishClient;
  readonly marks: Marks;
  readonly ledgers: Records<Ledger>;
  readonly clock: Clock;
}

type Options = Pick<RedfishOptions, 'pools' | 'boot' | 'shutdownGrace' | 'cyclesPerDay' | 'handsOff'>;

/** Hosts with a BMC: a unit is one that is on, or on its way. */
export class RedfishTarget implements Target<RedfishStatus> {
  readonly #options: Options;
  readonly #parts: RedfishParts;

  constructor(options: Options, parts: RedfishParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async status(pool: string, signal: AbortSignal): Promise<RedfishStatus> {
    const { marks, ledgers } = this.#parts;
    const { hosts: listed, floor } = this.#pool(pool);
    const ledger = await ledgers.read(pool);
    const hosts = await Promise.all(listed.map((host) => this.#look(host, ledger?.hosts[host.system], signal)));
    signal.throwIfAborted();
    if (hosts.every(({ problem }) => problem)) throw silent(hosts);
    const units = hosts.filter(isUnit);
    const mark = await marks.read(pool);
    const detail = this.#detail(hosts);
    return {
      units: units.length,
      ready: units.filter(isReady).length,
      base: units.length + hosts.filter(mayBeOn).length,
      most: units.length + hosts.filter((host) => this.#usable(host)).length,
      least: Math.max(Math.min(floor, hosts.length), units.filter((host) => !this.#movable(host)).length),
      hosts,
      ...(mark && { mark }),
      ...(detail && { detail }),
    };
  }

  alone<T>(pool: string, act: () => Promise<T>): Promise<T> {
    return aloneBy(this.#parts.marks, pool, act);
  }

  async scale(pool: string, { units, mark, status }: Scaling & { status: RedfishStatus }, signal: AbortSignal): Promise<void> {
    const { marks, ledgers } = this.#parts;
    // Before the hosts: a crash between the two must not forget the original.
    if (mark) await marks.write(pool, mark);
    const notes = new Notes(pool, status.hosts, ledgers);
    try {
      await this.#giveUp(status.hosts, notes, signal);
      await this.#raise(status.hosts, units - status.units, notes, signal);
      await this.#lower(status.hosts, status.units - units, notes, signal);
      await this.#force(status.hosts, signal);
    } finally {
      await notes.write();
    }
    if (mark) return;
    // The record stays until nobody can be one too many: a host whose BMC is silent now would otherwise stay on for good.
    const unsure = status.hosts.filter(mayBeOn);
    if (unsure.length > 0 && Math.min(units, status.units) + unsure.length > units) throw unreached(unsure);
    await marks.write(pool, undefined);
  }

  /** Forces off what does not shut down, where a keeper has ordered that: no order comes after it. */
  async finish(pool: string, signal: AbortSignal): Promise<void> {
    const ledger = await this.#parts.ledgers.read(pool);
    if (!Object.values(ledger?.hosts ?? {}).some(({ state }) => state === 'stopping')) return;
    await this.alone(pool, async () => this.#force((await this.status(pool, signal)).hosts, signal));
  }

  /** A host that may still come up, beside the one in its place, would be one too many. */
  async #giveUp(hosts: readonly Host[], notes: Notes, signal: AbortSignal): Promise<void> {
    for (const { system, entry, power } of hosts) {
      if (!entry.failed || power === undefined) continue;
      await this.#parts.client.reset(system, 'ForceOff', signal).catch((error: unknown) => {
        // One that is off already may say so.
        if (!(error instanceof Refused)) throw error;
      });
      const { failed: _, ...rest } = entry;
      notes.entries.set(system, rest);
    }
  }

  /** All at once; in the place of a host that refuses comes the next. */
  async #raise(hosts: readonly Host[], count: number, notes: Notes, signal: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    const usable = hosts.filter((host) => this.#usable(host));
    for (let missing = count; missing > 0 && usable.length > 0; ) {
      const batch = usable.splice(0, missing);
      const now = this.#parts.clock.now();
      // Before the BMCs: what was turned on and not noted would look like the doing of somebody else, and count as no cycle.
      await notes.set(batch, ({ entry }) => ({ ...entry, pending: true, cycles: [...entry.cycles, now] }));
      const answers = await Promise.allSettled(batch.map(({ system }) => client.reset(system, 'On', signal)));
      const failed: unknown[] = [];
      for (const [index, answer] of answers.entries()) {
        const host = batch[index] as Host;
        if (answer.status === 'fulfilled') {
          missing--;
          notes.entries.set(host.system, { state: 'starting', by: 'auspex', since: now, cycles: [...host.entry.cycles, now] });
        } else {
          failed.push(answer.reason);
          if (answer.reason instanceof Refused) notes.entries.set(host.system, this.#left(host, answer.reason.message));
        }
      }
      const silent = failed.find((error) => !(error instanceof Refused));
      if (silent !== undefined) throw silent;
      if (failed.length > 0 && usable.length === 0) throw failed[0];
    }
  }

  #left({ entry }: Host, why: string): Entry {
    const now = this.#parts.clock.now();
    return { state: 'left', by: 'other', since: now, until: now + this.#options.handsOff, why, cycles: entry.cycles };
  }

  /** One after the other, last first: what Auspex turned on before the rest. */
  async #lower(hosts: readonly Host[], count: number, notes: Notes, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const movable = hosts.filter((host) => isUnit(host) && this.#movable(host)).reverse();
    const ours = (host: Host): boolean => host.entry.by === 'auspex';
    const order = [...movable.filter(ours), ...movable.filter((host) => !ours(host))];
    for (const host of order.slice(0, Math.max(0, count))) {
      await notes.set([host], ({ entry }) => ({ ...entry, pending: true }));
      // One that is not on yet has nothing that could shut down.
      await client.reset(host.system, host.power === 'On' ? 'GracefulShutdown' : 'ForceOff', signal);
      notes.entries.set(host.system, { state: 'stopping', by: 'auspex', since: clock.now(), cycles: host.entry.cycles });
    }
  }

  async #force(hosts: readonly Host[], signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    for (const { system, entry, power } of hosts) {
      if (entry.state !== 'stopping' || power !== 'On' || clock.now() - entry.since < this.#options.shutdownGrace) continue;
      await client.reset(system, 'ForceOff', signal);
    }
  }

  async #look({ system, health }: RedfishHost, known: Entry | undefined, signal: AbortSignal): Promise<Host> {
    const { client, clock } = this.#parts;
    const { boot, handsOff } = this.#options;
    const [power, healthy] = await Promise.all([
      client.power(system, signal).catch((error: Error) => error),
      health === undefined ? true : client.healthy(health, signal),
    ]);
    const problem = power instanceof Error ? power : undefined;
    const found = { power: power instanceof Error ? undefined : power, healthy };
    const seen = look(known, found, { now: clock.now(), boot, handsOff });
    const unseen = problem && !known ? (health === undefined ? 'silent' : 'asked') : undefined;
    const entry: Entry = unseen === 'asked' && healthy ? { ...seen, state: 'on' } : seen;
    // A host that answers is on, whatever its BMC does.
    return {
      system,
      entry,
      ...found,
      healthy: healthy && (health !== undefined || !problem),
      ...(unseen && { unseen }),
      ...(problem && { problem }),
    };
  }

  #usable({ entry, power }: Host): boolean {
    return entry.state === 'off' && power === 'Off' && entry.cycles.length < this.#options.cyclesPerDay;
  }

  /** May be turned off: its BMC answers, nobody else has just turned it on, and it may be turned on again today. */
  #movable({ entry, power }: Host): boolean {
    if (power === undefined || entry.cycles.length >= this.#options.cyclesPerDay) return false;
    return entry.by !== 'other' || this.#parts.clock.now() - entry.since >= this.#options.handsOff;
  }

  #detail(hosts: readonly Host[]): string | undefined {
    const now = this.#parts.clock.now();
    const parts = hosts.flatMap((host) => {
      const { system, entry, problem } = host;
      if (problem) return [`${system}: ${problem.message}`];
      if (entry.state === 'left') return [`${system} is left alone for ${formatDuration((entry.until ?? now) - now)}: ${entry.why}`];
      const spent = isUnit(host) && entry.cycles.length >= this.#options.cyclesPerDay;
      return spent ? [`${system} was turned on ${entry.cycles.length} times in 24 hours and stays on`] : [];
    });
    return parts.length === 0 ? undefined : parts.join('; ');
  }

  #pool(pool: string): RedfishPool {
    const options = this.#options.pools[pool];
    if (!options) throw new Refused(`the options name no pool "${pool}": add it to pools`);
    return options;
  }
}

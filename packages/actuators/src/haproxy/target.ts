import { type Clock, formatDuration } from '@auspex/contracts';
import { aloneBy, type Marks, type Records, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import { Busy, type Change, type HaproxyClient } from './client.ts';
import type { HaproxyOptions, HaproxyPool } from './config.ts';
import { compare, type Entry, type Ledger, type Server } from './ledger.ts';
import { namesOf } from './names.ts';

/** A backend as it was read. */
export interface HaproxyStatus extends Status {
  readonly process: string;
  readonly servers: readonly Server[];
}

export interface HaproxyParts {
  readonly client: HaproxyClient;
  readonly marks: Marks;
  readonly ledgers: Records<Ledger>;
  readonly clock: Clock;
}

/** Servers of a backend: a unit is one that takes new sessions. */
export class HaproxyTarget implements Target<HaproxyStatus> {
  readonly #options: Pick<HaproxyOptions, 'pools' | 'drain' | 'handsOff'>;
  readonly #parts: HaproxyParts;

  constructor(options: Pick<HaproxyOptions, 'pools' | 'drain' | 'handsOff'>, parts: HaproxyParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async status(pool: string, signal: AbortSignal): Promise<HaproxyStatus> {
    const { client, marks, ledgers, clock } = this.#parts;
    const options = this.#pool(pool);
    const found = await client.look(options.backend, signal);
    const servers = compare(namesOf(options, found), found, await ledgers.read(pool), clock.now());
    const mark = await marks.read(pool);
    const detail = this.#detail(servers);
    const serving = servers.filter((server) => server.entry.in);
    return {
      units: serving.length,
      ready: serving.filter(({ found: server }) => server?.up).length,
      most: serving.length + servers.filter((server) => this.#usable(server, options)).length,
      least: serving.filter((server) => this.#kept(server)).length,
      process: found.process,
      servers,
      ...(mark && { mark }),
      ...(detail && { detail }),
    };
  }

  alone<T>(pool: string, act: () => Promise<T>): Promise<T> {
    return aloneBy(this.#parts.marks, pool, act);
  }

  async scale(pool: string, { units, mark, status }: Scaling & { status: HaproxyStatus }, signal: AbortSignal): Promise<void> {
    const { marks } = this.#parts;
    const options = this.#pool(pool);
    const serving = status.servers.filter((server) => server.entry.in);
    const spare = status.servers.filter((server) => this.#usable(server, options));
    const up = spare.slice(0, Math.max(0, units - serving.length));
    const movable = serving.filter((server) => !this.#kept(server)).reverse();
    // What Auspex brought into service goes first.
    const order = [...movable.filter(({ entry }) => entry.by === 'auspex'), ...movable.filter(({ entry }) => entry.by !== 'auspex')];
    const down = order.slice(0, Math.max(0, serving.length - units));
    // Before the servers: a crash between the two must not forget the original.
    if (mark) await marks.write(pool, mark);
    await this.#carryOut(pool, status, up, down, signal);
    if (!mark) await marks.write(pool, undefined);
  }

  /** Ends the drains that are due, such as those that a keeper began: no order comes after it. */
  async finish(pool: string, signal: AbortSignal): Promise<void> {
    if ((await this.#parts.ledgers.read(pool)) === undefined) return;
    await this.alone(pool, async () => this.#finish(pool, await this.status(pool, signal), signal));
  }

  async #carryOut(pool: string, status: HaproxyStatus, up: Server[], down: Server[], signal: AbortSignal): Promise<void> {
    const { ledgers, clock } = this.#parts;
    const { process, servers } = status;
    const now = clock.now();
    const set = (pending: boolean): Ledger => {
      const entries = new Map(servers.map(({ name, entry }) => [name, entry]));
      const to = (inService: boolean): Entry => ({ in: inService, by: 'auspex', since: now, ...(pending && { pending }) });
      for (const { name } of up) entries.set(name, to(true));
      for (const { name } of down) entries.set(name, to(false));
      return { process, servers: Object.fromEntries(entries) };
    };
    const changes = up.length + down.length > 0;
    // Before HAProxy: what Auspex did and could not note would look like the doing of somebody else.
    if (changes) await ledgers.write(pool, set(true));
    for (const server of up) await this.#raise(pool, server, signal);
    for (const { name } of down) await this.#change(pool, { server: name, to: 'drain' }, signal);
    await this.#finish(pool, status, signal, up);
    await ledgers.write(pool, set(false));
  }

  async #raise(pool: string, { name, found, address }: Server, signal: AbortSignal): Promise<void> {
    const { add, weight } = this.#pool(pool);
    if (!found && address !== undefined) {
      const keywords = add?.keywords ?? '';
      await this.#change(pool, { server: name, to: 'added', address, keywords }, signal);
      if (/(^|\s)check(\s|$)/.test(keywords)) await this.#change(pool, { server: name, to: 'checked' }, signal);
    }
    await this.#change(pool, { server: name, to: 'ready', weight }, signal);
  }

  /** Servers that Auspex took out of service and that have no sessions any more, or have had their time. */
  async #finish(pool: string, { servers }: HaproxyStatus, signal: AbortSignal, but: readonly Server[] = []): Promise<void> {
    const { clock } = this.#parts;
    for (const server of servers) {
      const { name, entry, found, address } = server;
      if (!found || entry.in || entry.by !== 'auspex' || but.includes(server)) continue;
      const over = found.sessions === 0 || clock.now() - entry.since >= this.#options.drain;
      if (found.admin === 'drain' && over) await this.#change(pool, { server: name, to: 'maint' }, signal);
      if (address !== undefined && (found.admin === 'maint' || over)) await this.#delete(pool, name, signal);
    }
  }

  async #delete(pool: string, server: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#change(pool, { server, to: 'deleted' }, signal);
    } catch (error) {
      // Connections that idle are closed by HAProxy after some seconds: one of the next orders comes again.
      if (!(error instanceof Busy)) throw error;
    }
  }

  #change(pool: string, change: Change, signal: AbortSignal): Promise<void> {
    return this.#parts.client.change(this.#pool(pool).backend, change, signal);
  }

  #pool(pool: string): HaproxyPool {
    const options = this.#options.pools[pool];
    if (!options) throw new Refused(`the options name no pool "${pool}": add it to pools`);
    return options;
  }

  /** Somebody else put it into service a short while ago. */
  #kept({ entry }: Server): boolean {
    return entry.in && entry.by === 'other' && this.#parts.clock.now() - entry.since < this.#options.handsOff;
  }

  /** Out of service, and Auspex's to bring back: whoever else took it out has to bring it back. */
  #usable({ entry, found, address }: Server, { weight }: HaproxyPool): boolean {
    if (entry.in || entry.by === 'other') return false;
    if (!found) return address !== undefined;
    return !found.bound && (found.weight > 0 || weight !== undefined);
  }

  #detail(servers: readonly Server[]): string | undefined {
    const names = (which: (server: Server) => boolean): string =>
      servers
        .filter(which)
        .map(({ name }) => name)
        .join(', ');
    const [taken, kept, down, draining] = [
      names(({ entry }) => !entry.in && entry.by === 'other'),
      names((server) => this.#kept(server)),
      names(({ entry, found }) => entry.in && !found?.up),
      names(({ entry, found }) => !entry.in && entry.by === 'auspex' && found?.admin === 'drain'),
    ];
    const parts = [
      taken && `${taken} taken out of service by somebody else: left alone until put back`,
      kept && `${kept} put into service by somebody else: kept for ${formatDuration(this.#options.handsOff)}`,
      down && `${down} fails its health check`,
      draining && `${draining} draining`,
    ].filter(Boolean);
    return parts.length === 0 ? undefined : parts.join('; ');
  }
}

import { type Backend, Busy, type Change, type Found, type HaproxyClient } from '../../src/haproxy/client.ts';
import { haproxy } from '../../src/haproxy/index.ts';
import type { Ledger } from '../../src/haproxy/ledger.ts';
import { createHaproxyActuator } from '../../src/haproxy/plugin.ts';
import { type Mark, type Records, Refused, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Records in memory. What is handed in and out is the same object: a target makes new ones and changes none. */
export class MapRecords<T> implements Records<T> {
  readonly #records = new Map<string, T>();

  async read(pool: string): Promise<T | undefined> {
    return this.#records.get(pool);
  }

  async write(pool: string, record: T | undefined): Promise<void> {
    if (record === undefined) this.#records.delete(pool);
    else this.#records.set(pool, record);
  }
}

/** A HAProxy in memory: backends `web` and `api`, each with two servers in service and more that are `disabled` in its configuration. */
export class FakeHaproxy implements HaproxyClient {
  readonly backends = new Map<string, Mutable<Found>[]>();
  readonly written: { pool: string; units: number }[] = [];
  readonly done: string[] = [];
  changes = 0;
  failing = false;
  /** What the next calls throw, first to last. */
  readonly faults: (Error | undefined)[] = [];
  #starts = 1;
  readonly #spares: number;

  constructor(spares = 18) {
    this.#spares = spares;
    this.start();
  }

  /** A start: all that was set at run time is gone. */
  start(): void {
    this.#starts++;
    for (const backend of ['web', 'api']) {
      this.backends.set(
        backend,
        Array.from({ length: 2 + this.#spares }, (_, index) => server(`s${index + 1}`, index >= 2)),
      );
    }
  }

  server(name: string, backend = 'web'): Mutable<Found> {
    const found = this.backends.get(backend)?.find((each) => each.name === name);
    if (!found) throw new Error(`no server ${name}`);
    return found;
  }

  units(backend: string): number {
    return this.backends.get(backend)?.filter(({ admin }) => admin === 'ready').length ?? 0;
  }

  ready(backend: string): number {
    return this.backends.get(backend)?.filter(({ admin, up }) => admin === 'ready' && up).length ?? 0;
  }

  /** Servers that came into service pass their checks from now on. */
  settle(backend: string): void {
    for (const found of this.backends.get(backend) ?? []) found.up = true;
  }

  async look(backend: string, signal: AbortSignal): Promise<Backend> {
    this.#answer(signal);
    const servers = this.backends.get(backend);
    if (!servers) throw new Refused(`HAProxy has no backend "${backend}"`);
    return { process: String(this.#starts), servers: servers.map((found) => ({ ...found })) };
  }

  async change(backend: string, change: Change, signal: AbortSignal): Promise<void> {
    this.changes++;
    this.#answer(signal);
    const servers = this.backends.get(backend) ?? [];
    this.done.push(`${change.to} ${backend}/${change.server}`);
    if (change.to === 'added') servers.push({ ...server(change.server, true), spare: false });
    else if (change.to !== 'checked') this.#set(backend, servers, { server: change.server, to: change.to });
    this.written.push({ pool: backend, units: this.units(backend) });
  }

  #set(
    backend: string,
    servers: Mutable<Found>[],
    { server: name, to }: { server: string; to: Exclude<Change['to'], 'added' | 'checked'> },
  ): void {
    const found = this.server(name, backend);
    if (to === 'deleted') {
      if (found.sessions > 0) throw new Busy('Server still has connections attached to it, cannot remove it.');
      servers.splice(servers.indexOf(found), 1);
    } else {
      if (to === 'ready' && found.admin === 'maint') found.up = false;
      found.admin = to;
    }
  }

  #answer(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.failing) throw new Unavailable('HAProxy does not answer');
    const fault = this.faults.shift();
    if (fault) throw fault;
  }
}

const server = (name: string, spare: boolean): Mutable<Found> => ({
  name,
  admin: spare ? 'maint' : 'ready',
  spare,
  bound: false,
  weight: 1,
  up: !spare,
  sessions: 0,
});

export interface FakeHaproxyCase extends ActuatorCase {
  readonly fake: FakeHaproxy;
}

/** The actuator over a HAProxy in memory; the instances that a test makes of it share what is written down. */
export function makeHaproxyCase(pools: object = { web: { backend: 'web' }, api: { backend: 'api' } }, spares = 18): FakeHaproxyCase {
  const fake = new FakeHaproxy(spares);
  const parts = { client: fake, marks: new MapRecords<Mark>(), ledgers: new MapRecords<Ledger>() };
  return {
    fake,
    plugin: { ...haproxy, create: (options, context) => createHaproxyActuator(options as never, context, parts) },
    with: { socket: '/run/haproxy/admin.sock', pools },
    written: fake.written,
    target: {
      state: (pool) => ({ units: fake.units(pool), ready: fake.ready(pool) }),
      settle: (pool) => fake.settle(pool),
      changes: () => fake.changes,
      fail: (on) => {
        fake.failing = on;
      },
    },
  };
}

import type { Identity, Launch, ProcessClient, Started } from '../../src/process/client.ts';
import { processes } from '../../src/process/index.ts';
import { createProcessActuator } from '../../src/process/plugin.ts';
import type { Roster } from '../../src/process/roster.ts';
import { type Mark, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';
import { MapRecords } from './haproxy.ts';

interface FakeProcess {
  readonly pool: string;
  readonly slot: number;
  readonly key: string;
  readonly start: string;
  ready: boolean;
  told: boolean;
}

/** A system in memory. */
export class FakeSystem implements ProcessClient {
  readonly processes = new Map<number, FakeProcess>();
  readonly written: { pool: string; units: number }[] = [];
  readonly done: string[] = [];
  changes = 0;
  failing = false;
  /** They do not heed SIGTERM. */
  stubborn = false;
  /** What the next starts throw after the process is there, as if the engine had been killed. */
  readonly crashes: Error[] = [];
  /** What the next starts throw before. */
  readonly faults: Error[] = [];
  #pid = 100;

  units(pool: string): number {
    return [...this.processes.values()].filter((each) => each.pool === pool && !each.told).length;
  }

  serving(pool: string): number {
    return [...this.processes.values()].filter((each) => each.pool === pool && !each.told && each.ready).length;
  }

  settle(pool: string): void {
    for (const each of this.processes.values()) if (each.pool === pool) each.ready = true;
  }

  slots(pool = 'web'): number[] {
    return [...this.processes.values()].filter((each) => each.pool === pool).map(({ slot }) => slot);
  }

  pidOf(slot: number): number {
    return [...this.processes].find(([, each]) => each.slot === slot)?.[0] as number;
  }

  async start({ pool, slot, key }: Launch): Promise<Started> {
    this.changes++;
    this.#answer();
    const fault = this.faults.shift();
    if (fault) throw fault;
    const pid = this.#pid++;
    this.processes.set(pid, { pool, slot, key, start: `t${pid}`, ready: false, told: false });
    this.done.push(`start ${pool}/${slot}`);
    this.written.push({ pool, units: this.units(pool) });
    const crash = this.crashes.shift();
    if (crash) throw crash;
    return { pid, start: `t${pid}`, offset: 0 };
  }

  async runs({ pid, start }: Identity): Promise<boolean> {
    this.#answer();
    return this.processes.get(pid)?.start === start;
  }

  async find(key: string): Promise<Identity | undefined> {
    this.#answer();
    for (const [pid, each] of this.processes) if (each.key === key) return { pid, start: each.start };
    return undefined;
  }

  async end({ pid, start }: Identity, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.changes++;
    this.#answer();
    const found = this.processes.get(pid);
    if (found?.start !== start) return;
    this.done.push(`${signal} ${found.pool}/${found.slot}`);
    found.told = true;
    if (signal === 'SIGKILL' || !this.stubborn) this.processes.delete(pid);
    this.written.push({ pool: found.pool, units: this.units(found.pool) });
  }

  async ready({ pool, slot }: Launch): Promise<boolean> {
    this.#answer();
    return [...this.processes.values()].some((each) => each.pool === pool && each.slot === slot && each.ready);
  }

  #answer(): void {
    if (this.failing) throw new Unavailable('the system does not answer');
  }
}

export interface FakeProcessCase extends ActuatorCase {
  readonly fake: FakeSystem;
  readonly rosters: MapRecords<Roster>;
}

/** The actuator over processes in memory; the instances that a test makes of it share what is written down. */
export function makeProcessCase(): FakeProcessCase {
  const fake = new FakeSystem();
  const parts = { marks: new MapRecords<Mark>(), rosters: new MapRecords<Roster>() };
  return {
    fake,
    rosters: parts.rosters,
    plugin: { ...processes, create: (options, context) => createProcessActuator(options as never, context, { ...parts, client: fake }) },
    with: { pools: { web: { command: ['worker'] }, api: { command: ['worker'] } } },
    written: fake.written,
    target: {
      state: (pool) => ({ units: fake.units(pool), ready: fake.serving(pool) }),
      settle: (pool) => fake.settle(pool),
      changes: () => fake.changes,
      fail: (on) => {
        fake.failing = on;
      },
    },
  };
}

import type { Service, SystemdClient } from '../../src/systemd/client.ts';
import { systemd } from '../../src/systemd/index.ts';
import { createSystemdActuator } from '../../src/systemd/plugin.ts';
import { type Mark, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';
import { MapRecords } from './haproxy.ts';

interface FakeService {
  active: string;
  sub: string;
}

/** A systemd manager in memory, with the templates web@.service and api@.service; one instance of each runs. */
export class FakeManager implements SystemdClient {
  readonly services = new Map<string, FakeService>();
  readonly written: { pool: string; units: number }[] = [];
  readonly done: string[] = [];
  changes = 0;
  failing = false;
  /** What the next calls throw, first to last. */
  readonly faults: (Error | undefined)[] = [];
  #starts = 1;

  constructor() {
    this.boot();
  }

  /** A boot: what was started is gone. */
  boot(): void {
    this.#starts++;
    this.services.clear();
    for (const pool of ['web', 'api']) this.services.set(`${pool}@1.service`, { active: 'active', sub: 'running' });
  }

  of(pool: string): [string, FakeService][] {
    return [...this.services].filter(([name]) => /@\d+\.service$/.test(name) && name.startsWith(`${pool}@`));
  }

  count(pool: string, ...states: string[]): number {
    return this.of(pool).filter(([, { active }]) => states.includes(active)).length;
  }

  settle(pool: string): void {
    for (const [name, service] of this.of(pool)) {
      if (service.active === 'activating') Object.assign(service, { active: 'active', sub: 'running' });
      if (service.active === 'deactivating') this.services.delete(name);
    }
  }

  async list(pattern: string, signal: AbortSignal): Promise<{ started: string; services: Service[] }> {
    this.#answer(signal);
    const [before = '', after = ''] = pattern.split('*');
    const names = [...this.services].filter(([name]) => name.startsWith(before) && name.endsWith(after));
    return { started: String(this.#starts), services: names.map(([name, service]) => ({ name, ...service })) };
  }

  async start(name: string, signal: AbortSignal): Promise<void> {
    this.#change('start', name, signal);
    const service = this.services.get(name);
    if (service?.active !== 'active') this.services.set(name, { active: 'activating', sub: 'start' });
    this.#note(name);
  }

  async stop(name: string, signal: AbortSignal): Promise<void> {
    this.#change('stop', name, signal);
    const service = this.services.get(name);
    // One that failed stays loaded.
    if (service && service.active !== 'failed') Object.assign(service, { active: 'deactivating', sub: 'stop-sigterm' });
    this.#note(name);
  }

  #change(what: string, name: string, signal: AbortSignal): void {
    this.changes++;
    this.#answer(signal);
    this.done.push(`${what} ${name.replace('.service', '')}`);
  }

  #note(name: string): void {
    const pool = name.split('@')[0] as string;
    this.written.push({ pool, units: this.count(pool, 'active', 'activating') });
  }

  #answer(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.failing) throw new Unavailable('systemd: Connection timed out');
    const fault = this.faults.shift();
    if (fault) throw fault;
  }
}

export interface FakeSystemdCase extends ActuatorCase {
  readonly fake: FakeManager;
}

/** The actuator over a manager in memory; the instances that a test makes of it share what is written down. */
export function makeSystemdCase(): FakeSystemdCase {
  const fake = new FakeManager();
  const marks = new MapRecords<Mark>();
  return {
    fake,
    plugin: { ...systemd, create: (options, context) => createSystemdActuator(options as never, context, fake, marks) },
    with: { pools: { web: { unit: 'web@.service' }, api: { unit: 'api@.service' } } },
    written: fake.written,
    target: {
      state: (pool) => ({ units: fake.count(pool, 'active', 'activating'), ready: fake.count(pool, 'active') }),
      settle: (pool) => fake.settle(pool),
      changes: () => fake.changes,
      fail: (on) => {
        fake.failing = on;
      },
    },
  };
}

import type { Power, RedfishClient, ResetType } from '../../src/redfish/client.ts';
import { redfish } from '../../src/redfish/index.ts';
import type { Ledger } from '../../src/redfish/ledger.ts';
import { createRedfishActuator } from '../../src/redfish/plugin.ts';
import { type Mark, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';
import { MapRecords } from './haproxy.ts';

export interface FakeHost {
  power: Power;
  /** What it was told to be. */
  wanted: 'On' | 'Off';
  healthy: boolean;
  /** Its BMC does not answer. */
  silent?: boolean;
  /** What its BMC answers to the next resets. */
  faults?: Error[];
  /** It heeds no GracefulShutdown. */
  stubborn?: boolean;
}

export const systemOf = (pool: string, index: number): string => `https://${pool}${index}/redfish/v1/Systems/1`;

/** BMCs in memory; of the hosts of each pool two are on. */
export class FakeBmcs implements RedfishClient {
  readonly hosts = new Map<string, FakeHost>();
  readonly written: { pool: string; units: number }[] = [];
  readonly done: string[] = [];
  changes = 0;
  failing = false;

  constructor(count: number) {
    for (const pool of ['web', 'api']) {
      for (let index = 1; index <= count; index++) {
        const on = index <= 2 ? 'On' : 'Off';
        this.hosts.set(systemOf(pool, index), { power: on, wanted: on, healthy: on === 'On' });
      }
    }
  }

  host(index: number, pool = 'web'): FakeHost {
    return this.hosts.get(systemOf(pool, index)) as FakeHost;
  }

  of(pool: string): FakeHost[] {
    return [...this.hosts].filter(([system]) => system.startsWith(`https://${pool}`)).map(([, host]) => host);
  }

  /** Until all are as they were told to be. */
  settle(pool: string): void {
    for (const host of this.of(pool)) {
      if (host.wanted === 'Off' && host.stubborn) continue;
      host.power = host.wanted;
      host.healthy = host.wanted === 'On';
    }
  }

  async power(system: string, signal: AbortSignal): Promise<Power> {
    return this.#answer(system, signal).power;
  }

  async reset(system: string, type: ResetType, signal: AbortSignal): Promise<void> {
    this.changes++;
    const host = this.#answer(system, signal);
    const fault = host.faults?.shift();
    if (fault) throw fault;
    const pool = system.slice('https://'.length).replace(/\d.*$/, '');
    this.done.push(`${type} ${system.slice('https://'.length).replace(/\/.*$/, '')}`);
    host.wanted = type === 'On' ? 'On' : 'Off';
    if (type === 'ForceOff') Object.assign(host, { power: 'Off', healthy: false });
    this.written.push({ pool, units: this.of(pool).filter(({ wanted }) => wanted === 'On').length });
  }

  async healthy(url: string): Promise<boolean> {
    return this.hosts.get(url.replace('/health', ''))?.healthy ?? false;
  }

  #answer(system: string, signal: AbortSignal): FakeHost {
    signal.throwIfAborted();
    const host = this.hosts.get(system) as FakeHost;
    if (this.failing || host.silent) throw new Unavailable(`${new URL(system).origin} does not answer`);
    return host;
  }
}

export interface FakeRedfishCase extends ActuatorCase {
  readonly fake: FakeBmcs;
  readonly ledgers: MapRecords<Ledger>;
}

/** The actuator over BMCs in memory; the instances that a test makes of it share what is written down. */
export function makeRedfishCase(count = 20): FakeRedfishCase {
  const fake = new FakeBmcs(count);
  const parts = { client: fake, marks: new MapRecords<Mark>(), ledgers: new MapRecords<Ledger>() };
  const hosts = (pool: string): object[] =>
    Array.from({ length: count }, (_, index) => ({ system: systemOf(pool, index + 1), health: `${systemOf(pool, index + 1)}/health` }));
  return {
    fake,
    ledgers: parts.ledgers,
    plugin: { ...redfish, create: (options, context) => createRedfishActuator(options as never, context, parts) },
    // Without a limit of cycles that the laws and hostile orders would meet.
    with: { pools: { web: { hosts: hosts('web') }, api: { hosts: hosts('api') } }, cyclesPerDay: 1_000_000 },
    written: fake.written,
    target: {
      state: (pool) => ({
        units: fake.of(pool).filter(({ wanted }) => wanted === 'On').length,
        ready: fake.of(pool).filter(({ wanted, power, healthy }) => wanted === 'On' && power === 'On' && healthy).length,
      }),
      settle: (pool) => fake.settle(pool),
      changes: () => fake.changes,
      fail: (on) => {
        fake.failing = on;
      },
    },
  };
}

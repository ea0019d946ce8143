import { type Mark, Unavailable } from '../../src/target/index.ts';
import type { TrafficClass, TrafficClient } from '../../src/traffic-control/client.ts';
import { type ClassPool, trafficControl } from '../../src/traffic-control/index.ts';
import { createTrafficControlActuator } from '../../src/traffic-control/plugin.ts';
import type { ActuatorCase } from './case.ts';
import { MapRecords } from './haproxy.ts';

const UNIT = 10_000_000;

/** Classes in memory: 1:10 and 1:20 of eth0, each of 10 Mbit a second that may borrow up to 20. */
export class FakeClasses implements TrafficClient {
  readonly classes = new Map<string, TrafficClass>();
  readonly written: { pool: string; units: number }[] = [];
  changes = 0;
  failing = false;
  /** What the next calls throw, first to last. */
  readonly faults: (Error | undefined)[] = [];

  constructor() {
    for (const id of ['1:10', '1:20']) this.classes.set(id, { kind: 'htb', parent: '1:1', prio: 3, rate: UNIT, ceil: 2 * UNIT });
  }

  set(id: string, given: Partial<TrafficClass>): void {
    this.classes.set(id, { ...(this.classes.get(id) as TrafficClass), ...given });
  }

  units(id: string): number {
    return Math.round((this.classes.get(id)?.rate ?? 0) / UNIT);
  }

  async show({ classid }: ClassPool, signal: AbortSignal): Promise<TrafficClass | undefined> {
    this.#answer(signal);
    return this.classes.get(classid);
  }

  async change({ classid }: ClassPool, to: TrafficClass, signal: AbortSignal): Promise<void> {
    this.changes++;
    this.#answer(signal);
    this.classes.set(classid, to);
    this.written.push({ pool: classid === '1:10' ? 'web' : 'api', units: this.units(classid) });
  }

  #answer(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.failing) throw new Unavailable('tc: Device or resource busy');
    const fault = this.faults.shift();
    if (fault) throw fault;
  }
}

export interface FakeTrafficControlCase extends ActuatorCase {
  readonly fake: FakeClasses;
}

/** The actuator over classes in memory; the instances that a test makes of it share what is written down. */
export function makeTrafficControlCase(): FakeTrafficControlCase {
  const fake = new FakeClasses();
  const marks = new MapRecords<Mark>();
  const state = (pool: string): { units: number; ready: number } => {
    const units = fake.units(pool === 'web' ? '1:10' : '1:20');
    return { units, ready: units };
  };
  return {
    fake,
    plugin: { ...trafficControl, create: (options, context) => createTrafficControlActuator(options as never, context, fake, marks) },
    with: { pools: { web: { dev: 'eth0', classid: '1:10', unit: '10mbit' }, api: { dev: 'eth0', classid: '1:20', unit: '10mbit' } } },
    written: fake.written,
    target: {
      state,
      settle: () => undefined,
      changes: () => fake.changes,
      fail: (on) => {
        fake.failing = on;
      },
    },
  };
}

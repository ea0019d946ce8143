import type { Actuator, Plugin } from '@auspex/contracts';
import { MetricTarget } from '../../src/external-metrics/target.ts';
import { Endpoints } from '../../src/metric/endpoints.ts';
import type { Published } from '../../src/metric/published.ts';
import type { Workload } from '../../src/metric/workload.ts';
import { actuatorOver, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';

/** A workload that somebody scales by the metric; what the metric shows is the truth of it. */
export class FakeWorkload {
  readonly written: { pool: string; units: number }[] = [];
  readonly #pools = new Map<string, { units: number; ready: number }>();
  published: Published | undefined;
  failing = false;
  most = 100;
  clings: string | undefined;
  now = Date.UTC(2026, 0, 5);
  joined = 0;
  /** Why its address cannot be had. */
  taken: Error | undefined;

  state(pool: string): { units: number; ready: number } {
    const own = this.own(pool);
    return { units: this.published?.held(pool)?.units ?? own.units, ready: own.ready };
  }
  own(pool: string): { units: number; ready: number } {
    const held = this.#pools.get(pool) ?? { units: 1, ready: 1 };
    this.#pools.set(pool, held);
    return held;
  }
  read(pool: string): Workload {
    if (this.failing) throw new Unavailable('the API server is gone');
    const { units, ready } = this.own(pool);
    return { units, ready, most: this.most, ...(this.clings === undefined ? {} : { clings: this.clings }) };
  }
  /** As the endpoint of the actuators: nobody listens. */
  readonly endpoints = new Endpoints<undefined>(async (_, published) => {
    if (this.taken) throw new Error('cannot listen at nowhere:0', { cause: this.taken });
    this.joined++;
    this.published = published;
    published.onChange((pool) => {
      const mark = published.held(pool);
      if (mark) this.written.push({ pool, units: mark.units });
    });
    return {
      address: 'nowhere:0',
      close: async () => {
        this.joined--;
      },
    };
  });
}

/** A metric actuator over a fake workload: the plugin's own declarations, its target, no server. */
export function makeMetricCase(plugin: Plugin<'actuator'>, options: unknown): ActuatorCase & { readonly workload: FakeWorkload } {
  const workload = new FakeWorkload();
  const create: Plugin<'actuator'>['create'] = (_, given): Actuator => {
    // The metric lives in the time of the actuator.
    const context = { ...given, clock: { now: () => workload.now, sleep: given.clock.sleep.bind(given.clock) } };
    const read = async (pool: string, signal: AbortSignal): Promise<Workload> => {
      signal.throwIfAborted();
      return workload.read(pool);
    };
    const target = new MetricTarget(() => workload.endpoints.join('here', undefined), read, 300_000, context);
    return actuatorOver(target, { plugin: plugin.id, patience: 0, handsOff: 0 }, context);
  };
  return {
    workload,
    written: workload.written,
    plugin: { ...plugin, create },
    with: options,
    target: {
      state: (pool) => workload.state(pool),
      settle: (pool) => {
        workload.own(pool).ready = workload.state(pool).units;
      },
      changes: () => workload.written.length,
      fail: (on) => {
        workload.failing = on;
      },
      reach: (at) => {
        workload.now = at;
      },
    },
  };
}

import { defineActuator } from '@auspex/contracts';
import { z } from 'zod';
import { actuatorOver, Conflict, type Mark, type Scaling, type Status, type Target, Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';

/** A target in memory that keeps its marks, as annotations do, and fails as it is told. */
export class MemoryTarget implements Target {
  readonly written: { pool: string; units: number }[] = [];
  readonly pools = new Map<string, { units: number; ready: number; mark?: Mark }>();
  changes = 0;
  most: number | undefined;
  least: number | undefined;
  /** What the next calls fail with, first to last. */
  readonly failures: Error[] = [];
  failing = false;

  held(pool: string): { units: number; ready: number; mark?: Mark } {
    const held = this.pools.get(pool) ?? { units: 1, ready: 1 };
    this.pools.set(pool, held);
    return held;
  }

  async status(pool: string, signal: AbortSignal): Promise<Status> {
    signal.throwIfAborted();
    this.#fail();
    const { most, least } = this;
    return { ...this.held(pool), ...(most === undefined ? {} : { most }), ...(least === undefined ? {} : { least }) };
  }

  async scale(pool: string, { units, mark, status }: Scaling, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.changes++;
    this.#fail();
    const held = this.held(pool);
    if (held.units !== status.units) throw new Conflict('somebody else wrote');
    if (units !== held.units) this.written.push({ pool, units });
    this.pools.set(pool, { units, ready: Math.min(held.ready, units), ...(mark && { mark }) });
  }

  #fail(): void {
    const failure = this.failures.shift();
    if (failure) throw failure;
    if (this.failing) throw new Unavailable('the target is gone');
  }
}

/** The shared room alone, over a target that can do everything. */
export function makeMemoryCase(target = new MemoryTarget()): ActuatorCase & { readonly memory: MemoryTarget } {
  const plugin = defineActuator({
    id: 'memory-target',
    summary: 'A test.',
    config: z.strictObject({
      patience: z.number().default(8_000).describe('ms.'),
      handsOff: z.number().default(3_600_000).describe('ms.'),
    }),
    capabilities: { lease: 'keeper' },
    create: (options, context) => actuatorOver(target, { plugin: 'memory-target', ...options }, context),
  });
  return {
    plugin,
    memory: target,
    written: target.written,
    target: {
      state: (pool) => target.held(pool),
      settle: (pool) => {
        const held = target.held(pool);
        held.ready = held.units;
      },
      changes: () => target.changes,
      fail: (on) => {
        target.failing = on;
      },
    },
  };
}

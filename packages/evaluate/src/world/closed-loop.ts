import type { Measure, Pool, Usage } from '@auspex/contracts';
import { amountsOf, bindingOf, emptyUsage, measuresOf } from '@auspex/core';
import { addTally, emptyTally, mergeTally } from '@auspex/numerics';
import { admit, type Fate } from './admit.ts';
import type { ClosedLoopOptions } from './config.ts';
import { Retries, type Returning } from './retries.ts';

/** What a closed loop is built of. */
export interface ClosedLoopInput {
  readonly stepMs: number;
  readonly pools: readonly Pool[];
  /** Fully warm units of a pool that serve during `step` (epoch ms). */
  readonly capacity: (pool: Pool, step: number) => number;
  readonly options: ClosedLoopOptions;
}

interface Traffic {
  readonly usage: Usage;
  readonly returning: Returning;
}

/**
 * The world between a trace and the engine: a trace says what users wanted, this says what a fleet of a given size makes
 * of it. A pool serves up to 100 % of its capacity, all its groups in proportion; the rest is throttled, and part of
 * what failed comes back later as a further attempt, which loads the pool as well.
 *
 * Every attempt is served, failed, throttled or timed out; all attempts = first attempts + retries.
 * A group at a POP loads the first pool that serves it; without a pool it is always served.
 */
export class ClosedLoop {
  readonly #input: ClosedLoopInput;
  readonly #retries: Retries;
  /** Load of one request, as last seen, by group and POP: what a retry weighs in a step without first attempts. */
  readonly #loads = new Map<string, number>();

  constructor(input: ClosedLoopInput) {
    this.#input = input;
    this.#retries = new Retries(input.options, input.stepMs);
  }

  /** Requests that wait to be tried again. */
  get waiting(): number {
    return this.#retries.waiting;
  }

  /**
   * The usage of one step as the fleet's log would show it, as new records; the given ones are not changed (tallies that
   * stay the same are shared with them). `offered` is read as the first attempts; what the trace says of served,
   * throttled and timed-out requests is replaced, its share of failures is kept. Records are added for groups of which
   * only retries come. Call it for steps in rising order.
   */
  reshape(step: number, usages: readonly Usage[]): Usage[] {
    const traffic = this.#gather(step, usages);
    const out: Usage[] = [];
    const byPool = new Map<Pool | undefined, Traffic[]>();
    for (const entry of traffic) {
      const pool = this.#input.pools.find((candidate) => candidate.serves(entry.usage.group, entry.usage.pop));
      byPool.set(pool, [...(byPool.get(pool) ?? []), entry]);
    }
    for (const [pool, entries] of byPool) out.push(...this.#serve(step, pool, entries));
    return out.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  #gather(step: number, usages: readonly Usage[]): Traffic[] {
    const returning = this.#retries.take(step);
    const traffic = usages.map((usage): Traffic => ({ usage, returning: returning.get(key(usage)) ?? new Map() }));
    const present = new Set(usages.map(key));
    for (const [id, attempts] of returning) {
      const [pop, group] = id.split('\n') as [string, string];
      if (!present.has(id)) traffic.push({ usage: emptyUsage(step, group, pop), returning: attempts });
    }
    return traffic.sort((a, b) => (key(a.usage) < key(b.usage) ? -1 : 1));
  }

  #serve(step: number, pool: Pool | undefined, entries: readonly Traffic[]): Usage[] {
    const { stepMs, options } = this.#input;
    const bound = pool && boundOf(pool, entries);
    const capacity = pool && bound ? (this.#input.capacity(pool, step) * bound.unitRate * stepMs) / 1000 : Number.POSITIVE_INFINITY;
    const attempts = entries.flatMap(({ usage, returning }) => {
      const load = bound ? this.#load(usage, bound.measure) : 0;
      const counts: [number, number][] = [[1, usage.offered], ...[...returning].sort(([a], [b]) => a - b)];
      return counts.map(([attempt, count]) => ({ usage, attempt, count, load }));
    });
    const fates = admit(attempts, capacity, options.queueShare, options.timeoutShare);
    for (const [i, { usage, attempt }] of attempts.entries()) {
      const { throttled, timedOut } = fates[i] as Fate;
      this.#retries.fail(step, key(usage), attempt, throttled + timedOut);
    }
    return entries.map((entry) => {
      const own = fates.filter((_, i) => attempts[i]?.usage === entry.usage);
      return this.#record(entry, own);
    });
  }

  /** What one request loads a pool with, in the measure that binds. Sessions load when they start: spread over the requests. */
  #load(usage: Usage, measure: Measure): number {
    if (measure === 'requests') return 1;
    if (usage.offered === 0) return this.#loads.get(`${measure} ${key(usage)}`) ?? 1;
    const load = (measure === 'work' ? usage.work : measure === 'bytes' ? usage.bytes : usage.sessionStarts) / usage.offered;
    this.#loads.set(`${measure} ${key(usage)}`, load);
    return load;
  }

  #record({ usage, returning }: Traffic, fates: readonly Fate[]): Usage {
    const total = (of: keyof Fate): number => fates.reduce((sum, fate) => sum + fate[of], 0);
    const retried = [...returning.values()].reduce((sum, count) => sum + count, 0);
    const through = total('admitted') - total('timedOut');
    const failed = Math.round((through * usage.failed) / Math.max(1, usage.failed + usage.served));
    const extra = this.#input.options.marked ? 0 : retried;
    const perRequest = usage.offered > 0 ? usage.work / usage.offered : 1;
    return {
      ...usage,
      offered: usage.offered + extra,
      work: usage.work + extra * perRequest,
      bytes: usage.offered > 0 ? (usage.bytes * (through - failed)) / usage.offered : 0,
      served: through - failed,
      failed,
      throttled: total('throttled'),
      timedOut: total('timedOut'),
      retried: retried - extra,
      kinds: retried > 0 ? withRequests(usage, retried) : usage.kinds,
    };
  }
}

function withRequests(usage: Usage, count: number): Usage['kinds'] {
  const kinds = mergeTally(usage.kinds, emptyTally());
  addTally(kinds, 'request', count);
  return kinds;
}

/** A group and POP as one key that orders by POP, then group. Neither may hold a line break. */
function key(usage: Pick<Usage, 'group' | 'pop'>): string {
  return `${usage.pop}\n${usage.group}`;
}

/** The measure of which a pool is short first, and what a unit serves of it a second. */
function boundOf(pool: Pool, entries: readonly Traffic[]): { readonly measure: Measure; readonly unitRate: number } {
  const measures = measuresOf(pool);
  if (measures.length === 1) return pool;
  const { measure, weight } = bindingOf(
    measures,
    amountsOf(
      pool,
      measures,
      entries.map(({ usage }) => usage),
    ),
  );
  return { measure, unitRate: pool.unitRate / weight };
}

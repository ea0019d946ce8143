import { LEVELS, NOT_READY } from '@auspex/contracts';
import {
  type Actuator,
  type AuspexConfig,
  AuspexError,
  createEngine,
  defineActuator,
  defineAllocator,
  defineAssessor,
  definePredictor,
  defineProfiler,
  defineSource,
  defineStore,
  type EngineOptions,
  type JournalRecord,
  type Observation,
  type Order,
  type Shards,
  type SourceBatch,
  type Store,
  type StoreWrite,
  type UsageEvent,
  use,
  VirtualClock,
} from '@auspex/core';
import { pack, unpack } from '@auspex/numerics';
import { z } from 'zod';

export const MINUTE = 60_000;
export const T0 = Date.UTC(2026, 0, 5);

/** A store in a map that can be shared between engines, as a disk is. */
export class MapStore implements Store {
  readonly map: Map<string, Uint8Array>;
  batches = 0;
  failNext = false;
  closed = false;
  constructor(map = new Map<string, Uint8Array>()) {
    this.map = map;
  }
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.map.get(key);
  }
  async batch(writes: readonly StoreWrite[]): Promise<void> {
    if (this.failNext) {
      this.failNext = false;
      throw new AuspexError('STORE_UNREADABLE', 'disk full');
    }
    this.batches++;
    for (const write of writes) {
      if (write.type === 'put') this.map.set(write.key, write.value);
      else this.map.delete(write.key);
    }
  }
  async *scan(prefix: string, options: { from?: string; limit?: number } = {}): AsyncGenerator<readonly [string, Uint8Array]> {
    const keys = [...this.map.keys()].filter((key) => key.startsWith(prefix) && key >= (options.from ?? '')).sort();
    for (const key of keys.slice(0, options.limit ?? keys.length)) yield [key, this.map.get(key) as Uint8Array];
  }
  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    const present = this.map.get(key);
    if ((present === undefined) !== (expected === undefined) || (present && expected && Buffer.compare(present, expected) !== 0))
      return false;
    this.map.set(key, next);
    return true;
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

/** Keeps what it held before each batch: what is left after a kill at that moment. */
export class KeepingStore<T> extends MapStore {
  readonly kept: { readonly map: Map<string, Uint8Array>; readonly beside: T }[] = [];
  readonly #beside: () => T;
  /** @param beside what else outlives the engine, as it is at that moment */
  constructor(map: Map<string, Uint8Array>, beside: () => T) {
    super(map);
    this.#beside = beside;
  }
  override async batch(writes: readonly StoreWrite[]): Promise<void> {
    const map = new Map(this.map);
    // Nobody is left who holds it.
    map.delete('lease/allocator');
    this.kept.push({ map, beside: this.#beside() });
    await super.batch(writes);
  }
}

/** A durable store plugin over a map that outlives the engine. */
export const mapStore = (map: Map<string, Uint8Array>) =>
  defineStore({ id: 'map', summary: 'test', config: z.strictObject({}), capabilities: { durable: true }, create: () => new MapStore(map) });

export const volatileStore = defineStore({
  id: 'volatile',
  summary: 'test',
  config: z.strictObject({}),
  capabilities: { durable: false },
  create: () => new MapStore(),
});

export function request(at: number, group = 'a', extra: Partial<UsageEvent> = {}): UsageEvent {
  return { at, kind: 'request', group, pop: 'p', outcome: 'served', ...extra };
}

/** A replayable source over a list of events, cut into batches of `size`; the position is the index of the next event. */
export const listSource = (
  events: readonly UsageEvent[],
  size = 10,
  options: { silence?: 'zero' | 'gap'; onBatch?: (index: number) => void | Promise<void>; end?: boolean } = {},
) =>
  defineSource({
    id: 'list',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: options.silence ?? 'zero' },
    create: () => ({
      async *open(from, signal): AsyncGenerator<SourceBatch> {
        for (let index = Number(from['list'] ?? 0); index < events.length && !signal.aborted; index += size) {
          await options.onBatch?.(index);
          // A copy of each event, since enrichers may complete what they are given.
          const batch = events.slice(index, index + size).map((event) => ({ ...event }));
          yield { partition: 'list', events: batch, position: String(index + batch.length) };
        }
        if (options.end ?? true) yield { partition: 'list', events: [], position: String(events.length), end: true };
      },
    }),
  });

/** A shared source whose partitions all have the same events. */
export const dealt = (events: readonly UsageEvent[], partitions: readonly string[]) =>
  defineSource({
    id: 'dealt',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero', shared: true },
    create: () => ({
      // biome-ignore lint/correctness/useYield: it is read by sharing alone
      async *open() {
        throw new Error('not shared');
      },
      share: async (shards: Shards, signal: AbortSignal) => {
        for (const partition of partitions) {
          await shards.take(partition, signal);
          for (const event of events) await shards.push({ partition, events: [{ ...event }], position: '1' });
          await shards.push({ partition, events: [], position: '1', end: true });
        }
        // Until the shards have read what was pushed.
        await new Promise((resolve) => setTimeout(resolve, 100));
        await shards.release(partitions);
      },
    }),
  });

interface Mean {
  sum: number;
  n: number;
  last: number;
}

/** Expects the mean of what it saw. */
export const meanProfiler = defineProfiler({
  id: 'mean',
  summary: 'test',
  config: z.strictObject({}),
  create: (): import('@auspex/contracts').Profiler<Mean> => ({
    begin: () => ({ sum: 0, n: 0, last: -1 }),
    fold: (state, step) => {
      if (step.step <= state.last) return state;
      state.last = step.step;
      if (step.truth === 'observed') {
        state.n++;
        for (const usage of step.usage) state.sum += usage.offered / 60;
      }
      return state;
    },
    expected: (state) => (state.n === 0 ? undefined : state.sum / state.n),
    sensitivity: () => 1,
    profile: (state) => ({ steps: state.n, perMinute: (60 * state.sum) / state.n, sensitivity: 1 }) as never,
    relate: (states) => new Map([...states.keys()].map((group) => [group, [{ group: 'z', lagMs: 0, r: 1 }]])),
    encode: (state) => pack(state),
    decode: (bytes) => {
      const state = unpack<Mean>(bytes);
      if (typeof state?.sum !== 'number') throw new Error('no mean');
      return state;
    },
  }),
});

/** Forecasts the last observed value times `factor`, with a spread of `spread` of it. */
export const lastValue = definePredictor({
  id: 'last',
  summary: 'test',
  config: z.strictObject({ factor: z.number().default(1), spread: z.number().default(0.1), mode: z.string().default('ok') }),
  capabilities: { batch: false, trains: false },
  create: ({ factor, spread, mode }): import('@auspex/contracts').Predictor<{ value: number }> => ({
    begin: () => {
      if (mode === 'begin') throw new Error('cannot begin');
      return { value: Number.NaN };
    },
    observe: (state, observation: Observation) => {
      if (mode === 'observe') throw new Error('cannot observe');
      return observation.truth === 'observed' ? { value: observation.value } : state;
    },
    forecast: (state, { horizon }) => {
      if (mode === 'throw') throw new Error('cannot forecast');
      if (Number.isNaN(state.value)) return NOT_READY;
      const quantiles = new Float64Array(horizon.length * LEVELS.length);
      for (let i = 0; i < quantiles.length; i++)
        quantiles[i] = factor * state.value * (1 + spread * ((LEVELS[i % LEVELS.length] as number) - 0.5));
      if (mode === 'nan') quantiles[0] = Number.NaN;
      if (mode === 'negative') quantiles[0] = -1;
      if (mode === 'crossing') quantiles[1] = 0;
      return { quantiles: mode === 'short' ? quantiles.slice(1) : quantiles, note: 'steady' };
    },
    encode: (state) => pack(state),
    decode: (bytes) => {
      const state = unpack<{ value: number }>(bytes);
      if (typeof state?.value !== 'number') throw new Error('no last value');
      return state;
    },
  }),
});

export const plainAssessor = defineAssessor({
  id: 'plain',
  summary: 'test',
  config: z.strictObject({ mode: z.string().default('ok') }),
  create: ({ mode }) => ({
    assess: (input) => {
      if (mode === 'throw') throw new Error('cannot assess');
      const expected = input.expected ?? 0;
      const actual = input.actual ?? 0;
      const deviation = input.expected === undefined ? 0 : (actual - expected) / Math.max(expected, input.quiet);
      const eventImpact = input.events.reduce((sum, event) => sum + event.impact, 0);
      const score = (deviation + eventImpact) * input.sensitivity;
      return {
        group: input.group,
        pop: input.pop,
        score,
        probability: mode === 'wrong' ? 7 : Math.min(1, Math.max(0, score)),
        expected,
        actual,
        deviation,
        eventImpact,
        contributions: [{ of: 'deviation', amount: score, text: 'all' }],
      };
    },
  }),
});

/** Units for the median at the end of the horizon. */
export const plainAllocator = defineAllocator({
  id: 'plain',
  summary: 'test',
  config: z.strictObject({ mode: z.string().default('ok') }),
  create: ({ mode }): import('@auspex/contracts').Allocator<{ calls: number }> => ({
    begin: () => ({ calls: 0 }),
    allocate: (state, { pools }) => {
      state.calls++;
      if (mode === 'throw') throw new Error('cannot allocate');
      if (mode === 'none') return [];
      return pools.map(({ pool, forecast }) => {
        const rate = forecast.quantiles.at(-5) as number;
        const units = mode === 'nan' ? Number.NaN : mode === 'huge' ? 1e6 : Math.ceil(rate / (pool.unitRate * pool.target));
        return {
          pool: pool.id,
          units,
          tier: 'none',
          reasons: mode === 'silent' ? [] : [{ by: 'allocate(plain)', units, text: `${rate}/s` }],
        };
      });
    },
    encode: (state) => pack(state),
    decode: (bytes) => {
      const state = unpack<{ calls: number }>(bytes);
      if (typeof state?.calls !== 'number') throw new Error('no calls');
      return state;
    },
  }),
});

/** Records orders; holds what it was last told. */
export class RecordingActuator implements Actuator {
  readonly orders: Order[] = [];
  units = 1;
  ready = 1;
  fail: 'no' | 'actuate' | 'read' | 'hang' = 'no';
  closed = false;
  async actuate(order: Order): Promise<import('@auspex/core').Receipt> {
    if (this.fail === 'actuate') throw new Error('API says 500');
    if (this.fail === 'hang') await new Promise(() => undefined);
    this.orders.push(order);
    if (!order.shadow) {
      this.units = order.units;
      this.ready = order.units;
    }
    return { key: order.key, pool: order.pool, status: order.shadow ? 'shadow' : 'applied', units: this.units, ready: this.ready };
  }
  async read(): Promise<{ units: number; ready: number }> {
    if (this.fail === 'read') throw new Error('API says 503');
    return { units: this.units, ready: this.ready };
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

export const recording = (actuator: RecordingActuator) =>
  defineActuator({
    id: 'recording',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { lease: 'target' },
    create: () => actuator,
  });

/** A whole config over the fakes. */
export function fakeConfig(events: readonly UsageEvent[], overrides: Partial<AuspexConfig> = {}): AuspexConfig {
  return {
    lateness: '0s',
    sources: [use(listSource(events))],
    profiler: use(meanProfiler),
    predictors: [use(lastValue)],
    assess: use(plainAssessor),
    allocate: use(plainAllocator),
    store: use(volatileStore),
    pools: [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m' }],
    ...overrides,
  };
}

/** Runs an engine until its sources end, in a replay unless told otherwise; returns what it journaled. */
export async function runToEnd(config: AuspexConfig, options: Partial<EngineOptions> = {}) {
  const records: JournalRecord[] = [];
  await using engine = createEngine(config, {
    mode: 'replay',
    host: { clock: new VirtualClock(T0) },
    ...options,
    onJournal: (line) => records.push(JSON.parse(line)),
  });
  await engine.start();
  await engine.run();
  const of = <T extends JournalRecord['type']>(type: T) =>
    records.filter((record) => record.type === type) as Extract<JournalRecord, { type: T }>[];
  return { of, decisions: of('decision').map(({ decision }) => decision), notices: of('notice'), profile: engine.profile('a') };
}

/** `perMinute[i]` requests in minute i, spread over it, in order of time. */
export function traffic(perMinute: readonly number[], group = 'a', start = T0): UsageEvent[] {
  return perMinute.flatMap((count, minute) =>
    Array.from({ length: count }, (_, i) =>
      request(start + minute * MINUTE + Math.floor((i * MINUTE) / count), group, { user: `u${i % 7}`, resource: `/r${i % 3}` }),
    ),
  );
}

import {
  type Actuator,
  AuspexError,
  type Clock,
  defineActuator,
  type Order,
  type PluginContext,
  type Receipt,
  type TargetState,
} from '@auspex/contracts';
import type { ActuatorSubject, FakeTarget } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

/** A fleet in memory: orders take effect at once, units serve when it is settled. */
class Fleet implements FakeTarget {
  readonly #pools = new Map<string, { units: number; ready: number }>();
  readonly #floors = new Map<string, { original: number; expires: number }>();
  /** What an actuator may note beside the units. */
  readonly notes = new Map<string, { original: number; expires: number }>();
  #changes = 0;
  failing = false;

  state(pool: string): { units: number; ready: number } {
    const held = this.#pools.get(pool) ?? { units: 2, ready: 2 };
    this.#pools.set(pool, held);
    return held;
  }
  settle(pool: string): void {
    const held = this.state(pool);
    held.ready = held.units;
  }
  changes(): number {
    return this.#changes;
  }
  fail(on: boolean): void {
    this.failing = on;
  }

  reach(at: number): void {
    for (const [pool, { original, expires }] of this.#floors) {
      if (expires > at) continue;
      this.#floors.delete(pool);
      this.state(pool).units = original;
    }
  }

  /** The fleet's own interface, as an actuator sees it. */
  get(pool: string): TargetState {
    if (this.failing) throw new Error('the fleet is down');
    return { ...this.state(pool) };
  }
  set(pool: string, units: number, expires?: number): void {
    this.#changes++;
    if (this.failing) throw new Error('the fleet is down');
    const held = this.state(pool);
    if (expires !== undefined) this.#floors.set(pool, { original: this.#floors.get(pool)?.original ?? held.units, expires });
    held.units = units;
    held.ready = Math.min(held.ready, units);
  }
}

function rightOn(fleet: Fleet): Actuator {
  const done = new Set<string>();
  let epoch = 0;
  return {
    actuate: async (order, signal) => {
      signal.throwIfAborted();
      const receipt = (status: Receipt['status'], detail?: string): Receipt => ({
        key: order.key,
        pool: order.pool,
        status,
        ...fleet.get(order.pool),
        ...(detail ? { detail } : {}),
      });
      if (order.shadow) return receipt('shadow');
      if (order.epoch < epoch) return receipt('refused', `epoch ${order.epoch} after ${epoch}`);
      epoch = order.epoch;
      if (done.has(order.key)) return receipt('duplicate');
      fleet.set(order.pool, order.units, order.expires);
      done.add(order.key);
      return receipt('applied');
    },
    read: async (pool) => fleet.get(pool),
    close: async () => {},
  };
}

type Change = (right: Actuator, fleet: Fleet, context: PluginContext) => Partial<Actuator>;

/** A right one whose floors a keeper ends: what it needs to know is with the fleet, as annotations are. */
const keptOn = (fleet: Fleet, clock: Clock): Actuator => {
  const right = rightOn(fleet);
  return {
    ...right,
    actuate: async (order, signal) => {
      const original = fleet.notes.get(order.pool)?.original ?? fleet.state(order.pool).units;
      const { expires, ...rest } = order;
      const receipt = await right.actuate(rest, signal);
      if (receipt.status === 'applied' && expires !== undefined) fleet.notes.set(order.pool, { original, expires });
      return receipt;
    },
    restore: async (pool) => {
      const note = fleet.notes.get(pool);
      if (!note || note.expires > clock.now()) return undefined;
      const from = fleet.state(pool).units;
      fleet.set(pool, note.original);
      fleet.notes.delete(pool);
      return { pool, from, units: note.original, expired: note.expires };
    },
  };
};

const keptSubject = (change: Change) => (): ActuatorSubject => {
  const made = subject(() => ({}))();
  const fleet = made.target as Fleet;
  const create = (_: unknown, context: PluginContext): Actuator => {
    const kept = keptOn(fleet, context.clock);
    return { ...kept, ...change(kept, fleet, context) };
  };
  return { ...made, plugin: { ...made.plugin, capabilities: { lease: 'keeper' }, create } };
};

export const keptActuator = keptSubject(() => ({}));

const subject = (change: Change) => (): ActuatorSubject => {
  const fleet = new Fleet();
  const plugin = defineActuator({
    id: 'tiny',
    summary: 'A test.',
    config: z.strictObject({}),
    capabilities: { lease: 'target' },
    create: (_, context) => {
      const right = rightOn(fleet);
      return { ...right, ...change(right, fleet, context) };
    },
  });
  return { plugin, target: fleet };
};

export const rightActuator = subject(() => ({}));

/** Tries each order once more, a little later. */
export const patientActuator = subject((right, _, { clock }) => ({
  actuate: async (order, signal) => {
    try {
      return await right.actuate(order, signal);
    } catch {
      await clock.sleep(200, signal);
      return right.actuate(order, signal);
    }
  },
}));

const broken = (law: string, how: string, change: Change): Broken<ActuatorSubject> => ({ law, how, make: subject(change) });

const kept = (how: string, change: Change): Broken<ActuatorSubject> => ({
  law: 'a keeper brings the original back',
  how,
  make: keptSubject(change),
});

/** Does what the right one does with another order. */
const ordering =
  (change: (order: Order, fleet: Fleet) => Order): Change =>
  (right, fleet) => ({
    actuate: async (order, signal) => {
      const receipt = await right.actuate(change(order, fleet), signal);
      return { ...receipt, key: order.key, pool: order.pool };
    },
  });

/** Does what the right one does, and tells something else about it. */
const telling =
  (change: (receipt: Receipt, order: Order) => Receipt): Change =>
  (right) => ({ actuate: async (order, signal) => change(await right.actuate(order, signal), order) });

let nth = 0;

export const brokenActuators: readonly Broken<ActuatorSubject>[] = [
  ...commonlyBroken(rightActuator),
  broken(
    'an order brings the target to its units',
    'it cannot go down',
    ordering((order, fleet) => (order.units === 3 && fleet.state(order.pool).units === 5 ? { ...order, units: 5 } : order)),
  ),
  broken('what it reads back is the target', 'it reads its last order', (right, fleet) => {
    const last = new Map<string, number>();
    return {
      actuate: async (order, signal) => {
        const receipt = await right.actuate(order, signal);
        if (receipt.status === 'applied') last.set(order.pool, order.units);
        return receipt;
      },
      read: async (pool) => ({ ...fleet.get(pool), ...(last.has(pool) ? { units: last.get(pool) as number } : {}) }),
    };
  }),
  broken(
    'ready is what serves',
    'what is ordered is ready',
    telling((receipt) => ({ ...receipt, ready: receipt.units })),
  ),
  broken('ready is what serves', 'what is ordered reads as ready', (_, fleet) => ({
    read: async (pool) => ({ ...fleet.get(pool), ready: fleet.get(pool).units }),
  })),
  broken('ready is what serves', 'nothing is ever ready', (_, fleet) => ({ read: async (pool) => ({ ...fleet.get(pool), ready: 0 }) })),
  broken(
    'one key, one effect',
    'it forgets keys',
    ordering((order) => ({ ...order, key: `${order.key}#${nth++}` })),
  ),
  broken(
    'one key, one effect',
    'it calls a duplicate applied',
    telling((receipt) => ({ ...receipt, status: receipt.status === 'duplicate' ? 'applied' : receipt.status })),
  ),
  broken(
    'a shadow order changes nothing',
    'it does not know of shadows',
    ordering((order) => ({ ...order, shadow: false })),
  ),
  broken('a shadow order changes nothing', 'it tells the target', (right, fleet) => ({
    actuate: async (order, signal) => {
      if (order.shadow) fleet.set(order.pool, fleet.state(order.pool).units);
      return right.actuate(order, signal);
    },
  })),
  broken(
    'an order of an older epoch is refused',
    'it does not know of epochs',
    ordering((order) => ({ ...order, epoch: 9 })),
  ),
  broken(
    'an order of an older epoch is refused',
    'it says that it was applied',
    telling((receipt) => ({ ...receipt, status: receipt.status === 'refused' ? 'applied' : receipt.status })),
  ),
  broken(
    'pools are kept apart',
    'all pools are one deployment',
    ordering((order) => ({ ...order, pool: 'web' })),
  ),
  broken(
    'pools are kept apart',
    'a key is a step',
    ordering((order) => ({ ...order, key: String(order.step) })),
  ),
  broken(
    'a receipt tells the truth of its order',
    'the key is its own',
    telling((receipt) => ({ ...receipt, key: 'order-1' })),
  ),
  broken(
    'a receipt tells the truth of its order',
    'it tells percent',
    telling((receipt) => ({ ...receipt, units: receipt.units * 5 })),
  ),
  broken('a target that fails is no success', 'it is an optimist', (right) => ({
    actuate: async (order, signal) => {
      try {
        return await right.actuate(order, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        return { key: order.key, pool: order.pool, status: 'applied', units: order.units, ready: 0 };
      }
    },
  })),
  broken('a target that fails is no success', 'a failed read is no units', (right) => ({
    read: (pool, signal) => right.read(pool, signal).catch(() => ({ units: 0, ready: 0 })),
  })),
  broken('a target that fails is no success', 'a failed order is done', (right) => {
    const failed = new Set<string>();
    return {
      actuate: async (order, signal) => {
        if (failed.has(order.key)) return { key: order.key, pool: order.pool, status: 'duplicate', units: 0, ready: 0 };
        try {
          return await right.actuate(order, signal);
        } catch (cause) {
          failed.add(order.key);
          throw new AuspexError('PLUGIN_FAILED', 'the fleet is down', { cause });
        }
      },
    };
  }),
  broken(
    'a floor that is not renewed lapses',
    'it orders for good',
    ordering(({ expires: _never, ...order }) => order),
  ),
  broken(
    'a floor that is not renewed lapses',
    'a renewal renews nothing',
    ordering((order) =>
      order.expires === undefined ? order : { ...order, expires: order.expires - order.step + Date.UTC(2026, 0, 5) - 60_000 },
    ),
  ),
  broken('a floor that is not renewed lapses', 'the second floor is the original', (right, fleet) => ({
    actuate: async (order, signal) => {
      if (order.expires !== undefined && order.step > Date.UTC(2026, 0, 5)) fleet.reach(Number.POSITIVE_INFINITY);
      if (order.expires !== undefined && order.step > Date.UTC(2026, 0, 5)) fleet.state(order.pool).units = order.units;
      return right.actuate(order, signal);
    },
  })),
  kept('there is no keeper', () => ({ restore: undefined }) as unknown as Partial<Actuator>),
  kept('the keeper is an eager one', (_, fleet) => ({
    restore: async (pool) => {
      const note = fleet.notes.get(pool);
      if (!note) return undefined;
      const from = fleet.state(pool).units;
      fleet.set(pool, note.original);
      fleet.notes.delete(pool);
      return { pool, from, units: note.original, expired: note.expires };
    },
  })),
  kept('only who gave the orders knows of them', (right) => {
    let ordered = false;
    return {
      actuate: (order, signal) => {
        ordered = true;
        return right.actuate(order, signal);
      },
      restore: async (pool, signal) => (ordered ? right.restore?.(pool, signal) : undefined),
    };
  }),
  kept('the keeper never forgets', (right, fleet) => ({
    restore: async (pool, signal) => {
      const note = fleet.notes.get(pool);
      const restored = await right.restore?.(pool, signal);
      if (note) fleet.notes.set(pool, note);
      return restored;
    },
  })),
  kept('the floor is the original', (_, fleet, { clock }) => ({
    restore: async (pool) => {
      const note = fleet.notes.get(pool);
      if (!note || note.expires > clock.now()) return undefined;
      fleet.notes.delete(pool);
      const { units } = fleet.state(pool);
      return { pool, from: units, units, expired: note.expires };
    },
  })),
  broken('it stops when it is told to', 'it does not listen', (right) => ({
    actuate: (order) => right.actuate(order, new AbortController().signal),
  })),
];

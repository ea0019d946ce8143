import {
  type Actuator,
  AuspexError,
  defineActuator,
  type Order,
  type Plugin,
  type PluginContext,
  type PluginKind,
  type Receipt,
  type TargetState,
} from '@auspex/contracts';
import { type ActuatorSubject, type FakeTarget, LAWS, type MakeSubject, runLaws, type Subject } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** A subject that must break one law and no other. */
export interface Broken<S extends Subject> {
  readonly law: string;
  /** What is wrong with it. */
  readonly how: string;
  readonly make: MakeSubject<S>;
}

/** Laws that are worth something: all hold for a right plugin, and each is broken by a plugin that is wrong in that way only. */
export function prove<S extends Subject>(kind: PluginKind, right: MakeSubject<S>, variants: readonly Broken<S>[]): void {
  describe(`${kind} laws`, () => {
    it('all hold for a right one, and none is skipped', async () => {
      const { results } = await runLaws(right);
      expect(results.filter((result) => result.outcome !== 'holds')).toEqual([]);
    });

    it.each(variants.map((variant) => [variant.law, variant.how, variant.make] as const))(
      '"%s" is broken where %s',
      async (law, _, make) => {
        const { results } = await runLaws(make);
        const broken = results.filter((result) => result.outcome === 'broken');
        expect(
          broken.map((result) => result.law),
          broken.map((result) => `${result.law}: ${result.seen}`).join('\n'),
        ).toEqual([law]);
      },
    );

    it('each have a name of their own, a reason, and a variant that breaks them', () => {
      const names = LAWS[kind].map((law) => law.name);
      expect(new Set(names).size).toBe(names.length);
      expect(LAWS[kind].filter((law) => law.why.length < 20)).toEqual([]);
      expect([...new Set(variants.map((variant) => variant.law))].sort()).toEqual([...names].sort());
    });
  });
}

type Loose = { plugin: Plugin; close?: () => unknown };
type Instance = Record<string, (...given: unknown[]) => unknown>;

/** Variants that break the laws of every kind, made from a right subject whose instance is a literal of functions. */
export function commonlyBroken<S extends Subject>(right: () => S): readonly Broken<S>[] {
  const timers = new Set<NodeJS.Timeout>();
  const remake = (change: (plugin: Plugin) => Partial<Plugin>) => (): S => {
    const subject = right() as unknown as Loose;
    const close = (): unknown => {
      // What the plugin has left running must not outlive the test.
      for (const timer of timers) clearInterval(timer);
      return subject.close?.();
    };
    return { ...subject, plugin: { ...subject.plugin, ...change(subject.plugin) }, close } as unknown as S;
  };
  const made = (change: (instance: Instance, options: Record<string, unknown>) => Instance) =>
    remake((plugin) => ({
      create: ((options: Record<string, unknown>, context: PluginContext) =>
        change(plugin.create(options, context) as unknown as Instance, options)) as never,
    }));
  const start = (): NodeJS.Timeout => {
    const timer = setInterval(() => {}, 60_000);
    timers.add(timer);
    return timer;
  };
  const object = (plugin: Plugin): z.ZodObject => plugin.config as unknown as z.ZodObject;
  const schema = 'its schema says what it accepts';
  const leak = 'making one starts nothing, and closing one leaves nothing running';
  return [
    {
      law: schema,
      how: 'an option is not described',
      make: remake((p) => ({ config: object(p).extend({ extra: z.number().optional() }) })),
    },
    { law: schema, how: 'unknown options are let through', make: remake((p) => ({ config: z.object(object(p).shape) })) },
    {
      law: 'the options are left as they are',
      how: 'it changes them, where it can',
      make: made((instance, options) => {
        if (!Object.isFrozen(options)) options['extra'] = 1;
        return instance;
      }),
    },
    {
      law: leak,
      how: 'it starts a timer when it is made',
      make: made((instance) => {
        const timer = start();
        return {
          ...instance,
          close: async () => {
            clearInterval(timer);
            await instance['close']?.();
          },
        };
      }),
    },
    {
      law: leak,
      how: 'it starts a timer when it is used, and forgets it',
      make: made((instance) => {
        let started = false;
        const wrap = (fn: Instance[string]): Instance[string] => {
          return (...given) => {
            if (!started) start();
            started = true;
            return fn(...given);
          };
        };
        return Object.fromEntries(Object.entries(instance).map(([name, fn]) => [name, name === 'close' ? fn : wrap(fn)]));
      }),
    },
  ];
}

/** A fleet in memory: orders take effect at once, units serve when it is settled. */
class Fleet implements FakeTarget {
  readonly #pools = new Map<string, { units: number; ready: number }>();
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

  /** The fleet's own interface, as an actuator sees it. */
  get(pool: string): TargetState {
    if (this.failing) throw new Error('the fleet is down');
    return { ...this.state(pool) };
  }
  set(pool: string, units: number): void {
    this.#changes++;
    if (this.failing) throw new Error('the fleet is down');
    const held = this.state(pool);
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
      fleet.set(order.pool, order.units);
      done.add(order.key);
      return receipt('applied');
    },
    read: async (pool) => fleet.get(pool),
    close: async () => {},
  };
}

type Change = (right: Actuator, fleet: Fleet) => Partial<Actuator>;

const subject = (change: Change) => (): ActuatorSubject => {
  const fleet = new Fleet();
  const plugin = defineActuator({
    id: 'tiny',
    summary: 'A test.',
    config: z.strictObject({}),
    capabilities: { lease: 'none' },
    create: () => {
      const right = rightOn(fleet);
      return { ...right, ...change(right, fleet) };
    },
  });
  return { plugin, target: fleet };
};

export const rightActuator = subject(() => ({}));

const broken = (law: string, how: string, change: Change): Broken<ActuatorSubject> => ({ law, how, make: subject(change) });

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
  broken('it stops when it is told to', 'it does not listen', (right) => ({
    actuate: (order) => right.actuate(order, new AbortController().signal),
  })),
];

// biome-ignore lint/correctness/noUndeclaredDependencies: the command brings it along
import { type Actuator, duration, type Order, type PluginContext, type Receipt } from '@auspex/contracts';

/*
 * Parts of a composite get an order at the same time. Two things have to come in turn where units are hosts: a host is drained before it is turned off,
 * and the server of a host that does not come up is replaced, as the host is.
 */

interface MakesActuators {
  create(options: never, context: PluginContext): Actuator;
}

/** The same plugin, with another way to carry orders out. */
function wrapped<P extends MakesActuators>(plugin: P, wrap: (actuator: Actuator) => Pick<Actuator, 'actuate'>): P {
  return {
    ...plugin,
    create: (options: never, context: PluginContext): Actuator => {
      const inner = plugin.create(options, context);
      return {
        ...wrap(inner),
        read: (pool, signal) => inner.read(pool, signal),
        restore: async (pool, signal) => inner.restore?.(pool, signal),
        close: async () => inner.close?.(),
      };
    },
  };
}

/**
 * Units fall when fewer have been ordered for `drain`: until then the other parts of the composite let the work of those that go come to its end. A floor
 * runs out later by as much, so that the keeper keeps to the same order.
 *
 * @param drain a duration: 5m
 */
export function drainFirst<P extends MakesActuators>(plugin: P, drain: string): P {
  const window = duration().parse(drain);
  return wrapped(plugin, (actuator) => {
    /** Orders within the window, by pool. */
    const ordered = new Map<string, Pick<Order, 'step' | 'units'>[]>();
    return {
      async actuate(order, signal) {
        const { pool, shadow, step, units, min, max, expires } = order;
        if (shadow) return actuator.actuate(order, signal);
        // After a start nobody knows how long fewer have been ordered.
        const before = ordered.get(pool) ?? [{ step, units: (await actuator.read(pool, signal)).units }];
        const recent = [...before.filter((each) => each.step > step - window), { step, units }];
        ordered.set(pool, recent);
        const most = Math.max(...recent.map((each) => each.units));
        const later = expires === undefined ? {} : { expires: expires + window };
        return actuator.actuate({ ...order, units: Math.min(max, Math.max(min, most)), ...later }, signal);
      },
    };
  });
}

/**
 * Where ordered units are not ready for `boot`, as many more are ordered in their place, until they come back.
 *
 * @param boot a duration: 15m
 */
export function replaceDown<P extends MakesActuators>(plugin: P, boot: string): P {
  const patience = duration().parse(boot);
  return wrapped(plugin, (actuator) => {
    /** Units that are replaced, and since which step there have been more that are down, by pool. */
    const known = new Map<string, { readonly replaced: number; readonly since?: number }>();
    const look = ({ pool, units, ready }: Receipt, step: number): void => {
      const { replaced, since = step } = known.get(pool) ?? { replaced: 0 };
      const down = units - ready;
      if (down <= replaced) known.set(pool, { replaced: down });
      else known.set(pool, step - since >= patience ? { replaced: down } : { replaced, since });
    };
    return {
      async actuate(order, signal) {
        if (order.shadow) return actuator.actuate(order, signal);
        const units = Math.min(order.max, order.units + (known.get(order.pool)?.replaced ?? 0));
        const receipt = await actuator.actuate({ ...order, units }, signal);
        if (receipt.status === 'applied') look(receipt, order.step);
        return receipt;
      },
    };
  });
}

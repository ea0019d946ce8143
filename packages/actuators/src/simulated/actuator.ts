import { type Actuator, AuspexError, type Clock, type Order, type Receipt } from '@auspex/contracts';
import type { Fleet } from './fleet.ts';
import { SeenOrders } from './seen.ts';

/** An actuator over fleets that the caller made and may look into, as a replay does. An order for another pool is refused. */
export function createSimulatedActuator(fleets: ReadonlyMap<string, Fleet>, clock: Clock): Actuator {
  return simulatedActuator((pool) => fleets.get(pool), clock);
}

/** @param find the fleet of a pool; undefined = there is none */
export function simulatedActuator(find: (pool: string) => Fleet | undefined, clock: Clock): Actuator {
  const seen = new SeenOrders();
  return {
    async actuate(order, signal) {
      signal.throwIfAborted();
      const fleet = find(order.pool);
      if (!fleet)
        return {
          key: order.key,
          pool: order.pool,
          status: 'refused',
          units: 0,
          ready: 0,
          detail: `there is no fleet for pool ${order.pool}`,
        };
      return carryOut(order, fleet, seen, clock.now());
    },
    async read(pool, signal) {
      signal.throwIfAborted();
      const fleet = find(pool);
      if (!fleet)
        throw new AuspexError('PLUGIN_FAILED', `there is no fleet for pool ${pool}`, {
          remedy: 'Make a fleet for every pool before the start.',
        });
      const ready = fleet.ready(clock.now());
      return { units: fleet.held, ready };
    },
  };
}

function carryOut(order: Order, fleet: Fleet, seen: SeenOrders, now: number): Receipt {
  // A floor that has run out meanwhile holds nothing any more.
  fleet.advance(now);
  const receipt = (status: Receipt['status'], detail?: string): Receipt => ({
    key: order.key,
    pool: order.pool,
    status,
    units: fleet.held,
    ready: fleet.ready(now),
    ...(detail === undefined ? {} : { detail }),
  });
  // First of all: a shadow leaves no trace, neither its key nor its epoch.
  if (order.shadow) return receipt('shadow');
  const objection = seen.objection(order);
  if (objection !== undefined) return receipt('refused', objection);
  if (seen.has(order.key)) return receipt('duplicate');
  seen.add(order.key);
  fleet.order(now, order.units, order.expires);
  return receipt('applied');
}

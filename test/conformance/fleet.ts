import { createSimulatedActuator, Fleet } from '@auspex/actuators';
import type { Plugin } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import type { ActuatorSubject } from '@auspex/testkit';

/** The simulated actuator over fleets that the laws can look into; the plugin's own are hidden in its instance. */
export function fleetSubject(plugin: Plugin): ActuatorSubject {
  let now = Date.UTC(2026, 0, 5);
  let changes = 0;
  class CountingFleet extends Fleet {
    override order(at: number, units: number, expires?: number): void {
      changes++;
      super.order(at, units, expires);
    }
  }
  const make = (name: string): Fleet =>
    new CountingFleet({ initial: 1, delay: 300_000, failureRate: 0, failureAfter: 600_000 }, new SeededRandom(name));
  const fleets = new Map(['web', 'api'].map((name) => [name, make(name)] as const));
  const clock = { now: () => now, sleep: async () => undefined };
  const fleetOf = (pool: string): Fleet => fleets.get(pool) as Fleet;
  return {
    plugin: { ...(plugin as Plugin<'actuator'>), create: () => createSimulatedActuator(fleets, clock) },
    target: {
      state: (pool) => ({ units: fleetOf(pool).ordered, ready: fleetOf(pool).ready(now) }),
      settle: () => {
        now += 3_600_000;
      },
      changes: () => changes,
      reach: (at) => {
        now = at;
        for (const fleet of fleets.values()) fleet.advance(at);
      },
    },
  };
}

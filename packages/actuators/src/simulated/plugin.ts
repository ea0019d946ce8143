import { defineActuator, type PluginContext } from '@auspex/contracts';
import { simulatedActuator } from './actuator.ts';
import { type SimulatedOptions, simulatedConfig } from './config.ts';
import { Fleet, type FleetOptions } from './fleet.ts';

/** A fleet that exists in memory only: for trials, tests and replays. */
export const simulated = defineActuator({
  id: 'simulated',
  summary: 'A fleet in memory: units take time to start, may fail and warm up; nothing outside the process is touched.',
  config: simulatedConfig,
  // The fleet lives and dies with this process: no order outlasts its target.
  capabilities: { lease: 'target' },
  create(options, context) {
    const fleets = new Map<string, Fleet>();
    return simulatedActuator((pool) => fleets.get(pool) ?? begin(fleets, pool, options, context), context.clock);
  },
});

/** A pool's fleet begins when it is first ordered or read. Its randomness is its own: other pools change nothing in it. */
function begin(fleets: Map<string, Fleet>, pool: string, options: SimulatedOptions, context: PluginContext): Fleet {
  const fleet = new Fleet(fleetOptions(options), context.random.fork(`fleet/${pool}`));
  fleets.set(pool, fleet);
  return fleet;
}

/** The plugin's options as those of a fleet. */
export function fleetOptions(options: SimulatedOptions): FleetOptions {
  const { warmUp, autoscaler, ...rest } = options;
  return { ...rest, ...(warmUp && { warmUp }), ...(autoscaler && { autoscaler }) };
}

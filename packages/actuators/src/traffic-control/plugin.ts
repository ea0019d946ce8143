import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver, FileMarks, type Marks } from '../target/index.ts';
import type { TrafficClient } from './client.ts';
import { type TrafficControlOptions, trafficControlConfig } from './config.ts';
import { TrafficControlTarget } from './target.ts';
import { Tc } from './tc.ts';

const ID = 'traffic-control';

/** Rate of a class of Linux traffic control. */
export const trafficControl = defineActuator({
  id: ID,
  summary: 'Sets rate and ceil of a class of the HTB queueing discipline: units times a rate, by tc.',
  config: trafficControlConfig,
  capabilities: { lease: 'keeper' },
  create(options, context) {
    const of = (pool: string): string =>
      `class ${options.pools[pool]?.classid} of ${options.pools[pool]?.dev} by ${options.command.join(' ')}`;
    return createTrafficControlActuator(options, context, new Tc(options), new FileMarks(options.leases, ID, of));
  },
});

/** The actuator over another client, such as classes in memory. */
export function createTrafficControlActuator(
  options: TrafficControlOptions,
  context: PluginContext,
  client: TrafficClient,
  marks: Marks,
): Actuator {
  const { pools, patience, handsOff } = options;
  return actuatorOver(new TrafficControlTarget(pools, client, marks), { plugin: ID, patience, handsOff }, context);
}

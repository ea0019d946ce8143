import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver, FileMarks, type Marks } from '../target/index.ts';
import { Busctl } from './busctl.ts';
import type { SystemdClient } from './client.ts';
import { type SystemdOptions, systemdConfig } from './config.ts';
import { SystemdTarget } from './target.ts';

const ID = 'systemd';

/** Instances of a template unit of systemd. */
export const systemd = defineActuator({
  id: ID,
  summary: 'Starts and stops numbered instances of a systemd template, worker@1.service and on, over D-Bus.',
  config: systemdConfig,
  capabilities: { lease: 'keeper' },
  create: (options, context) => createSystemdActuator(options, context, new Busctl(options), new FileMarks(options.leases, ID)),
});

/** The actuator over another client, such as a manager in memory. */
export function createSystemdActuator(options: SystemdOptions, context: PluginContext, client: SystemdClient, marks: Marks): Actuator {
  const { pools, patience, handsOff } = options;
  return actuatorOver(new SystemdTarget(pools, client, marks), { plugin: ID, patience, handsOff }, context);
}

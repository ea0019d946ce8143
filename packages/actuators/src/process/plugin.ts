import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver, FileMarks, FileRecords } from '../target/index.ts';
import { type ProcessOptions, processConfig } from './config.ts';
import { rosterShape } from './roster.ts';
import { System } from './system.ts';
import { type ProcessParts, ProcessTarget } from './target.ts';

const ID = 'process';

/** Worker processes on the machine of the engine. */
// Not `process`: that is Node's.
export const processes = defineActuator({
  id: ID,
  summary: 'Starts and stops worker processes on this machine; they outlive the engine and are found again.',
  config: processConfig,
  capabilities: { lease: 'none' },
  create: (options, context) =>
    createProcessActuator(options, context, {
      client: new System(options.timeLimit),
      marks: new FileMarks(options.leases, ID),
      rosters: new FileRecords(options.leases, `${ID}-workers`, rosterShape, 'workers'),
    }),
});

/** The actuator over other parts, such as processes of a fake system. */
export function createProcessActuator(options: ProcessOptions, context: PluginContext, parts: Omit<ProcessParts, 'clock'>): Actuator {
  const target = new ProcessTarget(options, { ...parts, clock: context.clock });
  const { patience, handsOff } = options;
  return actuatorOver(target, { plugin: ID, patience, handsOff, watchful: false }, context);
}

import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver, FileMarks, FileRecords } from '../target/index.ts';
import { type RedfishOptions, redfishConfig } from './config.ts';
import { RedfishHttp } from './http.ts';
import { ledgerShape } from './ledger.ts';
import { type RedfishParts, RedfishTarget } from './target.ts';

const ID = 'redfish';

/** Bare-metal hosts, turned on and off over the Redfish API of their BMCs. */
export const redfish = defineActuator({
  id: ID,
  summary: 'Turns bare-metal hosts on and off over the Redfish API of their BMCs, a few times a day at most.',
  config: redfishConfig,
  capabilities: { lease: 'keeper' },
  create: (options, context) =>
    createRedfishActuator(options, context, {
      client: new RedfishHttp(options),
      marks: new FileMarks(options.leases, ID),
      ledgers: new FileRecords(options.leases, `${ID}-hosts`, ledgerShape, 'hosts'),
    }),
});

/** The actuator over other parts, such as BMCs in memory. */
export function createRedfishActuator(options: RedfishOptions, context: PluginContext, parts: Omit<RedfishParts, 'clock'>): Actuator {
  const target = new RedfishTarget(options, { ...parts, clock: context.clock });
  // Hosts are watched one by one: they fail by themselves.
  const { patience, handsOff } = options;
  return actuatorOver(target, { plugin: ID, patience, handsOff, watchful: false }, context);
}

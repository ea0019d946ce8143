import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver, FileMarks, FileRecords } from '../target/index.ts';
import { type HaproxyOptions, haproxyConfig } from './config.ts';
import { ledgerShape } from './ledger.ts';
import { RuntimeApi } from './runtime.ts';
import { type HaproxyParts, HaproxyTarget } from './target.ts';

const ID = 'haproxy';

/** Servers of HAProxy backends, in and out of service over the runtime API. */
export const haproxy = defineActuator({
  id: ID,
  summary: 'Puts servers of an HAProxy backend into service and drains them again, over the runtime API.',
  config: haproxyConfig,
  capabilities: { lease: 'keeper' },
  create: (options, context) =>
    createHaproxyActuator(options, context, {
      client: new RuntimeApi(options.socket, options.timeLimit),
      marks: new FileMarks(options.leases, ID, (pool) => `backend ${options.pools[pool]?.backend} at ${options.socket}`),
      ledgers: new FileRecords(options.leases, `${ID}-servers`, ledgerShape, 'servers'),
    }),
});

/** The actuator over other parts, such as a client of a fake HAProxy. */
export function createHaproxyActuator(options: HaproxyOptions, context: PluginContext, parts: Omit<HaproxyParts, 'clock'>): Actuator {
  const target = new HaproxyTarget(options, { ...parts, clock: context.clock });
  // Servers are watched one by one, and fewer of them may be HAProxy that was started anew.
  const { patience, handsOff } = options;
  return actuatorOver(target, { plugin: ID, patience, handsOff, watchful: false }, context);
}

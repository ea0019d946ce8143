import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { KubernetesApi } from '../kubernetes/api.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { actuatorOver } from '../target/index.ts';
import { type KedaOptions, kedaConfig } from './config.ts';
import { Scaler } from './scaler.ts';
import { KedaTarget } from './target.ts';

const ID = 'keda';

/** @param client in place of the cluster that the options lead to */
export function createKedaActuator(options: KedaOptions, context: PluginContext, client?: KubernetesClient): Actuator {
  const { listen, tls, patience } = options;
  const target = new KedaTarget(client ?? new KubernetesApi(options, `actuator(${ID})`), options, () => context.clock.now());
  const scaler = new Scaler(target, { listen, tls }, context.clock);
  const orders = actuatorOver(target, { plugin: ID, patience, handsOff: 0 }, context);
  return {
    actuate: (order, signal) => orders.actuate(order, signal),
    read: (pool, signal) => orders.read(pool, signal),
    // The keeper is who serves: KEDA's fallback counts only while its scaler answers, so that must not be the engine, which may be gone.
    restore: (pool, signal) => scaler.look(pool, signal),
    close: async () => {
      await scaler.close();
      await orders.close?.();
    },
  };
}

/** KEDA asks, Auspex answers: a ScaledObject scales on what is forecast. */
export const keda = defineActuator({
  id: ID,
  summary:
    "KEDA's external scaler: a ScaledObject with a trigger for the pool scales to the units that Auspex decides, from zero ahead of time.",
  config: kedaConfig,
  capabilities: { lease: 'keeper' },
  create: (options, context) => createKedaActuator(options, context),
});

import { defineActuator } from '@auspex/contracts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { Endpoints } from '../metric/endpoints.ts';
import { MetricTarget } from '../metric/target.ts';
import { actuatorOver } from '../target/index.ts';
import { kedaConfig } from './config.ts';
import { type ScalerOptions, startScaler } from './server.ts';
import { readScaledObject } from './workload.ts';

const scalers = new Endpoints<ScalerOptions>(startScaler);

/** KEDA asks, Auspex answers: a ScaledObject scales on what is forecast. */
export const keda = defineActuator({
  id: 'keda',
  summary:
    "KEDA's external scaler: a ScaledObject with a trigger for the pool scales to the units that Auspex decides, from zero ahead of time.",
  config: kedaConfig,
  // The metric ends at `expires` and with the process; then the ScaledObject's fallback counts, without which floors are refused.
  capabilities: { lease: 'target' },
  create({ listen, tls, pools, stale, kubeconfig, context: of, timeLimit, patience }, context) {
    const client = new KubernetesApi({ kubeconfig, context: of, timeLimit });
    const join = () => scalers.join(JSON.stringify([listen, tls]), { listen, tls });
    const target = new MetricTarget(join, readScaledObject(client, pools), { scaler: 'KEDA', stale }, context);
    return actuatorOver(target, { plugin: 'keda', patience, handsOff: 0 }, context);
  },
});

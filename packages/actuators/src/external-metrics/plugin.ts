import { defineActuator } from '@auspex/contracts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { Endpoints } from '../metric/endpoints.ts';
import { actuatorOver } from '../target/index.ts';
import { externalMetricsConfig } from './config.ts';
import { type MetricsServerOptions, startMetrics } from './server.ts';
import { MetricTarget } from './target.ts';
import { readHpa } from './workload.ts';

const servers = new Endpoints<MetricsServerOptions>(startMetrics);

/** The HPA controller asks, Auspex answers: an HPA with an External metric scales on what is forecast, without KEDA. */
export const externalMetrics = defineActuator({
  id: 'external-metrics',
  summary: 'The Kubernetes external metrics API: an HPA with the metric auspex_units scales to the units that Auspex decides.',
  config: externalMetricsConfig,
  // An HPA without its metric keeps its count, and takes nothing away: nobody brings an original back.
  capabilities: { lease: 'none' },
  create({ listen, tls, pools, stale, kubeconfig, context: of, timeLimit, patience }, context) {
    const client = new KubernetesApi({ kubeconfig, context: of, timeLimit }, 'actuator(external-metrics)');
    const join = () => servers.join(JSON.stringify([listen, tls]), { listen, tls, clock: context.clock });
    const target = new MetricTarget(join, readHpa(client, pools), stale, context);
    return actuatorOver(target, { plugin: 'external-metrics', patience, handsOff: 0 }, context);
  },
});

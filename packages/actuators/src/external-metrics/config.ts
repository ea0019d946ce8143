import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { targetOptions } from '../target/options.ts';

const { timeLimit, patience } = targetOptions;

/** Options of the actuator `external-metrics`. */
export const externalMetricsConfig = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port, such as 0.0.0.0:6443')
    .default('127.0.0.1:6443')
    .describe(
      'host:port where the aggregator asks; in a cluster "0.0.0.0:6443" behind the Service of the APIService. Default 127.0.0.1:6443.',
    ),
  tls: z
    .strictObject({
      certificate: z.string().min(1).describe("File of the certificate chain (PEM), whose authority is the APIService's caBundle."),
      key: z.string().min(1).describe('File of its private key (PEM).'),
      ca: z
        .string()
        .min(1)
        .optional()
        .describe(
          "File of the authority (PEM) of the aggregator's client certificate (`requestheader-client-ca-file`): others are refused. Default: any client may ask.",
        ),
    })
    .describe('The aggregator speaks TLS only.'),
  pools: z
    .record(
      z.string(),
      z.strictObject({
        hpa: z.string().min(1).describe('Name of the HorizontalPodAutoscaler that has the metric.'),
        namespace: z.string().min(1).optional().describe('Its namespace. Default: that of the credentials, else `default`.'),
      }),
    )
    .refine((pools) => Object.keys(pools).length > 0, 'must name at least one pool')
    .describe('By pool id: the HPA that scales it, whose state is read back.'),
  stale: duration().prefault('5m').describe('How long a value is served unless it is renewed; then it is absent. Default 5m.'),
  kubeconfig: z.string().min(1).optional().describe('File of the credentials. Default: KUBECONFIG, ~/.kube/config, or those of the pod.'),
  context: z.string().min(1).optional().describe('Context in it. Default: its current one.'),
  timeLimit,
  patience,
});

export type ExternalMetricsOptions = z.output<typeof externalMetricsConfig>;

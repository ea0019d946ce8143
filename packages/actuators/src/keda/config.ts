import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { targetOptions } from '../target/options.ts';

const { timeLimit, patience } = targetOptions;

/** Options of the actuator `keda`. */
export const kedaConfig = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port, such as 0.0.0.0:9090')
    .default('127.0.0.1:9090')
    .describe(
      'host:port where `auspex keep` answers KEDA (the trigger\'s `scalerAddress`); in a cluster "0.0.0.0:9090" behind a Service. Default 127.0.0.1:9090.',
    ),
  tls: z
    .strictObject({
      certificate: z.string().min(1).describe('File of the certificate chain (PEM) that it shows.'),
      key: z.string().min(1).describe('File of its private key (PEM).'),
      ca: z.string().min(1).optional().describe('File of the authority (PEM) whose clients may ask. Default: any client may.'),
    })
    .optional()
    .describe('TLS of the listener. Default: none.'),
  pools: z
    .record(
      z.string(),
      z.strictObject({
        scaledObject: z.string().min(1).describe('Name of the ScaledObject whose trigger asks for this pool.'),
        namespace: z.string().min(1).optional().describe('Its namespace. Default: that of the credentials, else `default`.'),
      }),
    )
    .refine((pools) => Object.keys(pools).length > 0, 'must name at least one pool')
    .describe('By pool id: the ScaledObject that scales it, whose state is read back.'),
  stale: duration()
    .prefault('5m')
    .describe('How long a value without an expiry (`control: full`) is served unless it is renewed; then it is absent. Default 5m.'),
  kubeconfig: z.string().min(1).optional().describe('File of the credentials. Default: KUBECONFIG, ~/.kube/config, or those of the pod.'),
  context: z.string().min(1).optional().describe('Context in it. Default: its current one.'),
  timeLimit,
  patience,
});

export type KedaOptions = z.output<typeof kedaConfig>;

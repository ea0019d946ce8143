export { type AwsOptions, aws, awsConfig } from './aws/index.ts';
export { composite, type Route } from './composite/index.ts';
export { type ExternalMetricsOptions, externalMetrics, externalMetricsConfig } from './external-metrics/index.ts';
export { type HaproxyOptions, haproxy, haproxyConfig } from './haproxy/index.ts';
export { type KedaOptions, keda, kedaConfig } from './keda/index.ts';
export { type KubernetesOptions, kubernetes, kubernetesConfig } from './kubernetes/index.ts';
export { type ProcessOptions, processConfig, processes } from './process/index.ts';
export { type RedfishOptions, redfish, redfishConfig } from './redfish/index.ts';
export {
  createSimulatedActuator,
  type Delay,
  Fleet,
  type FleetOptions,
  fleetOptions,
  type SimulatedOptions,
  simulated,
  simulatedConfig,
} from './simulated/index.ts';
export { type SystemdOptions, systemd, systemdConfig } from './systemd/index.ts';
export { actuatorOver, type Target } from './target/index.ts';
export { type TrafficControlOptions, trafficControl, trafficControlConfig } from './traffic-control/index.ts';
export { type WebhookOptions, webhook, webhookConfig } from './webhook/index.ts';

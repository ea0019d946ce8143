export { type ExternalMetricsOptions, externalMetricsConfig } from './config.ts';
export { externalMetrics } from './plugin.ts';

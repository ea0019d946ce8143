export { type PrometheusOptions, prometheusConfig } from './config.ts';
export { prometheus } from './plugin.ts';
export { PrometheusSource } from './source.ts';

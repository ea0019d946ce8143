import { defineSource } from '@auspex/contracts';
import { prometheusConfig } from './config.ts';
import { PrometheusSource } from './source.ts';

/** Rates that a Prometheus has kept: its past at the first start, then each new step. */
export const prometheus = defineSource({
  id: 'prometheus',
  summary: 'Range queries against Prometheus, a label names the group: the past first, then step by step; what is missing is a gap.',
  config: prometheusConfig,
  capabilities: { replayable: true, silence: 'gap' },
  create: (options, context) => new PrometheusSource(options, context),
});

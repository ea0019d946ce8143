import { defineAlertSink } from '@auspex/contracts';
import { alertmanagerConfig } from './config.ts';
import { AlertmanagerSink } from './sink.ts';

/** Where Prometheus sends its alerts too: it groups, silences and routes them, and tells people. */
export const alertmanager = defineAlertSink({
  id: 'alertmanager',
  summary: 'Alerts to an Alertmanager, or to all of a cluster; they end by themselves where Auspex is gone.',
  config: alertmanagerConfig,
  create: (options, context) => new AlertmanagerSink(options, context),
});

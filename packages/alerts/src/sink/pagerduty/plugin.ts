import { defineAlertSink } from '@auspex/contracts';
import { pagerdutyConfig } from './config.ts';
import { PagerdutySink } from './sink.ts';

/** Alerts that wake somebody. */
export const pagerduty = defineAlertSink({
  id: 'pagerduty',
  summary: 'Events of PagerDuty (Events API v2): the begin of a cause opens an incident, its end closes it.',
  config: pagerdutyConfig,
  create: (options) => new PagerdutySink(options),
});

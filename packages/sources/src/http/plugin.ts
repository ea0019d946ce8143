import { defineSource } from '@auspex/contracts';
import { httpConfig } from './config.ts';
import { HttpSource } from './source.ts';

/** Events that are posted over HTTP: NDJSON, JSON, CloudEvents. A crash loses what was queued, unless `ack` is `durable`. */
export const http = defineSource({
  id: 'http',
  summary: 'Events posted over HTTP as NDJSON, JSON or CloudEvents, bounded, with a bearer token; 202 when queued or when durable.',
  config: httpConfig,
  capabilities: { replayable: false, silence: 'zero' },
  create: (options, context) => new HttpSource(options, context),
});

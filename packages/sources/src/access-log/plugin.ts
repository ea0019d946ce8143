import { defineSource } from '@auspex/contracts';
import { accessLogConfig, accessLogStdinConfig } from './config.ts';
import { accessLogSource, accessLogStream } from './source.ts';

/** Access logs in Common or Combined Log Format: what nearly every web server writes. */
export const accessLog = defineSource({
  id: 'access-log',
  summary: 'Access logs in Common or Combined Log Format, plain or gzip, read whole or followed.',
  config: accessLogConfig,
  capabilities: { replayable: true, silence: 'zero' },
  create: accessLogSource,
});

/** The same from standard input. A crash loses what was not checkpointed. */
export const accessLogStdin = defineSource({
  id: 'access-log-stdin',
  summary: 'An access log from standard input: cannot be read again after a crash.',
  config: accessLogStdinConfig,
  capabilities: { replayable: false, silence: 'zero' },
  create: (options, context) => accessLogStream(() => process.stdin, options, context),
});

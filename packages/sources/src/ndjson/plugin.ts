import { defineSource } from '@auspex/contracts';
import { ndjsonConfig, ndjsonStdinConfig } from './config.ts';
import { ndjsonSource, ndjsonStream } from './source.ts';

/** JSON, one object a line: structured logs and exports. */
export const ndjson = defineSource({
  id: 'ndjson',
  summary: 'JSON, one object a line, plain or gzip, read whole or followed; dotted paths name the fields.',
  config: ndjsonConfig,
  capabilities: { replayable: true, silence: 'zero' },
  create: ndjsonSource,
});

/** The same from standard input. A crash loses what was not checkpointed. */
export const ndjsonStdin = defineSource({
  id: 'ndjson-stdin',
  summary: 'JSON, one object a line, from standard input: cannot be read again after a crash.',
  config: ndjsonStdinConfig,
  capabilities: { replayable: false, silence: 'zero' },
  create: (options, context) => ndjsonStream(() => process.stdin, options, context),
});

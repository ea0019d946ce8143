import type { Readable } from 'node:stream';
import type { PluginContext, Source } from '@auspex/contracts';
import { RecordSource } from '../records/index.ts';
import type { AccessLogOptions, AccessLogStdinOptions } from './config.ts';
import { accessLogParser } from './parse.ts';

const FORMAT = 'Common or Combined Log Format';

/** Reads access logs from files. */
export function accessLogSource(options: AccessLogOptions, context: PluginContext): Source {
  const { files, follow, poll, pop, batch, maxBackwards } = options;
  return new RecordSource(
    { input: { files, follow, poll }, batch, maxBackwards, format: FORMAT, parser: () => accessLogParser(pop) },
    context,
  );
}

/** Reads an access log from a stream, once. */
export function accessLogStream(stream: () => Readable, options: AccessLogStdinOptions, context: PluginContext): Source {
  const { pop, batch, maxBackwards } = options;
  return new RecordSource(
    { input: { stream, name: 'stdin' }, batch, maxBackwards, format: FORMAT, parser: () => accessLogParser(pop) },
    context,
  );
}

import type { Readable } from 'node:stream';
import type { PluginContext, Source } from '@auspex/contracts';
import { RecordSource } from '../records/index.ts';
import type { NdjsonOptions, NdjsonStdinOptions } from './config.ts';
import { ndjsonParser } from './parse.ts';

const FORMAT = 'one JSON object a line';

/** Reads NDJSON from files. */
export function ndjsonSource(options: NdjsonOptions, context: PluginContext): Source {
  const { files, follow, poll, batch, maxBackwards } = options;
  return new RecordSource(
    { input: { files, follow, poll }, batch, maxBackwards, format: FORMAT, parser: () => ndjsonParser(options) },
    context,
  );
}

/** Reads NDJSON from a stream, once. */
export function ndjsonStream(stream: () => Readable, options: NdjsonStdinOptions, context: PluginContext): Source {
  const { batch, maxBackwards } = options;
  const input = { stream, name: 'stdin' };
  return new RecordSource({ input, batch, maxBackwards, format: FORMAT, parser: () => ndjsonParser(options) }, context);
}

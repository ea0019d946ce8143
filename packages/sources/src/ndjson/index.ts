export { eventFields, type NdjsonOptions, type NdjsonStdinOptions, ndjsonConfig, ndjsonStdinConfig } from './config.ts';
export { type EventFields, eventReader, ndjsonParser, type ParseEvent, reader } from './parse.ts';
export { ndjson, ndjsonStdin } from './plugin.ts';
export { ndjsonSource, ndjsonStream } from './source.ts';

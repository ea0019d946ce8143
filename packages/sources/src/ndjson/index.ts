export { type NdjsonOptions, type NdjsonStdinOptions, ndjsonConfig, ndjsonStdinConfig } from './config.ts';
export { ndjson, ndjsonStdin } from './plugin.ts';
export { ndjsonSource, ndjsonStream } from './source.ts';

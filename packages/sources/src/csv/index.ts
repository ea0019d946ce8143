export { type CsvOptions, csvConfig } from './config.ts';
export { inspectCsv } from './inspect.ts';
export { csv } from './plugin.ts';
export { CsvSource } from './source.ts';

export {
  type AccessLogOptions,
  type AccessLogStdinOptions,
  accessLog,
  accessLogConfig,
  accessLogStdin,
  accessLogStdinConfig,
} from './access-log/index.ts';
export { type CsvOptions, csv, csvConfig, inspectCsv } from './csv/index.ts';
export { type GroupOptions, groupConfig, groupEnricher } from './enrich/group/index.ts';
export { type SessionOptions, sessionConfig, sessionEnricher } from './enrich/session/index.ts';
export { type NdjsonOptions, type NdjsonStdinOptions, ndjson, ndjsonConfig, ndjsonStdin, ndjsonStdinConfig } from './ndjson/index.ts';

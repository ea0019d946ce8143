export {
  type AccessLogOptions,
  type AccessLogStdinOptions,
  accessLog,
  accessLogConfig,
  accessLogStdin,
  accessLogStdinConfig,
} from './access-log/index.ts';
export { type AuthOptions, auth, authConfig } from './auth/index.ts';
export { type CsvOptions, csv, csvConfig, inspectCsv } from './csv/index.ts';
export { type BotOptions, botConfig, botEnricher } from './enrich/bot/index.ts';
export { type GeoOptions, geoConfig, geoEnricher } from './enrich/geo/index.ts';
export { type GroupOptions, groupConfig, groupEnricher } from './enrich/group/index.ts';
export { type SegmentOptions, segmentConfig, segmentEnricher } from './enrich/segment/index.ts';
export { type SessionOptions, sessionConfig, sessionEnricher } from './enrich/session/index.ts';
export { type HttpOptions, http, httpConfig } from './http/index.ts';
export { type KafkaOptions, type KafkaProbe, type KafkaRecord, kafka, kafkaConfig, probeKafka } from './kafka/index.ts';
export { type NdjsonOptions, type NdjsonStdinOptions, ndjson, ndjsonConfig, ndjsonStdin, ndjsonStdinConfig } from './ndjson/index.ts';
export { type PrometheusOptions, prometheus, prometheusConfig } from './prometheus/index.ts';
export { type SyntheticOptions, synthetic, syntheticConfig } from './synthetic/index.ts';

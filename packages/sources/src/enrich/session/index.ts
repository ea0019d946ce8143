export { type SessionOptions, sessionConfig } from './config.ts';
export { SessionEnricher, type Sessions } from './enricher.ts';
export { sessionEnricher } from './plugin.ts';

export { type AccessLogOptions, type AccessLogStdinOptions, accessLogConfig, accessLogStdinConfig } from './config.ts';
export { accessLogParser } from './parse.ts';
export { accessLog, accessLogStdin } from './plugin.ts';
export { accessLogSource, accessLogStream } from './source.ts';

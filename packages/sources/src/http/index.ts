export { type HttpOptions, httpConfig } from './config.ts';
export { http } from './plugin.ts';
export { HttpSource } from './source.ts';

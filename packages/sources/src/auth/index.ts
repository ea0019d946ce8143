export { type AuthOptions, authConfig } from './config.ts';
export { auth } from './plugin.ts';
export { authSource } from './source.ts';

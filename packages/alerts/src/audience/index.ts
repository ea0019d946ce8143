export { type AudienceOptions, audienceConfig } from './config.ts';
export { audience } from './plugin.ts';

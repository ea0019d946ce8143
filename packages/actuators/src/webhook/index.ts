export { type WebhookOptions, webhookConfig } from './config.ts';
export { webhook } from './plugin.ts';

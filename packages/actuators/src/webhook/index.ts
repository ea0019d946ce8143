export type { Confirmation, Message, State, WebhookClient } from './client.ts';
export { type WebhookOptions, webhookConfig } from './config.ts';
export { createWebhookActuator, webhook } from './plugin.ts';

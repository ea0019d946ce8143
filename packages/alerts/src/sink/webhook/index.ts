export { type AlertWebhookOptions, alertWebhookConfig } from './config.ts';
export type { Message as AlertMessage } from './message.ts';
export { alertWebhook } from './plugin.ts';

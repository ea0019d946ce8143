import { defineAlertSink } from '@auspex/contracts';
import { alertWebhookConfig } from './config.ts';
import { WebhookSink } from './sink.ts';

/** Alerts for a program of yours. */
export const alertWebhook = defineAlertSink({
  id: 'webhook',
  summary: 'Each alert as a signed HTTP request (Standard Webhooks) to a receiver of your own, which knows repeats by their id.',
  config: alertWebhookConfig,
  create: (options, { clock }) => new WebhookSink(options, clock),
});

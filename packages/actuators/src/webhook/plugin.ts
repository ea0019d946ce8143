import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver } from '../target/index.ts';
import type { WebhookClient } from './client.ts';
import { type WebhookOptions, webhookConfig } from './config.ts';
import { HttpWebhook } from './http.ts';
import { readSecret } from './secret.ts';
import { WebhookTarget } from './target.ts';

/** Orders for whatever has an API of its own, as signed requests. */
export const webhook = defineActuator({
  id: 'webhook',
  summary: 'Signed HTTP requests (Standard Webhooks) to a receiver of your own, which keeps to leases and epochs.',
  config: webhookConfig,
  capabilities: { lease: 'target' },
  create: (options, context) => createWebhookActuator(options, context),
});

/**
 * @param client Default: HTTP.
 * @throws AuspexError CONFIG_INVALID where the secret cannot be read
 */
export function createWebhookActuator(
  options: WebhookOptions,
  context: PluginContext,
  client: WebhookClient = new HttpWebhook(options, readSecret(options.secretEnv), context.clock),
): Actuator {
  const { patience, handsOff } = options;
  return actuatorOver(new WebhookTarget(client), { plugin: webhook.id, patience, handsOff }, context);
}

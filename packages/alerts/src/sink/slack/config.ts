import { z } from 'zod';
import { httpFields, insecure, variable } from '../http/config.ts';

/** Options of the alert sink `slack`. */
export const slackConfig = z.strictObject({
  urlEnv: variable.describe(
    'Name of the environment variable that holds the address of the incoming webhook, which is a secret: https://hooks.slack.com/services/…. That of Mattermost or Rocket.Chat as it is; that of Discord with /slack added.',
  ),
  channel: z
    .string()
    .min(1)
    .optional()
    .describe('Another channel than the webhook’s own, where the webhook may choose (Mattermost, Rocket.Chat). Default: its own.'),
  username: z.string().min(1).optional().describe('Name that it writes under, where the webhook may choose. Default: the webhook’s own.'),
  insecure: insecure('the address'),
  ...httpFields,
});

export type SlackOptions = z.output<typeof slackConfig>;

import { z } from 'zod';
import { address, httpFields, insecure, isOpen, variable } from '../http/config.ts';

/** Options of the alert sink `webhook`. */
export const alertWebhookConfig = z
  .strictObject({
    url: address.describe('Address of the receiver: https://hooks.internal/auspex. Each alert is posted to it, in order.'),
    secretEnv: variable.describe(
      'Name of the environment variable that holds the secret by which messages are signed: whsec_ and base64, or the text itself, 24 bytes at least. While it is changed: the new and the old one, with a space between; each signs.',
    ),
    tokenEnv: variable
      .optional()
      .describe(
        'Name of the environment variable that holds a bearer token, for a receiver that asks for one beside the signature. Default: none.',
      ),
    insecure: insecure('url'),
    ...httpFields,
  })
  .refine(({ url, insecure }) => insecure || !isOpen(new URL(url)), {
    path: ['url'],
    error: 'is http:// to another machine: use https://, or set insecure: true',
  });

export type AlertWebhookOptions = z.output<typeof alertWebhookConfig>;

import { z } from 'zod';
import { targetOptions } from '../target/index.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Options of the actuator `webhook`. */
export const webhookConfig = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .describe('Address of the receiver: https://scaler.internal/auspex. Orders are posted to it; it is read with ?pool=NAME added.'),
    secretEnv: z
      .string()
      .min(1)
      .describe(
        'Name of the environment variable that holds the secret by which requests are signed: whsec_ and base64, or the text itself, 24 bytes at least.',
      ),
    insecure: z
      .boolean()
      .default(false)
      .describe('Let url begin with http:// where it is not of this machine: signed, but readable on the way. Default false.'),
    ...targetOptions,
  })
  .refine(({ url, insecure }) => insecure || new URL(url).protocol === 'https:' || LOOPBACK.test(new URL(url).hostname), {
    path: ['url'],
    error: 'is http:// to another machine: use https://, or set insecure: true',
  })
  .refine(({ url }) => new URL(url).username === '' && new URL(url).password === '', {
    path: ['url'],
    error: 'holds a user or password: requests are signed instead',
  });

export type WebhookOptions = z.output<typeof webhookConfig>;

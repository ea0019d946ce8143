import { z } from 'zod';
import { address, httpFields, insecure, isOpen, variable } from '../http/config.ts';

/** Options of the alert sink `pagerduty`. */
export const pagerdutyConfig = z
  .strictObject({
    routingKeyEnv: variable.describe(
      'Name of the environment variable that holds the integration key (32 characters) of an Events API v2 integration of the service.',
    ),
    url: address
      .default('https://events.pagerduty.com/v2/enqueue')
      .describe(
        'Address of the Events API; of the EU region https://events.eu.pagerduty.com/v2/enqueue. Default https://events.pagerduty.com/v2/enqueue.',
      ),
    source: z
      .string()
      .min(1)
      .optional()
      .describe('What PagerDuty shows as the affected system. Default: the pool or the group that the alert is about, else auspex.'),
    insecure: insecure('url'),
    ...httpFields,
  })
  .refine(({ url, insecure }) => insecure || !isOpen(new URL(url)), {
    path: ['url'],
    error: 'is http:// to another machine: use https://, or set insecure: true',
  });

export type PagerdutyOptions = z.output<typeof pagerdutyConfig>;

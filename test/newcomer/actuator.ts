import { defineActuator, type Receipt } from '@auspex/contracts';
import { z } from 'zod';

/** What one unit, a brick, is in percent of a site. */
const BRICK = 5;
const siteSchema = z.object({ percent: z.number(), warm: z.number() });

/** Sets the bricks of a site over the API of the Rackspace of Bricks. */
export const bricks = defineActuator({
  id: 'bricks',
  summary: 'Sets the bricks of a site over the API of the Rackspace of Bricks.',
  config: z.strictObject({
    url: z.url().describe('Base address of the API.'),
    apiKey: z.string().min(1).describe('Sent as x-api-key.'),
  }),
  capabilities: { lease: 'none' },
  create({ url, apiKey }, { logger }) {
    /** Step of the last order of each site that was carried out: what is not later comes again. */
    const carriedOut = new Map<string, number>();
    let epoch = Number.NEGATIVE_INFINITY;
    const call = async (path: string, signal: AbortSignal, init: RequestInit = {}): Promise<unknown> => {
      const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
      const response = await fetch(new URL(path, url), { ...init, headers, signal });
      if (!response.ok) throw new Error(`the bricks API says ${response.status} to ${path}`);
      return response.json();
    };
    const read = async (pool: string, signal: AbortSignal): Promise<{ units: number; ready: number }> => {
      const { percent, warm } = siteSchema.parse(await call(`/v1/sites/${encodeURIComponent(pool)}`, signal));
      return { units: Math.round(percent / BRICK), ready: Math.floor(warm / BRICK) };
    };
    return {
      read,
      async actuate({ key, pool, units, step, shadow, ...order }, signal) {
        const receipt = async (status: Receipt['status']): Promise<Receipt> => ({ key, pool, status, ...(await read(pool, signal)) });
        if (shadow) return receipt('shadow');
        if (order.epoch < epoch) return receipt('refused');
        epoch = order.epoch;
        if (step <= (carriedOut.get(pool) ?? Number.NEGATIVE_INFINITY)) return receipt('duplicate');
        await call('/v1/jobs', signal, { method: 'POST', body: JSON.stringify({ site: pool, percent: units * BRICK }) });
        // Only now: an order that failed may come again.
        carriedOut.set(pool, step);
        logger.info({ pool, units }, 'ordered');
        return receipt('applied');
      },
    };
  },
});

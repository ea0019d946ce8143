import { defineActuator, type Receipt, type TargetState } from '@auspex/contracts';
import { z } from 'zod';

/** Orders go to the fleet's process over HTTP; that sees to it that floors run out. */
export const httpFleet = defineActuator({
  id: 'http-fleet',
  summary: 'A fleet in another process.',
  config: z.strictObject({ url: z.string() }),
  capabilities: { lease: 'target' },
  create: ({ url }) => {
    const ask = async (path: string, init: RequestInit): Promise<unknown> => {
      const answer = await fetch(`${url}${path}`, init);
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    return {
      actuate: async (order, signal) => (await ask('/order', { method: 'POST', body: JSON.stringify(order), signal })) as Receipt,
      read: async (_pool, signal) => (await ask('/pool', { signal })) as TargetState,
    };
  },
});

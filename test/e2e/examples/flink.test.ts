import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createEngine, use } from '@auspex/core';
import { catalogue, memory, seasonal } from '@auspex/preset';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../packages/cli/src/load-config.ts';
import { NotAvailable, need, type Server } from '../../servers/index.ts';
import { startFlink } from '../../servers/recipes/flink.ts';
import { kafkaClient } from './kafka.ts';

const EXAMPLE = new URL('../../../examples/08-flink/', import.meta.url);
const BROKERS = '127.0.0.1:9092';
const T0 = Date.UTC(2026, 0, 5);
const SECOND = 1_000;
/** Statuses, and what each counts as. */
const STATUS = [
  [200, 'served'],
  [503, 'throttled'],
  [404, 'served'],
  [500, 'failed'],
  [504, 'timedOut'],
] as const;

/** A minute of requests, five a second. */
const REQUESTS = Array.from({ length: 300 }, (_, n) => {
  const [status, outcome] = STATUS[n % STATUS.length] as (typeof STATUS)[number];
  return { at: T0 + 200 * n, tenant: n % 3 === 0 ? 'gold' : 'free', status, outcome };
});
/** The first closes the step of the minute, the second the window of the first. */
const LATER = [65, 120].map((seconds) => ({ at: T0 + seconds * SECOND, tenant: 'gold', status: 200 }));

async function flink(sql: string, skip: (why: string) => never): Promise<Server> {
  try {
    return await startFlink(sql);
  } catch (error) {
    if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
    return skip(error.message);
  }
}

test('requests go through the job of examples/08-flink, and Auspex counts as many of each outcome', async (context) => {
  const broker = await need('kafka', context, { own: true });
  context.onTestFinished(() => broker.stop());
  const client = kafkaClient(broker.address);
  await client.topics('requests', 'usage');
  const messages = [...REQUESTS, ...LATER].map(({ at, tenant, status }) => ({
    key: tenant,
    value: JSON.stringify({ time: new Date(at).toISOString(), tenant, status }),
  }));
  // What is no request counts nothing, and stops nothing.
  await client.send('requests', [{ key: 'x', value: 'no JSON' }, ...messages]);
  await client.close();

  const text = readFileSync(new URL('job.sql', EXAMPLE), 'utf8');
  const sql = text
    .replaceAll(BROKERS, broker.address)
    .replace("'execution.checkpointing.interval' = '10 s'", "'execution.checkpointing.interval' = '1 s'");
  const job = await flink(sql, context.skip);
  context.onTestFinished(() => job.stop());

  const config = await loadConfig(fileURLToPath(new URL('auspex.config.yaml', EXAMPLE)));
  const [given] = config.sources;
  const sources = [{ ...given, with: { ...(given?.with as object), brokers: [broker.address] } }] as typeof config.sources;
  await using engine = createEngine({ ...config, sources, predictors: [use(seasonal)], store: use(memory) }, { mode: 'shadow', catalogue });
  const counted: Record<string, number> = {};
  engine.hooks.usage.tap('test', (usage) => {
    for (const { group, served, throttled, failed, timedOut } of usage) {
      for (const [outcome, count] of Object.entries({ served, throttled, failed, timedOut })) counted[`${group} ${outcome}`] = count;
    }
    engine.stop();
    return usage;
  });
  await engine.start();
  await engine.run();

  const sent: Record<string, number> = {};
  for (const { tenant, outcome } of REQUESTS) sent[`${tenant} ${outcome}`] = (sent[`${tenant} ${outcome}`] ?? 0) + 1;
  expect(counted).toEqual(sent);
}, 300_000);

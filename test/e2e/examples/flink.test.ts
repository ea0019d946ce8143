import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kafka, kafkaConfig } from '@auspex/sources/kafka';
import { fakeContext } from '@auspex/testkit';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../packages/cli/src/load-config.ts';
import { NotAvailable, need, type Server } from '../../servers/index.ts';
import { startFlink } from '../../servers/recipes/flink.ts';
import { kafkaClient } from './kafka.ts';

const EXAMPLE = new URL('../../../examples/08-flink/', import.meta.url);
const BROKERS = '127.0.0.1:9092';
const T0 = Date.UTC(2026, 0, 5);
/** What each status counts as, in the order in which requests get them. */
const STATUS = [
  [200, 'served'],
  [503, 'throttled'],
  [404, 'served'],
  [500, 'failed'],
  [504, 'timed-out'],
] as const;

/** A minute of requests, five a second; the last one is far behind them, and closes their windows. */
const REQUESTS = Array.from({ length: 300 }, (_, n) => ({
  at: T0 + 200 * n,
  tenant: n % 3 === 0 ? 'gold' : 'free',
  ...{ status: STATUS[n % STATUS.length]?.[0], outcome: STATUS[n % STATUS.length]?.[1] },
}));

async function flink(sql: string, skip: (why: string) => never): Promise<Server> {
  try {
    return await startFlink(sql);
  } catch (error) {
    if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
    return skip(error.message);
  }
}

test('requests go through the job of examples/08-flink, and Auspex reads as many of each outcome', async (context) => {
  const broker = await need('kafka', context, { own: true });
  context.onTestFinished(() => broker.stop());
  const client = kafkaClient(broker.address);
  await client.topics('requests', 'usage');
  const messages = [...REQUESTS, { at: T0 + 120_000, tenant: 'gold', status: 200 }].map(({ at, tenant, status }) => ({
    key: tenant,
    value: JSON.stringify({ time: new Date(at).toISOString(), tenant, status }),
  }));
  // What is no request is nothing, and stops nothing.
  await client.send('requests', [{ key: 'x', value: 'no JSON' }, ...messages]);

  const text = readFileSync(new URL('job.sql', EXAMPLE), 'utf8');
  expect(text).toContain(BROKERS);
  const sql = text.replaceAll(BROKERS, broker.address).replace("'execution.checkpointing.interval' = '10 s'", "'execution.checkpointing.interval' = '1 s'");
  const job = await flink(sql, context.skip);
  context.onTestFinished(() => job.stop());

  const config = await loadConfig(fileURLToPath(new URL('auspex.config.yaml', EXAMPLE)));
  const [given] = config.sources;
  const options = kafkaConfig.parse({ ...(given?.with as object), brokers: [broker.address] });
  const stop = new AbortController();
  const source = kafka.create(options, fakeContext({ signal: stop.signal }));
  const read = new Map<string, number>();
  let rows = 0;
  for await (const { events } of source.open({}, stop.signal)) {
    for (const { at, kind, group, outcome, count = 1 } of events) {
      expect([kind, (at - T0) % 10_000]).toEqual(['request', 0]);
      const key = `${at} ${group} ${outcome}`;
      expect(read.has(key), `${key} came twice`).toBe(false);
      read.set(key, count);
      rows += count;
    }
    if (rows >= REQUESTS.length) stop.abort();
  }
  const expected = new Map<string, number>();
  for (const { at, tenant, outcome } of REQUESTS) {
    const key = `${at - (at % 10_000)} ${tenant} ${outcome}`;
    expected.set(key, (expected.get(key) ?? 0) + 1);
  }
  expect(Object.fromEntries(read)).toEqual(Object.fromEntries(expected));
  await client.close();
}, 300_000);

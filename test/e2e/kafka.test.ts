import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { need, type Server } from '../servers/index.ts';
import { stored } from '../support/stored.ts';

/*
 * Three instances share a topic of twelve partitions; instances are killed and added at random, and the broker is down for twenty
 * seconds. Each group's closed usage adds up to the input, exactly.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const BIN = path.join(root, 'packages/cli/dist/bin.js');
const require = createRequire(path.join(root, 'packages/sources/package.json'));
const EVENTS = 200_000;
const GROUPS = 60;
const PARTITIONS = 12;

interface KafkaClient {
  admin(): { connect(): Promise<void>; disconnect(): Promise<void>; createTopics(what: object): Promise<boolean> };
  producer(): { connect(): Promise<void>; disconnect(): Promise<void>; send(what: object): Promise<unknown> };
}

async function fill(brokers: string): Promise<Map<string, number>> {
  const { Kafka, logLevel } = require('kafkajs') as { Kafka: new (options: object) => KafkaClient; logLevel: { NOTHING: number } };
  const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'events', numPartitions: PARTITIONS }], waitForLeaders: true });
  const producer = client.producer();
  await producer.connect();
  const counts = new Map<string, number>();
  const begin = Date.now() - 45 * 60_000;
  const random = new SeededRandom('kafka');
  for (let from = 0; from < EVENTS; from += 10_000) {
    const messages = Array.from({ length: 10_000 }, (_, n) => {
      // Some groups are busier than others.
      const group = `g${Math.floor(GROUPS * random.next() ** 2)}`;
      counts.set(group, (counts.get(group) ?? 0) + 1);
      const at = new Date(begin + Math.floor(((from + n) / EVENTS) * 40 * 60_000)).toISOString();
      return { key: group, value: JSON.stringify({ at, kind: 'request', group, user: `u${n % 97}` }) };
    });
    await producer.send({ topic: 'events', messages });
  }
  await producer.disconnect();
  await admin.disconnect();
  return counts;
}

const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

test('instances killed and added, and a broker that was down: each group is counted exactly', async (context) => {
  const server: Server = await need('kafka', context);
  const folder = mkdtempSync(path.join(tmpdir(), 'auspex-kafka-'));
  const at = path.join(folder, 'store');
  const instances: ChildProcess[] = [];
  const said: string[] = [];
  const add = (): void => {
    const child = spawn(process.execPath, [BIN, 'run', '--config', path.join(folder, 'auspex.config.json')], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) =>
        said.push(
          ...chunk
            .toString()
            .trim()
            .split('\n')
            .map((line) => `${child.pid} ${line}`),
        ),
      );
    }
    instances.push(child);
  };
  try {
    const input = await fill(server.address);
    writeFileSync(
      path.join(folder, 'auspex.config.json'),
      JSON.stringify({
        step: '1m',
        sources: [{ use: 'kafka', with: { brokers: [server.address], topic: 'events', idle: '1s', batch: 200, session: '6s' } }],
        predictors: [{ use: 'seasonal' }],
        store: { use: 'lmdb', with: { path: at } },
        shared: true,
        pools: [{ id: 'web', unitRate: 50 }],
      }),
    );
    for (let n = 0; n < 3; n++) add();
    const random = new SeededRandom('kills');
    let kills = 0;
    let broken = false;
    const deadline = Date.now() + 150_000;
    for (;;) {
      await wait(1_500 + 2_000 * random.next());
      const done = total(await stored(at).catch(() => new Map()));
      if (done >= EVENTS && kills >= 6 && broken) break;
      if (Date.now() > deadline)
        throw new Error(`${done} of ${EVENTS} after ${kills} kills; the last that was said:\n${said.slice(-40).join('\n')}`);
      if (!broken && kills >= 3) {
        await server.kill();
        await wait(20_000);
        await server.restart();
        broken = true;
      }
      if (kills < 8) {
        const victim = instances.splice(Math.floor(instances.length * random.next()), 1)[0] as ChildProcess;
        victim.kill(random.next() < 0.7 ? 'SIGKILL' : 'SIGTERM');
        kills++;
        add();
      }
    }
    // Whatever is still under way must not change what is there.
    await wait(3_000);
    expect(Object.fromEntries([...(await stored(at))].sort())).toEqual(Object.fromEntries([...input].sort()));
  } finally {
    for (const child of instances) child.kill('SIGKILL');
    await server.stop();
    await wait(500);
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);

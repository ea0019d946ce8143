import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { need, type Server } from '../servers/index.ts';

/*
 * Every wrong configuration of a server: `run` ends within fifteen seconds with one clear error, and `doctor` says the same and what
 * to do. Both as the commands that users start, against real servers.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const BIN = path.join(root, 'packages/cli/dist/bin.js');
const LIMIT_MS = 15_000;
const folder = mkdtempSync(path.join(tmpdir(), 'auspex-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

interface Check {
  readonly check: string;
  readonly status: string;
  readonly code?: string;
  readonly seen: string;
  readonly remedy?: string;
  readonly ms: number;
}

/** What is wrong, and how both commands have to say it. */
interface Wrong {
  readonly store?: object;
  readonly source?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly code: string;
  readonly says: RegExp;
  readonly remedy: RegExp;
}

function auspex(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const began = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(late);
      resolve({ code: code ?? -1, out, err, ms: performance.now() - began });
    }),
  );
}

let configs = 0;

function configOf({ store, source }: Pick<Wrong, 'store' | 'source'>): string {
  const name = `config-${++configs}.json`;
  writeFileSync(path.join(folder, 'access.log'), '10.0.0.1 - - [05/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 512\n');
  const config = {
    sources: [source ?? { use: 'access-log', with: { files: [path.join(folder, 'access.log')] } }],
    predictors: [{ use: 'seasonal' }],
    store: store ?? { use: 'lmdb', with: { path: path.join(folder, `store-${configs}`) } },
    pools: [{ id: 'web', unitRate: 50 }],
  };
  writeFileSync(path.join(folder, name), JSON.stringify(config));
  return name;
}

async function isExplained(wrong: Wrong): Promise<void> {
  const config = configOf(wrong);
  const ran = await auspex(['run', '--config', config], wrong.env);
  const told = ran.err.split('\n').filter((line) => /error /.test(line));
  expect(told, ran.err).toHaveLength(1);
  expect(told[0]).toMatch(new RegExp(`^error ${wrong.code}: `));
  expect(told[0]).toMatch(wrong.says);
  expect(ran.err.trimEnd().split('\n').at(-1)).toMatch(wrong.remedy);
  expect(ran.code).toBe(wrong.code.startsWith('STORE') ? 5 : 4);
  expect(ran.ms).toBeLessThan(LIMIT_MS);

  const asked = await auspex(['doctor', '--config', config, '--json'], wrong.env);
  const { ok, checks } = JSON.parse(asked.out) as { ok: boolean; checks: Check[] };
  expect([asked.code, ok, asked.err]).toEqual([1, false, '']);
  const failed = checks.filter(({ status }) => status === 'failed');
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({
    code: wrong.code,
    seen: expect.stringMatching(wrong.says),
    remedy: expect.stringMatching(wrong.remedy),
  });
  expect(failed[0]?.ms).toBeLessThan(LIMIT_MS + 500);
}

/** Takes connections and never says a word. */
async function deaf<T>(work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work((server.address() as { port: number }).port);
  } finally {
    server.close();
  }
}

describe('kafka', () => {
  const kafka = (options: object): object => ({ use: 'kafka', with: { topic: 'events', ...options } });
  const password = (secret: string): Readonly<Record<string, string>> => ({ DOCTOR_PASSWORD: secret });
  const unreachable = {
    code: 'SOURCE_UNREACHABLE',
    says: /no broker answers at 127\.0\.0\.1:\d+/,
    remedy: /Check address, listener, TLS and firewall/,
  };
  let prepared: Promise<void> | undefined;

  /** A broker that asks for passwords and rights, with one topic. */
  async function broker(context: TestContext): Promise<Server & { sasl(user: string): object }> {
    const server = await need('kafka', context, { shared: true, secure: true, acl: true });
    prepared ??= fill(server);
    await prepared;
    const sasl = (username: string): object => ({
      brokers: [server.details['sasl']],
      sasl: { mechanism: 'plain', username, passwordEnv: 'DOCTOR_PASSWORD' },
    });
    return Object.assign(server, { sasl });
  }

  it('a broker that is not there, and one that says nothing', async () => {
    await isExplained({ ...unreachable, source: kafka({ brokers: ['127.0.0.1:1'] }) });
    await deaf((port) => isExplained({ ...unreachable, source: kafka({ brokers: [`127.0.0.1:${port}`] }) }));
  }, 120_000);

  it('TLS where none is spoken', async (context) => {
    const server = await broker(context);
    await isExplained({ ...unreachable, source: kafka({ brokers: [server.address], tls: true }) });
  }, 120_000);

  it('a wrong password', async (context) => {
    const server = await broker(context);
    await isExplained({
      source: kafka(server.sasl(server.details['user'] as string)),
      env: password('wrong'),
      code: 'SOURCE_REFUSED',
      says: /127\.0\.0\.1:\d+ refuses user or password/,
      remedy: /Correct sasl: mechanism, username, and the variable with the password/,
    });
  }, 120_000);

  it('a topic without permission', async (context) => {
    const server = await broker(context);
    await isExplained({
      source: kafka(server.sasl(server.details['other'] as string)),
      env: password(server.details['password'] as string),
      code: 'SOURCE_REFUSED',
      says: /this user may not read the topic "events" as group "auspex"/,
      remedy: /Grant Read on the topic and on the group/,
    });
  }, 120_000);

  it('a group without permission', async (context) => {
    const server = await broker(context);
    await isExplained({
      source: kafka({ ...server.sasl(server.details['other'] as string), topic: 'open' }),
      env: password(server.details['password'] as string),
      code: 'SOURCE_REFUSED',
      says: /no broker names the coordinator of the group "auspex": this user may not use the group/,
      remedy: /Grant Read on the group/,
    });
  }, 120_000);

  it('a topic that is not there, and is not made', async (context) => {
    const server = await broker(context);
    const wrong = {
      source: kafka({ brokers: [server.address], topic: 'evnets' }),
      code: 'SOURCE_MISSING',
      says: /there is no topic "evnets" at 127\.0\.0\.1:\d+/,
      remedy: /Create the topic, or correct its name/,
    };
    await isExplained(wrong);
    await isExplained(wrong);
  }, 120_000);

  it('nothing wrong: partitions, records and lag, and the group is neither joined nor moved', async (context) => {
    const server = await broker(context);
    const config = configOf({ source: kafka({ ...server.sasl(server.details['user'] as string) }) });
    const { code, out } = await auspex(['doctor', '--config', config], password(server.details['password'] as string));
    expect(out).toMatch(/ok +sources\[0\]\(kafka\) .*topic events: 3 partitions, about 30 records;/);
    expect(out.replace(/\s+/g, ' ')).toContain('group auspex has committed nothing yet');
    expect(code).toBe(0);
  }, 120_000);
});

interface KafkaClient {
  admin(): {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    createTopics(what: object): Promise<boolean>;
    createAcls(what: object): Promise<boolean>;
  };
  producer(): { connect(): Promise<void>; disconnect(): Promise<void>; send(what: object): Promise<unknown> };
}

/** The topic `events`, which the other user may do nothing with, and `open`, which he may read, if he had a group. */
async function fill(server: Server): Promise<void> {
  const require = createRequire(path.join(root, 'packages/sources/package.json'));
  const { Kafka, logLevel } = require('kafkajs') as { Kafka: new (options: object) => KafkaClient; logLevel: { NOTHING: number } };
  const client = new Kafka({ brokers: [server.address], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [
      { topic: 'events', numPartitions: 3 },
      { topic: 'open', numPartitions: 1 },
    ],
    waitForLeaders: true,
  });
  // The numbers of Kafka's protocol: a topic, literal, reading, allowed.
  const read = { resourceType: 2, resourcePatternType: 3, operation: 3, permissionType: 3 };
  await admin.createAcls({ acl: [{ ...read, resourceName: 'open', principal: `User:${server.details['other']}`, host: '*' }] });
  const producer = client.producer();
  await producer.connect();
  const value = JSON.stringify({ at: new Date().toISOString(), kind: 'request', group: 'g' });
  await producer.send({ topic: 'events', messages: Array.from({ length: 30 }, (_, n) => ({ key: `g${n}`, value })) });
  await producer.disconnect();
  await admin.disconnect();
}

describe('mongo', () => {
  const mongo = (options: object): object => ({ use: 'mongo', with: options });
  const unreachable = {
    code: 'STORE_UNREACHABLE',
    says: /the database did not answer within 8 s/,
    remedy: /Start the database, or correct url/,
  };

  it('a server that is not there, and one that says nothing', async () => {
    await isExplained({ ...unreachable, store: mongo({ url: 'mongodb://127.0.0.1:1/' }) });
    await deaf((port) => isExplained({ ...unreachable, store: mongo({ url: `mongodb://127.0.0.1:${port}/` }) }));
  }, 120_000);

  it('a wrong password, and none', async (context) => {
    const server = await need('mongo', context, { own: true, auth: true });
    const url = `mongodb://${server.details['host']}/`;
    const refused = { code: 'STORE_REFUSED', says: /the database refuses this user/, remedy: /Correct user, password and authSource/ };
    await isExplained({ ...refused, store: mongo({ url, user: server.details['user'], password: 'wrong' }) });
    await isExplained({ ...refused, store: mongo({ url }) });
    await server.stop();
  }, 120_000);

  it('a newer schema', async (context) => {
    const server = await need('mongo', context, { shared: true });
    const stores = createRequire(path.join(root, 'packages/stores/package.json'));
    const { MongoClient } = stores('mongodb') as { MongoClient: { connect(url: string): Promise<MongoConnection> } };
    const client = await MongoClient.connect(server.address);
    const heads = client.db('doctor').collection('auspex_head');
    await heads.insertOne({ _id: 'head', version: 99, n: 0, state: '{}' });
    await isExplained({ ...NEWER, store: mongo({ url: server.address, database: 'doctor' }) });
    await client.close();
  }, 120_000);
});

interface MongoConnection {
  db(name: string): { collection(name: string): { insertOne(document: object): Promise<unknown> } };
  close(): Promise<void>;
}

const NEWER = {
  code: 'STORE_NEWER',
  says: /the store has format 99, this version reads up to 1/,
  remedy: /Run the version that wrote the store/,
};

describe('cassandra', () => {
  const cassandra = (options: object): object => ({ use: 'cassandra', with: options });

  it('a server that is not there, and one that says nothing', async () => {
    const unreachable = {
      code: 'STORE_UNREACHABLE',
      says: /none of the contact points answered/,
      remedy: /Start the database, or correct contactPoints/,
    };
    await isExplained({ ...unreachable, store: cassandra({ contactPoints: ['127.0.0.1:1'] }) });
    await deaf((port) => isExplained({ ...unreachable, store: cassandra({ contactPoints: [`127.0.0.1:${port}`] }) }));
  }, 120_000);

  it('a wrong password, none, a missing keyspace, a newer schema', async (context) => {
    const server = await need('cassandra', context, { own: true, auth: true });
    const { user, password, datacenter } = server.details;
    const here = { contactPoints: [server.address], datacenter, user, password };
    await isExplained({
      store: cassandra({ ...here, password: 'wrong' }),
      code: 'STORE_REFUSED',
      says: /the database refuses this user or its password/,
      remedy: /Correct user and password/,
    });
    await isExplained({
      store: cassandra({ ...here, user: undefined, password: undefined }),
      code: 'STORE_REFUSED',
      says: /the database asks for a user, and none is named/,
      remedy: /Correct user and password/,
    });
    await isExplained({
      store: cassandra({ ...here, keyspace: 'absent' }),
      code: 'STORE_MISSING',
      says: /the keyspace absent does not exist/,
      remedy: /CREATE KEYSPACE IF NOT EXISTS "absent".* or set createKeyspace/,
    });
    // Its own first start makes the tables; then somebody newer comes.
    const made = { ...here, createKeyspace: { class: 'SimpleStrategy', replication_factor: 1 } };
    const first = await auspex(['doctor', '--config', configOf({ store: cassandra(made) })]);
    expect(first.out).toMatch(/ok +store +[\d,]+ ms {2}cassandra opens/);
    expect(first.code).toBe(0);
    const stores = createRequire(path.join(root, 'packages/stores/package.json'));
    const { Client } = stores('cassandra-driver') as { Client: new (options: object) => CassandraConnection };
    const client = new Client({ contactPoints: [server.address], localDataCenter: datacenter, credentials: { username: user, password } });
    await client.execute(`UPDATE auspex.auspex_head SET version = 99 WHERE id = 'head' IF EXISTS`);
    await isExplained({ ...NEWER, store: cassandra(here) });
    await client.shutdown();
    await server.stop();
  }, 240_000);
});

interface CassandraConnection {
  execute(query: string): Promise<unknown>;
  shutdown(): Promise<void>;
}

describe('lmdb', () => {
  it('a newer schema', async () => {
    const at = path.join(folder, 'newer');
    const stores = createRequire(path.join(root, 'packages/stores/package.json'));
    const { open } = stores('lmdb') as { open: (options: object) => { putSync(key: Buffer, value: Buffer): void; close(): Promise<void> } };
    const db = open({ path: at, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    db.putSync(Buffer.from('mmeta/version'), Buffer.from('99'));
    await db.close();
    await isExplained({ ...NEWER, store: { use: 'lmdb', with: { path: at } } });
  }, 60_000);
});

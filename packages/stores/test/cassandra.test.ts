import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'cassandra-driver';
import { describe, expect, it, type TestContext } from 'vitest';
import { need, proxy, type Server } from '../../../test/servers/index.ts';
import { CassandraBackend } from '../src/cassandra/backend.ts';
import { CassandraStore, cassandra, cassandraConfig } from '../src/cassandra/index.ts';
import { diedInBetween, fails, keepsLaws, lateOwner, lateWrites, longValues, oneLease, survives, writerDies } from './database.ts';
import { put, text } from './tools.ts';

let made = 0;
/** The one of this file: it asks for a password, as one that is looked after does. */
const one = (context: TestContext): Promise<Server> => need('cassandra', context, { shared: true, auth: true });
const login = ({ details: { user, password, datacenter } }: Server): object => ({
  ...(user === undefined ? {} : { user, password }),
  ...(datacenter === undefined ? {} : { datacenter }),
});
/** Options of a store that nobody else has. */
const fresh = (
  server: Server,
  more: object = {},
): { contactPoints: string[]; keyspace: string; table: string; createKeyspace: object } => ({
  ...login(server),
  contactPoints: server.address.split(','),
  keyspace: 'auspex_tests',
  createKeyspace: { class: 'SimpleStrategy', replication_factor: 1 },
  table: `t${process.pid}_${made++}`,
  ...more,
});
const opened = (options: object, more: object = {}): CassandraStore => new CassandraStore(cassandraConfig.parse({ ...options, ...more }));
const clientOf = (server: Server): Client => {
  const { user: username = '', password = '', datacenter = 'datacenter1' } = server.details;
  return new Client({ contactPoints: server.address.split(','), localDataCenter: datacenter, credentials: { username, password } });
};

describe('cassandra', () => {
  it('keeps the laws of stores', async (context) => {
    const server = await one(context);
    const client = clientOf(server);
    const newer = async (options: object): Promise<void> => {
      const { keyspace, table } = cassandraConfig.parse(options);
      await client.execute(`UPDATE ${keyspace}.${table}_head SET version = 2 WHERE id = 'head'`);
    };
    await keepsLaws(cassandra, () => fresh(server), newer);
    await client.shutdown();
  }, 180_000);

  it('of eight that want one lease exactly one has it, each epoch', async (context) => {
    const options = fresh(await one(context));
    await put(opened(options), { ready: '' });
    await oneLease(() => opened(options));
  }, 60_000);

  it('an owner who slept while another took the lease writes nothing any more', async (context) => {
    const options = fresh(await one(context));
    await lateOwner(() => opened(options));
  }, 60_000);

  it('a batch whose writer died in between is found whole', async (context) => {
    const options = cassandraConfig.parse(fresh(await one(context)));
    await diedInBetween(() => new CassandraBackend(options));
  }, 60_000);

  it('what is applied late changes nothing', async (context) => {
    const options = cassandraConfig.parse(fresh(await one(context)));
    await lateWrites(() => new CassandraBackend(options));
  }, 60_000);

  it('keeps values that are longer than a mutation', async (context) => {
    const options = fresh(await one(context));
    await longValues(() => opened(options));
  }, 60_000);

  it('a writer is killed in the middle of batches: none is half, and no acknowledged one is lost', async (context) => {
    const options = fresh(await one(context));
    await writerDies(6, 'cassandra', options, () => opened(options));
  }, 90_000);

  it('17 times the connection is cut, 3 times the server killed, while batches are written: none is half, none is lost', async (context) => {
    const server = await need('cassandra', context, { own: true });
    const toxiproxy = await need('toxiproxy', context, { shared: true });
    const between = await proxy(toxiproxy, server.address);
    // Who writes goes through the proxy; who looks afterwards does not.
    const direct = fresh(server, { timeout: '2s' });
    const through = { ...direct, contactPoints: [between.address] };
    await put(opened(direct), { ready: '' });
    const written = await survives(
      20,
      (attempts) => opened(attempts > 2 ? direct : through, { attempts }),
      async (round) => {
        await sleep(200 + ((round * 37) % 150));
        if (round % 7 === 5) await server.restart();
        else {
          await between.enable(false);
          await sleep(100);
          await between.enable(true);
        }
        await sleep(200);
      },
    );
    expect(written).toBeGreaterThan(20);
    await server.stop();
  }, 240_000);

  it('lets the database drop what lies idle under profile/ and series/, and nothing else', async (context) => {
    const server = await one(context);
    const options = fresh(server, { ttl: '2s' });
    const store = opened(options);
    await put(store, { 'profile/a': '1', 'series/a/b': '1', 'engine/checkpoint': '1' });
    expect(text(await store.get('profile/a'))).toBe('1');
    await sleep(3_000);
    expect(await store.get('profile/a')).toBeUndefined();
    expect(text(await store.get('engine/checkpoint'))).toBe('1');
    await store.close();
  }, 60_000);

  it('works with a client of the host, and leaves it open', async (context) => {
    const server = await one(context);
    const client = clientOf(server);
    await client.connect();
    const store = opened(fresh(server), { client });
    await put(store, { a: '1' });
    await store.close();
    expect((await client.execute('SELECT key FROM system.local')).rows).toHaveLength(1);
    await client.shutdown();
  }, 60_000);

  it('a wrong configuration fails within 15 s, with one clear error', async (context) => {
    const server = await one(context);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const deaf = (silent.address() as { port: number }).port;
    const unreachable = { code: 'STORE_UNREACHABLE', message: /none of the contact points answered/, remedy: /correct contactPoints/ };
    const refused = { code: 'STORE_REFUSED', message: /refuses this user or its password/, remedy: /Correct user and password/ };
    const { user: _, password: __, ...nobody } = fresh(server) as Record<string, unknown>;
    await Promise.all([
      fails(opened(fresh(server), { contactPoints: ['127.0.0.1:1'] }), unreachable),
      fails(opened(fresh(server), { contactPoints: ['absent.invalid:9042'] }), unreachable),
      fails(opened(fresh(server), { contactPoints: [`127.0.0.1:${deaf}`] }), unreachable),
      fails(opened(fresh(server), { tls: true }), unreachable),
      fails(opened(fresh(server), { tls: { ca: 'absent.pem' } }), {
        code: 'CONFIG_INVALID',
        message: /absent\.pem cannot be read/,
        remedy: /./,
      }),
      fails(opened(fresh(server), { datacenter: 'elsewhere' }), { code: 'CONFIG_INVALID', message: /elsewhere/, remedy: /datacenter/ }),
      fails(opened(fresh(server), { keyspace: 'absent', createKeyspace: undefined }), {
        code: 'STORE_MISSING',
        message: /keyspace absent does not exist/,
        remedy: /CREATE KEYSPACE IF NOT EXISTS "absent" WITH replication/,
      }),
      ...(server.details['user'] === undefined
        ? []
        : [
            fails(opened(fresh(server), { password: 'wrong-secret' }), refused),
            fails(opened(nobody), {
              code: 'STORE_REFUSED',
              message: /asks for a user, and none is named/,
              remedy: /Correct user and password/,
            }),
          ]),
    ]);
    silent.close();
  }, 60_000);
});

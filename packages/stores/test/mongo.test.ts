import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { need, type Server } from '../../../test/servers/index.ts';
import { MongoBackend } from '../src/mongo/backend.ts';
import { MongoStore, mongo, mongoConfig } from '../src/mongo/index.ts';
import { diedInBetween, fails, host, keepsLaws, lateOwner, lateWrites, longValues, oneLease, survives, writerDies } from './database.ts';
import { put, text } from './tools.ts';

let made = 0;
/** Options of a store that nobody else has. */
const fresh = (server: Server, more: object = {}): { url: string; database: string; collection: string } => ({
  url: server.address,
  database: 'auspex_tests',
  collection: `c${process.pid}_${made++}`,
  ...more,
});
const opened = (options: object, more: object = {}): MongoStore => new MongoStore(mongoConfig.parse({ ...options, ...more }));

describe('mongo', () => {
  it('keeps the laws of stores', async (context) => {
    const server = await need('mongo', context, { shared: true });
    const newer = async (options: object): Promise<void> => {
      const client = await MongoClient.connect(server.address);
      const { database, collection } = mongoConfig.parse(options);
      await client
        .db(database)
        .collection(`${collection}_head`)
        .updateOne({}, { $set: { version: 2 } });
      await client.close();
    };
    await keepsLaws(mongo, () => fresh(server), newer);
  }, 120_000);

  it('of eight that want one lease exactly one has it, each epoch', async (context) => {
    const options = fresh(await need('mongo', context, { shared: true }));
    await oneLease(() => opened(options));
  }, 60_000);

  it('an owner who slept while another took the lease writes nothing any more', async (context) => {
    const options = fresh(await need('mongo', context, { shared: true }));
    await lateOwner(() => opened(options));
  }, 60_000);

  it('a batch whose writer died in between is found whole', async (context) => {
    const options = mongoConfig.parse(fresh(await need('mongo', context, { shared: true })));
    await diedInBetween(() => new MongoBackend(options));
  }, 60_000);

  it('what is applied late changes nothing', async (context) => {
    const options = mongoConfig.parse(fresh(await need('mongo', context, { shared: true })));
    await lateWrites(() => new MongoBackend(options));
  }, 60_000);

  it('keeps values that are longer than a document', async (context) => {
    const options = fresh(await need('mongo', context, { shared: true }));
    await longValues(() => opened(options));
  }, 60_000);

  it('a writer is killed in the middle of batches: none is half, and no acknowledged one is lost', async (context) => {
    const options = fresh(await need('mongo', context, { shared: true }));
    await writerDies(8, 'mongo', options, () => opened(options));
  }, 90_000);

  it('the server is killed 20 times while batches are written: none is half, and no acknowledged one is lost', async (context) => {
    const server = await need('mongo', context, { own: true });
    const options = fresh(server, { timeout: '2s' });
    const written = await survives(
      20,
      (attempts) => opened(options, { attempts }),
      async (round) => {
        await sleep(150 + ((round * 37) % 150));
        await server.kill();
        await server.restart();
        await sleep(100);
      },
    );
    expect(written).toBeGreaterThan(40);
    await server.stop();
  }, 180_000);

  it('sets the time after which the database drops an idle group, and changes it', async (context) => {
    const server = await need('mongo', context, { shared: true });
    const options = fresh(server);
    const client = await MongoClient.connect(server.address);
    for (const [ttl, seconds] of [
      ['2d', 172_800],
      ['3d', 259_200],
    ] as const) {
      const store = opened(options, { ttl });
      await put(store, { 'profile/a': '1', 'engine/checkpoint': '1' });
      const records = client.db(options.database).collection(`${options.collection}_records`);
      expect((await records.indexes()).find(({ key }) => 'idle' in key)?.expireAfterSeconds).toBe(seconds);
      expect(await records.countDocuments({ idle: { $type: 'date' } })).toBe(1);
      await store.close();
    }
    await client.close();
  }, 60_000);

  it('works with a client of the host, and leaves it open', async (context) => {
    const server = await need('mongo', context, { shared: true });
    const client = await MongoClient.connect(server.address);
    const store = opened(fresh(server), { client });
    await put(store, { a: '1' });
    await store.close();
    expect((await client.db('admin').command({ ping: 1 }))['ok']).toBe(1);
    await client.close();
  });

  it('a wrong configuration fails within 15 s, with one clear error', async (context) => {
    const locked = await need('mongo', context, { own: true, auth: true });
    const open = await need('mongo', context, { shared: true });
    const refused = { code: 'STORE_REFUSED', message: /refuses this user/, remedy: /user, password and authSource/ };
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const deaf = (silent.address() as { port: number }).port;
    const unreachable = { code: 'STORE_UNREACHABLE', message: /did not answer within/, remedy: /Start the database, or correct url/ };
    await Promise.all([
      fails(opened({ url: 'mongodb://127.0.0.1:1/' }), unreachable),
      fails(opened({ url: 'mongodb://absent.invalid/' }), unreachable),
      fails(opened({ url: `mongodb://127.0.0.1:${deaf}/` }), unreachable),
      fails(opened({ url: 'http://127.0.0.1/' }), { code: 'CONFIG_INVALID', message: /url is no address/, remedy: /./ }),
      fails(opened(fresh(open, { tls: true })), unreachable),
      fails(opened(fresh(open, { tls: { ca: 'absent.pem' } })), {
        code: 'CONFIG_INVALID',
        message: /absent\.pem cannot be read/,
        remedy: /./,
      }),
      fails(opened({ url: `mongodb://${host(locked)}/` }), refused),
      fails(opened({ url: `mongodb://${host(locked)}/`, user: 'auspex', password: 'wrong-secret' }), refused),
      fails(opened({ url: `mongodb://nobody:wrong-secret@${host(locked)}/` }), refused),
    ]);
    silent.close();
    const { user, password } = locked.details;
    const store = opened({ url: `mongodb://${host(locked)}/`, user, password });
    await put(store, { a: '1' });
    expect(text(await store.get('a'))).toBe('1');
    await store.close();
    await locked.stop();
  }, 60_000);
});

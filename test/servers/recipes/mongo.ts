import { createRequire } from 'node:module';
import { join } from 'node:path';
import { built } from '../cache.ts';
import { command, has, type Launch, runLocal } from '../process.ts';
import { NotAvailable, type Server, type ServerOptions } from '../server.ts';
import { answersMongo } from '../wire.ts';

const VERSION = '0.7.0b3';
const USER = 'auspex';
const PASSWORD = 'auspex-secret';

/** What is asked of the driver, which is a dependency of the stores. */
interface Connects {
  connect(url: string): Promise<{ db(name: string): { command(command: object): Promise<unknown> }; close(): Promise<void> }>;
}

/**
 * SecantusDB: another server that speaks MongoDB's protocol, on WiredTiger, as a replica set of one. It is no mongod; it runs in a process of
 * its own (its licence is GPL-2.0) and is installed for tests alone.
 */
export async function startMongo(options: ServerOptions): Promise<Server> {
  const python = process.env['PYTHON'] ?? 'python3';
  const venv = await built(`secantusdb-${VERSION}`, async (at) => {
    if (!(await has(python, '--version'))) throw new NotAvailable(`SecantusDB comes from PyPI, and there is no ${python} on the PATH`);
    await command(python, ['-m', 'venv', at]);
    await command(join(at, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `secantusdb==${VERSION}`]);
  });
  const launch = (port: number, directory: string, auth: boolean): Launch => ({
    name: 'mongo',
    address: `mongodb://${auth ? `${USER}:${PASSWORD}@` : ''}127.0.0.1:${port}/`,
    details: { version: `SecantusDB ${VERSION}`, host: `127.0.0.1:${port}`, ...(auth ? { user: USER, password: PASSWORD } : {}) },
    // By its module: the launchers of a venv name the directory that it was made in.
    command: join(venv, 'bin', 'python'),
    args: [
      ...[
        '-c',
        'import sys; from importlib.metadata import entry_points as e; sys.exit(e(group="console_scripts")["secantusd-py"].load()())',
      ],
      ...[
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--storage-path',
        join(directory, 'data'),
        '--cache-size',
        '512M',
        '--oplog-max-entries',
        '10000000',
      ],
      ...(auth ? ['--auth'] : []),
    ],
    timeoutMs: 60_000,
    ready: () => answersMongo(port),
  });
  if (!options.auth) return runLocal(1, ([port = 0], directory) => launch(port, directory, false));
  return runLocal(1, async ([port = 0], directory) => {
    // Its first user is made by a server that asks for none, on the same data.
    const open = await runLocal(1, ([other = 0]) => launch(other, directory, false));
    try {
      const stores = createRequire(new URL('../../../packages/stores/package.json', import.meta.url));
      const { MongoClient } = stores('mongodb') as { MongoClient: Connects };
      const client = await MongoClient.connect(open.address);
      await client.db('admin').command({ createUser: USER, pwd: PASSWORD, roles: ['root'] });
      await client.close();
    } finally {
      await open.stop();
    }
    return launch(port, directory, true);
  });
}

import { join } from 'node:path';
import { built } from '../cache.ts';
import { command, has, runLocal } from '../process.ts';
import { NotAvailable, type Server, type ServerOptions } from '../server.ts';
import { answersHttp } from '../wire.ts';

const VERSION = '5.2.5';

/**
 * moto: the AWS API in memory, for Auto Scaling, ECS and Application Auto Scaling; any credentials do. It is laxer than AWS: it stores scheduled
 * actions and fires none, takes a desired capacity above the group's maximum, throttles nobody. What it holds is gone with a restart.
 */
export async function startMoto(_options: ServerOptions): Promise<Server> {
  const python = process.env['PYTHON'] ?? 'python3';
  const venv = await built(`moto-${VERSION}`, async (at) => {
    if (!(await has(python, '--version'))) throw new NotAvailable(`moto comes from PyPI, and there is no ${python} on the PATH`);
    await command(python, ['-m', 'venv', at]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `moto[server]==${VERSION}`];
    await command(join(at, 'bin', 'python'), install);
  });
  return runLocal(1, ([port = 0]) => ({
    name: 'moto',
    address: `http://127.0.0.1:${port}`,
    details: { version: `moto ${VERSION}` },
    // By its module: the launchers of a venv name the directory that it was made in.
    command: join(venv, 'bin', 'python'),
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    timeoutMs: 60_000,
    ready: () => answersHttp(`http://127.0.0.1:${port}/moto-api/`),
  }));
}

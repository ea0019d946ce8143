import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { built } from '../cache.ts';
import { command, has, runLocal } from '../process.ts';
import { NotAvailable, type Server, type ServerOptions } from '../server.ts';
import { answersHttp } from '../wire.ts';

const VERSION = '2.2.0';

/** The emulator lets a change of power land after 1 to 11 s, by chance: here it is always 1 s. */
const PROGRAM = `
import random, sys
random.randint = lambda low, high: low
from sushy_tools.emulator.main import main
sys.exit(main())
`;

/**
 * sushy-tools: a Redfish service with hosts in memory (its fake driver), all of them off. Its address of the first is `details.host1`. It knows no
 * sessions and no users. Its hosts are kept over a restart.
 */
export async function startRedfish({ hosts = 4 }: ServerOptions): Promise<Server> {
  const python = process.env['PYTHON'] ?? 'python3';
  const venv = await built(`sushy-tools-${VERSION}`, async (at) => {
    if (!(await has(python, '--version'))) throw new NotAvailable(`sushy-tools comes from PyPI, and there is no ${python} on the PATH`);
    await command(python, ['-m', 'venv', at]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `sushy-tools==${VERSION}`];
    await command(join(at, 'bin', 'python'), install);
  });
  const ids = Array.from({ length: hosts }, (_, index) => `27946b59-9e44-4fa7-8e91-${String(index + 1).padStart(12, '0')}`);
  return runLocal(1, ([port = 0], directory) => {
    const systems = ids.map((uuid, index) => ({ uuid, name: `bm-${index + 1}`, power_state: 'Off', nics: [] }));
    const lines = [
      `SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'`,
      `SUSHY_EMULATOR_LISTEN_PORT = ${port}`,
      'SUSHY_EMULATOR_FAKE_DRIVER = True',
      `SUSHY_EMULATOR_STATE_DIR = ${JSON.stringify(directory)}`,
      `SUSHY_EMULATOR_FAKE_SYSTEMS = ${JSON.stringify(systems)}`,
    ];
    writeFileSync(join(directory, 'emulator.conf'), `${lines.join('\n')}\n`);
    writeFileSync(join(directory, 'emulator.py'), PROGRAM);
    const address = `http://127.0.0.1:${port}`;
    return {
      name: 'redfish',
      address,
      details: {
        version: `sushy-tools ${VERSION}`,
        ...Object.fromEntries(ids.map((id, index) => [`host${index + 1}`, `${address}/redfish/v1/Systems/${id}`])),
      },
      command: join(venv, 'bin', 'python'),
      args: ['emulator.py', '--config', join(directory, 'emulator.conf'), '--fake', '-i', '127.0.0.1', '-p', String(port)],
      timeoutMs: 60_000,
      ready: () => answersHttp(`${address}/redfish/v1/Systems`),
    };
  });
}

import { join } from 'node:path';
import { built } from '../cache.ts';
import { command, has, runLocal } from '../process.ts';
import { NotAvailable, type Server } from '../server.ts';
import { answersHttp } from '../wire.ts';

const VERSION = '2.12.0';

/** Its address is that of its API; proxies are made through it, see `proxy` in toxics.ts. */
export async function startToxiproxy(): Promise<Server> {
  const directory = await built(`toxiproxy-${VERSION}`, async (at) => {
    if (!(await has('go', 'version'))) throw new NotAvailable('Toxiproxy is a Go module, and there is no go on the PATH');
    const module = `github.com/Shopify/toxiproxy/v2/cmd/server@v${VERSION}`;
    await command('go', ['install', '-trimpath', '-ldflags=-s -w', module], {
      env: { ...process.env, GOBIN: at, GOFLAGS: '', CGO_ENABLED: '0' },
    });
  });
  return runLocal(1, ([port = 0]) => ({
    name: 'toxiproxy',
    address: `http://127.0.0.1:${port}`,
    command: join(directory, 'server'),
    args: ['-host', '127.0.0.1', '-port', String(port)],
    timeoutMs: 20_000,
    ready: () => answersHttp(`http://127.0.0.1:${port}/version`),
  }));
}

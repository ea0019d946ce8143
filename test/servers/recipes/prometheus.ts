import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { built } from '../cache.ts';
import { command, has, runLocal } from '../process.ts';
import { NotAvailable, type Server, type ServerOptions } from '../server.ts';
import { answersHttp } from '../wire.ts';

const PROMETHEUS = 'global: {scrape_interval: 1s, evaluation_interval: 1s}\n';
const ALERTMANAGER = 'route: {receiver: none}\nreceivers: [{name: none}]\n';

async function fromDebian(name: string, args: readonly string[], cwd?: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const options = cwd === undefined ? { env } : { env, cwd };
  await command('apt-get', [...args, name], options).catch(async (error: Error) => {
    if (process.getuid?.() !== 0) throw new NotAvailable(`install the package ${name}: ${error.message}`);
    await command('apt-get', ['update', '-qq'], options);
    await command('apt-get', [...args, name], options);
  });
}

async function needDebian(name: string): Promise<void> {
  if (!(await has('apt-get', '--version'))) throw new NotAvailable(`${name} is not on the PATH, and this is no Debian to take it from`);
}

/** The installed one, else that of the Debian package, unpacked into the cache, where nothing is installed and nothing started as a service. */
async function prometheusProgram(): Promise<string> {
  if (await has('prometheus', '--version')) return 'prometheus';
  const directory = await built('prometheus-debian', async (at) => {
    await needDebian('prometheus');
    await fromDebian('prometheus', ['download'], at);
    await command('sh', ['-c', 'dpkg-deb -x ./*.deb . && rm ./*.deb'], { cwd: at });
  });
  return join(directory, 'usr', 'bin', 'prometheus');
}

/** Prometheus' tool that checks and tries rules; of the same package. @throws NotAvailable */
export async function promtoolProgram(): Promise<string> {
  const program = await prometheusProgram();
  return program === 'prometheus' ? 'promtool' : join(dirname(program), 'promtool');
}

/** Debian's Alertmanager reads a template by an absolute path, so its package has to be installed. */
async function alertmanagerProgram(): Promise<string> {
  const name = 'prometheus-alertmanager';
  if (await has(name, '--version')) return name;
  await needDebian(name);
  if (process.getuid?.() !== 0) throw new NotAvailable(`install the package ${name}`);
  await fromDebian(name, ['install', '-y', '-qq', '--no-install-recommends']);
  return name;
}

export async function startPrometheus(options: ServerOptions): Promise<Server> {
  const file = await prometheusProgram();
  return runLocal(1, ([port = 0], directory) => {
    writeFileSync(join(directory, 'prometheus.yml'), options.config ?? PROMETHEUS);
    for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), text);
    return {
      name: 'prometheus',
      address: `http://127.0.0.1:${port}`,
      command: file,
      args: [
        ...['--config.file=prometheus.yml', '--storage.tsdb.path=tsdb', '--storage.tsdb.retention.time=10y'],
        ...[
          `--web.listen-address=127.0.0.1:${port}`,
          '--web.enable-remote-write-receiver',
          '--web.enable-lifecycle',
          '--web.enable-admin-api',
        ],
      ],
      timeoutMs: 30_000,
      ready: () => answersHttp(`http://127.0.0.1:${port}/-/ready`),
    };
  });
}

export async function startAlertmanager(options: ServerOptions): Promise<Server> {
  const file = await alertmanagerProgram();
  return runLocal(1, ([port = 0], directory) => {
    writeFileSync(join(directory, 'alertmanager.yml'), options.config ?? ALERTMANAGER);
    return {
      name: 'alertmanager',
      address: `http://127.0.0.1:${port}`,
      command: file,
      args: [
        '--config.file=alertmanager.yml',
        '--storage.path=data',
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      timeoutMs: 30_000,
      ready: () => answersHttp(`http://127.0.0.1:${port}/-/ready`),
    };
  });
}

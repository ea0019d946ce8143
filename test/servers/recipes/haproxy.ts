import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { built } from '../cache.ts';
import { command, has, runLocal } from '../process.ts';
import { NotAvailable, type Server, type ServerOptions } from '../server.ts';

/** What Debian 12's haproxy needs and a plain system lacks. */
const PACKAGES = ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'];

interface Program {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The installed one, else that of the Debian package, unpacked into the cache, where nothing is installed and nothing started as a service. */
export async function haproxyProgram(): Promise<Program> {
  if (await has('haproxy', '-v')) return { file: 'haproxy', env: {} };
  if (!(await has('apt-get', '--version'))) throw new NotAvailable('haproxy is not on the PATH, and this is no Debian to take it from');
  const directory = await built('haproxy-debian', async (at) => {
    const download = (): Promise<string> => command('apt-get', ['download', ...PACKAGES], { cwd: at });
    await download().catch(async (error: Error) => {
      if (process.getuid?.() !== 0) throw new NotAvailable(`install the package haproxy: ${error.message}`);
      await command('apt-get', ['update', '-qq']);
      await download();
    });
    await command('sh', ['-c', 'for f in ./*.deb; do dpkg-deb -x "$f" . && rm "$f"; done'], { cwd: at });
  });
  const libraries = await command('sh', ['-c', 'printf %s: usr/lib/*-linux-gnu*'], { cwd: directory });
  const paths = libraries.split(':').filter(Boolean);
  return {
    file: join(directory, 'usr', 'sbin', 'haproxy'),
    env: { LD_LIBRARY_PATH: paths.map((path) => join(directory, path)).join(':') },
  };
}

/**
 * HAProxy with the runtime API at `details.socket` (a path, level admin) and `details.tcp` (host:port, level operator). `config` is what follows `global`: sections `defaults`,
 * `frontend` and `backend`; `@PORT@` in it becomes the port of `address`.
 */
export async function startHaproxy(options: ServerOptions): Promise<Server> {
  const { file, env } = await haproxyProgram();
  return runLocal(2, ([port = 0, admin = 0], directory) => {
    // The path of a unix socket has at most 107 characters, so nothing is added to the temporary directory but a name.
    const socket = join(directory, 'a.sock');
    const text = [
      'global',
      `  stats socket ${socket} mode 600 level admin`,
      `  stats socket 127.0.0.1:${admin} level operator`,
      '  nbthread 1',
      (options.config ?? 'defaults\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n').replaceAll('@PORT@', String(port)),
    ].join('\n');
    writeFileSync(join(directory, 'haproxy.cfg'), `${text}\n`);
    return {
      name: 'haproxy',
      address: `http://127.0.0.1:${port}`,
      details: { socket, tcp: `127.0.0.1:${admin}` },
      command: file,
      args: ['-db', '-f', 'haproxy.cfg'],
      env,
      timeoutMs: 30_000,
      ready: () => answersHaproxy(socket),
    };
  });
}

/** It answers `show info`. */
export function answersHaproxy(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ path }, () => socket.end('show info\n'));
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer within 2 s')));
    socket.on('data', (part) => {
      text += String(part);
    });
    socket.once('error', reject);
    socket.once('end', () => (text.startsWith('Name: HAProxy') ? resolve() : reject(new Error('no HAProxy'))));
  });
}

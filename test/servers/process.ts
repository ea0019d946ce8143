import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Server } from './server.ts';

/** Runs a command to its end; rejects with its last lines. */
export async function command(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, args, { ...options, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(`${file} ${args[0] ?? ''} failed: ${lastLines(`${stdout}\n${stderr}`, 8) || message}`, { cause: error });
  }
}

/** Is there such a program? On a busy machine a JVM takes its time to say so. */
export async function has(file: string, ...args: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(file, args, { timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

/** Loopback ports that nothing listened on a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The first of so many free ports in a row, below those that the system gives to clients: nobody takes the second one meanwhile. */
export async function freeRow(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const servers = Array.from({ length: count }, () => createServer());
    const taken = await Promise.allSettled(
      servers.map(
        (server, n) => new Promise<void>((resolve, reject) => server.once('error', reject).listen(first + n, '127.0.0.1', resolve)),
      ),
    );
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    if (taken.every(({ status }) => status === 'fulfilled')) return first;
  }
}

export function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n');
}

/** What one start of a recipe is. */
export interface Launch {
  readonly name: string;
  readonly address: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Rejects while the server does not answer. */
  ready(log: string, first: boolean): Promise<void>;
  /** Default 120 s: a JVM on a busy machine. */
  readonly timeoutMs?: number;
}

/**
 * Runs the server and waits. A shell stands between: it ends the server and removes its data when this process is gone without
 * a goodbye, since no handler runs on SIGKILL.
 */
const GUARD = `
"$@" 3<&- &
c=$!
echo "$c" >"$GUARD_PID"
( trap '' INT TERM HUP
  if read -r word <&3; then exit 0; fi
  while kill -9 "$c"; do sleep 0.1; done
  rm -rf "$GUARD_DIR" ) >/dev/null 2>&1 &
exec 3<&-
wait "$c"
`;

class LocalServer implements Server {
  readonly from = 'recipe';
  readonly name: string;
  readonly address: string;
  readonly details: Readonly<Record<string, string>>;
  readonly #launch: Launch;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #pid: number | undefined;
  #starts = 0;

  constructor(launch: Launch, directory: string) {
    this.name = launch.name;
    this.address = launch.address;
    this.details = launch.details ?? {};
    this.#launch = launch;
    this.#directory = directory;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  async start(): Promise<void> {
    const { command: file, args, env, ready, timeoutMs = 120_000 } = this.#launch;
    const first = this.#starts++ === 0;
    const [logFile, pidFile] = [join(this.#directory, `log.${this.#starts}`), join(this.#directory, 'pid')];
    rmSync(pidFile, { force: true });
    const log = openSync(logFile, 'w');
    const child = spawn('sh', ['-c', GUARD, 'guard', file, ...args], {
      stdio: ['ignore', log, log, 'pipe'],
      cwd: this.#directory,
      env: { ...process.env, ...env, GUARD_PID: pidFile, GUARD_DIR: this.#directory },
    });
    closeSync(log);
    // A guard that waits keeps no test run alive.
    child.unref();
    const goodbye = child.stdio[3] as Socket;
    goodbye.unref();
    goodbye.on('error', () => undefined);
    let running = true;
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        running = false;
        goodbye.end('done\n');
        this.#pid = undefined;
        resolve();
      });
    });
    const until = performance.now() + timeoutMs;
    for (let problem = 'it wrote nothing'; ; ) {
      const text = (): string => readFileSync(logFile, 'utf8');
      if (existsSync(pidFile)) this.#pid = Number(readFileSync(pidFile, 'utf8')) || undefined;
      try {
        if (running && this.#pid) {
          await ready(text(), first);
          return;
        }
      } catch (error) {
        problem = (error as Error).message;
      }
      if (!running || performance.now() > until) {
        const what = running ? `does not answer after ${timeoutMs / 1_000} s (${problem})` : 'ended while it started';
        await this.kill();
        throw new Error(`${this.name} ${what}. Its last lines:\n${lastLines(text(), 30)}`);
      }
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.ref();
    const pid = this.#pid;
    if (pid !== undefined) send(pid, signal);
    const impatient = setTimeout(() => pid !== undefined && send(pid, 'SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(impatient);
    this.#child = undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/**
 * Starts a server in a temporary directory of its own.
 *
 * @param ports how many free ones `make` is given; chosen anew where another process was quicker
 */
export async function runLocal(
  ports: number,
  make: (ports: readonly number[], directory: string) => Launch | Promise<Launch>,
): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const directory = mkdtempSync(join(tmpdir(), 'auspex-server-'));
    mkdirSync(directory, { recursive: true });
    try {
      const server = new LocalServer(await make(await freePorts(ports), directory), directory);
      await server.start();
      return server;
    } catch (error) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
      if (attempt >= 3 || !/already in use|BindException|EADDRINUSE/.test((error as Error).message)) throw error;
    }
  }
}

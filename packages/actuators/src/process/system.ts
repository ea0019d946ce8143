import { execFile, spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { promisify } from 'node:util';
import { Refused } from '../target/index.ts';
import { logFile, passes } from './check.ts';
import type { Identity, Launch, ProcessClient, Started } from './client.ts';

/** Processes of this machine, by /proc where there is one and by `ps` elsewhere. */
export class System implements ProcessClient {
  readonly #timeLimit: number;
  readonly #proc: boolean;

  /**
   * @param timeLimit longest wait for the answer of a readiness check, milliseconds
   * @param proc whether there is a /proc as Linux has it
   */
  constructor(timeLimit: number, proc = platform() === 'linux') {
    this.#timeLimit = timeLimit;
    this.#proc = proc;
  }

  async start({ pool, slot, key, options }: Launch): Promise<Started> {
    const { command, cwd, env, portBase, log } = options;
    const [file = '', ...args] = command;
    const output = log === undefined ? undefined : await openLog(log, pool, slot);
    try {
      const child = spawn(file, args, {
        ...(cwd === undefined ? {} : { cwd }),
        env: {
          ...process.env,
          ...env,
          AUSPEX_WORKER: String(slot),
          AUSPEX_WORKER_KEY: key,
          ...(portBase === undefined ? {} : { PORT: String(portBase + slot) }),
        },
        // A session of its own: what ends the engine, Ctrl-C too, does not end the workers.
        detached: true,
        stdio: ['ignore', output?.handle.fd ?? 'ignore', output?.handle.fd ?? 'ignore'],
      });
      child.unref();
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause: Error) => reject(new Refused(`${file} cannot be started: ${cause.message}`, { cause })));
      });
      const pid = child.pid as number;
      // One that has ended already has no start any more: it will be found dead.
      return { pid, start: (await this.#startOf(pid)) ?? 'ended', offset: output?.size ?? 0 };
    } finally {
      await output?.handle.close();
    }
  }

  async runs({ pid, start }: Identity): Promise<boolean> {
    return (await this.#startOf(pid)) === start;
  }

  async find(key: string): Promise<Identity | undefined> {
    if (!this.#proc) return undefined;
    for (const name of await readdir('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      // Its own children inherit the key: the worker leads its session.
      if (!environment.split('\0').includes(`AUSPEX_WORKER_KEY=${key}`)) continue;
      const stat = await statOf(pid);
      if (stat?.session === pid) return { pid, start: stat.start };
    }
    return undefined;
  }

  async end(identity: Identity, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!(await this.runs(identity))) return;
    try {
      process.kill(-identity.pid, signal);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EPERM') throw new Refused(`process ${identity.pid} cannot be ended: ${message}`, { cause: error });
    }
  }

  async ready(launch: Launch, offset: number, signal: AbortSignal): Promise<boolean> {
    return passes(launch, offset, AbortSignal.any([signal, AbortSignal.timeout(this.#timeLimit)]));
  }

  /** When the process was started, in the words of the system; undefined where there is none, or it has ended and waits for its parent. */
  async #startOf(pid: number): Promise<string | undefined> {
    if (this.#proc) return (await statOf(pid))?.start;
    const ps = promisify(execFile)('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]);
    const [state = '', ...start] = (await ps.catch(() => ({ stdout: '' }))).stdout.trim().split(/\s+/);
    return state === '' || state.startsWith('Z') ? undefined : start.join(' ');
  }
}

async function openLog(directory: string, pool: string, slot: number) {
  try {
    await mkdir(directory, { recursive: true });
    const handle = await open(logFile(directory, pool, slot), 'a');
    return { handle, size: (await handle.stat()).size };
  } catch (cause) {
    throw new Refused(`the log of worker ${slot} cannot be opened in ${directory}: ${(cause as Error).message}`, { cause });
  }
}

async function statOf(pid: number): Promise<{ session: number; start: string } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined;
  // Behind the name, which may hold anything: the state is field 3, the session 6, the start in ticks since the boot 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
  return { session: Number(fields[3]), start: `${boot.trim()}/${fields[19]}` };
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Refused, Unavailable } from '../target/index.ts';
import type { Service, SystemdClient } from './client.ts';
import type { SystemdOptions } from './config.ts';

const SERVICE = 'org.freedesktop.systemd1';
const PATH = '/org/freedesktop/systemd1';
/** Interface of the manager. */
export const MANAGER = 'org.freedesktop.systemd1.Manager';

/** Methods of the manager that are called, with the types of what goes in and comes out; a test compares them with systemd's own. */
export const METHODS = {
  ListUnitsByPatterns: { in: 'asas', out: 'a(ssssssouso)' },
  StartUnit: { in: 'ss', out: 'o' },
  StopUnit: { in: 'ss', out: 'o' },
} as const;

/** Properties of the manager that are read, with their types. */
export const PROPERTIES = { UserspaceTimestamp: 't' } as const;

/** A systemd manager by way of systemd's own `busctl`. */
export class Busctl implements SystemdClient {
  readonly #bus: readonly string[];
  readonly #timeLimit: number;

  constructor({ bus, address, timeLimit }: Pick<SystemdOptions, 'bus' | 'address' | 'timeLimit'>) {
    this.#bus = [address === undefined ? `--${bus}` : `--address=${address}`];
    this.#timeLimit = timeLimit;
  }

  async list(pattern: string, signal: AbortSignal): Promise<{ started: string; services: Service[] }> {
    const [rows, started] = await Promise.all([
      this.#call('ListUnitsByPatterns', ['0', '1', pattern], signal) as Promise<[[name: string, ...rest: string[]][]]>,
      this.#run(['get-property', SERVICE, PATH, MANAGER, 'UserspaceTimestamp'], signal),
    ]);
    // Name, description, load state, active state, sub state, …
    return { started: String(started), services: rows[0].map(([name, , , active = '', sub = '']) => ({ name, active, sub })) };
  }

  async start(name: string, signal: AbortSignal): Promise<void> {
    await this.#call('StartUnit', [name, 'replace'], signal);
  }

  async stop(name: string, signal: AbortSignal): Promise<void> {
    await this.#call('StopUnit', [name, 'replace'], signal);
  }

  #call(method: keyof typeof METHODS, args: readonly string[], signal: AbortSignal): Promise<unknown> {
    return this.#run(['call', SERVICE, PATH, MANAGER, method, METHODS[method].in, ...args], signal);
  }

  async #run(args: readonly string[], signal: AbortSignal): Promise<unknown> {
    const limit = AbortSignal.timeout(this.#timeLimit);
    try {
      const options = [...this.#bus, '--json=short', '--allow-interactive-authorization=false', ...args];
      const { stdout } = await promisify(execFile)('busctl', options, {
        signal: AbortSignal.any([signal, limit]),
        env: { ...process.env, LC_ALL: 'C' },
        maxBuffer: 64_000_000,
      });
      return (JSON.parse(stdout) as { data: unknown }).data;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (limit.aborted) throw new Unavailable(`systemd did not answer within ${this.#timeLimit} ms`, { cause: error });
      throw failure(error as NodeJS.ErrnoException & { stderr?: string });
    }
  }
}

/** Words of busctl on what asking again may mend: the bus or the manager is not there (yet), or did not answer. */
const LATER =
  /failed to connect|connection (refused|reset|timed out)|timed? ?out|disconnected|not provided by any|could not activate|no such device|transport endpoint|too many/i;

function failure(error: NodeJS.ErrnoException & { stderr?: string }): Error {
  if (error.code === 'ENOENT') return new Refused('there is no busctl on the PATH: it comes with systemd', { cause: error });
  const said = (error.stderr ?? '').trim().replace(/^call failed: /i, '') || error.message;
  if (/permission denied|access denied|interactive authentication/i.test(said)) {
    return new Refused(`this user may not manage units: ${said}`, { cause: error });
  }
  return LATER.test(said) ? new Unavailable(`systemd: ${said}`, { cause: error }) : new Refused(`systemd: ${said}`, { cause: error });
}

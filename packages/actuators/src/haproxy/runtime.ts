import { Refused, Unavailable } from '../target/index.ts';
import { type Backend, Busy, type Change, type Found, type HaproxyClient } from './client.ts';
import { ask } from './socket.ts';

/** Bits of `srv_admin_state`. */
const FORCED_MAINT = 0x01;
const CONFIGURED_MAINT = 0x04;
const DRAIN = 0x08 | 0x10;
/** Maintenance of a tracked server, of a name that does not resolve or has changed. */
const BOUND = 0x02 | 0x20 | 0x40;

/** The runtime API of HAProxy 2.5 or later over its stats socket. */
export class RuntimeApi implements HaproxyClient {
  readonly #socket: string;
  readonly #timeLimit: number;

  /** @param timeLimit longest wait for one answer, milliseconds */
  constructor(socket: string, timeLimit: number) {
    this.#socket = socket;
    this.#timeLimit = timeLimit;
  }

  async look(backend: string, signal: AbortSignal): Promise<Backend> {
    const line = `show servers state ${backend};show stat ${backend} 4 -1;show info`;
    const answer = await ask(this.#socket, line, this.#timeLimit, signal);
    const [states = '', stat = '', info = ''] = answer.split(/\n\n/);
    if (/can't find backend|no such proxy/i.test(states)) {
      throw new Refused(`HAProxy has no backend "${backend}": correct it in the options of the pool`);
    }
    const pid = /^Pid: (\d+)$/m.exec(info)?.[1];
    const start = /^Start_time_sec: (\d+)$/m.exec(info)?.[1];
    if (!states.startsWith('1\n#') || !stat.startsWith('#')) throw new Refused(refusal(answer));
    if (pid === undefined) throw new Unavailable(`${this.#socket} closed the connection within the answer`);
    const sessions = new Map(table(stat.slice(2), ',').map((row) => [row['svname'], Number(row['scur'])]));
    const servers = table(states.slice(4), ' ').map((row) => serverOf(row, sessions.get(row['srv_name']) ?? 0));
    return { process: `${pid}@${start ?? ''}`, servers };
  }

  async change(backend: string, change: Change, signal: AbortSignal): Promise<void> {
    const answer = (await ask(this.#socket, commands(`${backend}/${change.server}`, change), this.#timeLimit, signal)).trim();
    if (change.to === 'deleted' && /still has connections/i.test(answer)) throw new Busy(answer);
    if (answer !== '' && !/^(new server registered|server deleted)\.$/i.test(answer)) {
      throw new Refused(`${backend}/${change.server}: ${refusal(answer)}`);
    }
  }
}

function commands(server: string, change: Change): string {
  switch (change.to) {
    case 'added':
      return `add server ${server} ${change.address} ${change.keywords}`.trimEnd();
    case 'deleted':
      return `del server ${server}`;
    case 'ready':
      return [
        ...(change.weight === undefined ? [] : [`set server ${server} weight ${change.weight}`]),
        `set server ${server} state ready`,
      ].join(';');
    case 'checked':
      return `enable health ${server}`;
    default:
      return `set server ${server} state ${change.to}`;
  }
}

function serverOf(row: Readonly<Record<string, string>>, sessions: number): Found {
  const bits = Number(row['srv_admin_state']);
  const maint = (bits & (FORCED_MAINT | BOUND)) !== 0;
  const weight = Number(row['srv_uweight']);
  // A weight of 0 is a drain by another name.
  const drain = (bits & DRAIN) !== 0 || weight === 0;
  return {
    name: row['srv_name'] ?? '',
    admin: maint ? 'maint' : drain ? 'drain' : 'ready',
    spare: (bits & CONFIGURED_MAINT) !== 0,
    weight,
    bound: (bits & BOUND) !== 0,
    // 0 stopped, 1 starting, 2 running, 3 stopping.
    up: row['srv_op_state'] === '1' || row['srv_op_state'] === '2',
    sessions,
  };
}

/** Rows of a table whose first line names the columns. */
function table(text: string, separator: string): Record<string, string>[] {
  const [head = '', ...lines] = text.split('\n');
  const names = head.trim().split(separator);
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => Object.fromEntries(line.split(separator).map((value, index) => [names[index] ?? '', value])));
}

function refusal(answer: string): string {
  const said = answer.trim().split('\n', 1)[0] ?? '';
  if (/permission denied/i.test(said)) return 'permission denied: the stats socket needs `level admin`';
  return `HAProxy says: ${said.slice(0, 200)}`;
}

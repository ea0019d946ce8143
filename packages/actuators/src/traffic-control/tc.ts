import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Refused, Unavailable } from '../target/index.ts';
import type { TrafficClass, TrafficClient } from './client.ts';
import type { ClassPool, TrafficControlOptions } from './config.ts';
import { parseRate } from './rate.ts';

/** Classes by way of iproute2's `tc`. */
export class Tc implements TrafficClient {
  readonly #command: readonly string[];
  readonly #timeLimit: number;

  constructor({ command, timeLimit }: Pick<TrafficControlOptions, 'command' | 'timeLimit'>) {
    this.#command = command;
    this.#timeLimit = timeLimit;
  }

  async show({ dev, classid }: ClassPool, signal: AbortSignal): Promise<TrafficClass | undefined> {
    // As text: tc of iproute2 6.1 prints classes of HTB as text with `-json` too.
    const text = await this.#run(['class', 'show', 'dev', dev], signal);
    return text
      .split('\n')
      .map(classOf)
      .find((found) => found?.id === classid);
  }

  async change({ dev, classid, words }: ClassPool, { parent, prio, rate, ceil }: TrafficClass, signal: AbortSignal): Promise<void> {
    const place = parent === undefined ? ['root'] : ['parent', parent];
    // What is not said goes back to its default, the priority too.
    const rates = ['rate', `${rate}bit`, 'ceil', `${ceil}bit`, 'prio', String(prio)];
    await this.#run(['class', 'change', 'dev', dev, ...place, 'classid', classid, 'htb', ...rates, ...words], signal);
  }

  async #run(args: readonly string[], signal: AbortSignal): Promise<string> {
    const limit = AbortSignal.timeout(this.#timeLimit);
    const [file = 'tc', ...before] = this.#command;
    try {
      const options = { signal: AbortSignal.any([signal, limit]), env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 16_000_000 };
      return (await promisify(execFile)(file, [...before, ...args], options)).stdout;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (limit.aborted) throw new Unavailable(`tc did not end within ${this.#timeLimit} ms`, { cause: error });
      throw failure(file, error as NodeJS.ErrnoException & { stderr?: string });
    }
  }
}

function failure(file: string, error: NodeJS.ErrnoException & { stderr?: string }): Error {
  if (error.code === 'ENOENT') return new Refused(`there is no ${file} on the PATH: tc comes with iproute2`, { cause: error });
  const said = (error.stderr ?? '').trim().replace(/\s*\n\s*/g, ' ') || error.message;
  if (/not permitted|permission denied|password is required/i.test(said)) {
    return new Refused(`this user may not change classes (${said}): give CAP_NET_ADMIN, or call tc by sudo`, { cause: error });
  }
  return /busy|no buffer space|try again|temporarily/i.test(said)
    ? new Unavailable(`tc: ${said}`, { cause: error })
    : new Refused(`tc: ${said}`, { cause: error });
}

/** A line of `tc class show`: class htb 1:10 parent 1:1 leaf 20: prio 3 rate 10Mbit ceil 20Mbit burst 1600b cburst 1600b */
function classOf(line: string): (TrafficClass & { readonly id: string }) | undefined {
  const [, kind, id, parent] = /^class (\S+) (\S+) (?:root|parent (\S+))/.exec(line) ?? [];
  if (kind === undefined || id === undefined) return undefined;
  const word = (name: string): string => new RegExp(` ${name} (\\S+)`).exec(line)?.[1] ?? '';
  return { id, kind, parent, prio: Number(word('prio')) || 0, rate: parseRate(word('rate')) ?? 0, ceil: parseRate(word('ceil')) ?? 0 };
}

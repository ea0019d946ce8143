import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { AuspexError, formatDuration, type PluginContext } from '@auspex/contracts';
import { forward } from './forward.ts';
import { PROTOCOL, PROTOCOL_ENV, readHandshake, TOKEN_ENV } from './handshake.ts';
import { readLines } from './lines.ts';
import { MEGABYTE, residentBytes } from './memory.ts';
import { after, every, within } from './timers.ts';

/** How a plugin's process is started and held. Times in milliseconds. */
export interface ProcessOptions {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Working directory. Default: ours. */
  readonly cwd?: string;
  /** Added to our environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take to print its address. */
  readonly startLimit: number;
  /** Resident memory above which it is ended, megabytes of 2^20 bytes. */
  readonly memory: number;
}

/** Lines kept of what a process wrote, for the message that says how it ended. */
const TAIL = 20;
/** Of those, lines that go into the message; the rest goes into the log. */
const SHOWN = 5;
/** How long a process has to end by itself once asked to, ms. */
const GRACE = 2_000;
/** How often memory is read while a call runs, and while none does: what was answered may go on working. Milliseconds. */
const POLL = 100;
const IDLE_POLL = 1_000;

/** A plugin's process that printed its address. */
export class Child {
  readonly address: string;
  /** What each call has to carry. */
  readonly token: string;
  /** Resolves when it is gone, with how: `ended with exit code 3; it wrote last: …`. */
  readonly ended: Promise<string>;
  readonly #process: Started;
  readonly #memory: number;
  #calls = 0;
  #poll: { stop(): void } | undefined;

  constructor(process: Started, address: string, memory: number) {
    this.#process = process;
    this.address = address;
    this.token = process.token;
    this.ended = process.ended;
    this.#memory = memory;
    const idle = every(IDLE_POLL, () => this.#checkMemory());
    void this.ended.then(() => {
      this.#poll?.stop();
      idle.stop();
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** What it wrote last, oldest first, at most 20 lines. */
  get tail(): readonly string[] {
    return this.#process.tail;
  }

  /** Ends it at once. @param why for the message: `did not answer within 5s: killed` */
  kill(why: string): void {
    this.#process.kill(why);
  }

  /** A call begins: memory is watched until the returned function is called. */
  busy(): () => void {
    if (this.#calls++ === 0) this.#poll = every(POLL, () => this.#checkMemory());
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#calls === 0) this.#poll?.stop();
    };
  }

  #checkMemory(): void {
    const bytes = residentBytes(this.pid) ?? 0;
    if (bytes <= this.#memory * MEGABYTE) return;
    this.kill(`used ${Math.round(bytes / MEGABYTE)} MB of memory where ${this.#memory} MB are allowed: killed`);
  }

  /** Asks it to end, and after two seconds no longer asks. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#process.signal('SIGTERM');
    if ((await within(GRACE, this.ended)) !== undefined) return;
    this.kill('did not end within 2s of SIGTERM: killed');
    await this.ended;
  }
}

/**
 * Starts a plugin's process and waits for its address.
 *
 * @throws AuspexError `PLUGIN_CRASHED` when it ends or says nothing in time, `PLUGIN_VERSION`, `PLUGIN_INVALID`; by then it is gone
 */
export async function startChild(
  options: ProcessOptions,
  who: string,
  context: Pick<PluginContext, 'logger' | 'meter'>,
  signal: AbortSignal,
): Promise<Child> {
  const started = new Started(options, who, context);
  try {
    const address = await started.address(options.startLimit, signal);
    return new Child(started, address, options.memory);
  } catch (error) {
    started.kill('was not ready: killed');
    await started.ended;
    throw error;
  }
}

class Started {
  readonly token = randomBytes(16).toString('hex');
  readonly tail: string[] = [];
  readonly ended: Promise<string>;
  readonly #who: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #context: Pick<PluginContext, 'logger' | 'meter'>;
  #onLine: ((line: string) => boolean) | undefined;
  #why: string | undefined;

  constructor({ command, cwd, env }: ProcessOptions, who: string, context: Pick<PluginContext, 'logger' | 'meter'>) {
    const [program = '', ...args] = command;
    this.#who = who;
    this.#context = context;
    this.#process = spawn(program, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env, [PROTOCOL_ENV]: PROTOCOL, [TOKEN_ENV]: this.token },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: what it starts ends with it, and Ctrl-C reaches only the engine, which then ends it in order.
      detached: process.platform !== 'win32',
    });
    // Never written to: it stays open as long as we live, and its end is how the process hears that we died.
    this.#process.stdin.on('error', () => {});
    readLines(this.#process.stdout, (line) => this.#take(line));
    readLines(this.#process.stderr, (line) => this.#take(line));
    this.ended = this.#end();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  #take(line: string): void {
    if (this.#onLine?.(line)) return;
    if (line === '' || forward(line, this.#context, this.#who)) return;
    this.tail.push(line);
    if (this.tail.length > TAIL) this.tail.shift();
    this.#context.logger.info({ plugin: this.#who }, line);
  }

  async #end(): Promise<string> {
    const how = await new Promise<string>((resolve) => {
      this.#process.once('error', (error) => resolve(`could not be started: ${error.message}`));
      this.#process.once('exit', (code, signal) => {
        // What it started is in its group, and has nobody any more.
        this.#killGroup();
        const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
        // The last lines may still be in the pipe; what the process left running may hold it open for ever.
        const closed = new Promise((done) => this.#process.once('close', done));
        void within(200, closed).then(() => resolve(how));
      });
    });
    return `${this.#why ?? how}${this.#lastWords()}`;
  }

  #lastWords(): string {
    // Frames of a stack trace push what it is about out of sight.
    const lines = this.tail.filter((line) => !/^\s+at |^Node\.js v|^\s*\^+$/.test(line)).slice(-SHOWN);
    return lines.length === 0 ? '' : `; it wrote last: ${lines.join(' | ')}`;
  }

  kill(why: string): void {
    this.#why ??= why;
    this.signal('SIGKILL');
  }

  #killGroup(): void {
    const { pid } = this.#process;
    if (pid === undefined || process.platform === 'win32') return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody was left: the usual case.
    }
  }

  /** To the process and what it started, unless it is gone. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, signal);
    } catch {
      this.#process.kill(signal);
    }
  }

  async address(limit: number, signal: AbortSignal): Promise<string> {
    let stop: (error: unknown) => void = () => {};
    const line = new Promise<string>((resolve, reject) => {
      stop = reject;
      this.#onLine = (text) => {
        try {
          const address = readHandshake(text, this.#who);
          if (address === undefined) return false;
          resolve(address);
        } catch (error) {
          reject(error);
        }
        return true;
      };
    });
    const crash = (why: string): AuspexError => new AuspexError('PLUGIN_CRASHED', why, { path: this.#who });
    void this.ended.then((how) => stop(crash(`${how}, before it was ready`)));
    const onAbort = (): void => stop(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const timer = after(limit, () => stop(crash(this.#silent(limit))));
    try {
      return await line;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      this.#onLine = undefined;
      this.#letGo();
    }
  }

  #silent(limit: number): string {
    return `did not print "auspex-plugin ${PROTOCOL} 127.0.0.1:PORT" within ${formatDuration(limit)}: killed${this.#lastWords()}`;
  }

  /** From here on the process keeps ours alive only while a call runs: whoever forgets to close it can still end. */
  #letGo(): void {
    this.#process.unref();
    for (const stream of [this.#process.stdin, this.#process.stdout, this.#process.stderr]) (stream as { unref?(): void }).unref?.();
  }
}

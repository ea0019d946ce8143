import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { run } from '../paced/run.ts';

const here = (script: string): URL => new URL(script, import.meta.url);

/** The fleet's process, and the address that it answers at. */
export async function startFleet(clock: string): Promise<{ child: ChildProcess; url: string }> {
  const child = run(here('./fleet.ts'), [clock]);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the fleet ended with ${code}: ${said}`);
  });
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended])) as [Buffer];
  return { child, url: line.toString().trim() };
}

/** The engine's process, and whoever starts it again when it ends by itself. */
export class Instance {
  /** Last lines of its log. */
  readonly said: string[] = [];
  /** How often it ended by itself. */
  ends = 0;
  readonly #args: string;
  #child: ChildProcess | undefined;

  constructor(args: object) {
    this.#args = JSON.stringify(args);
  }

  start(): void {
    const child = run(here('./engine.ts'), [this.#args]);
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.said.push(...chunk.toString().trim().split('\n'));
        this.said.splice(0, this.said.length - 200);
      });
    }
    child.on('exit', () => {
      if (this.#child !== child) return;
      this.ends++;
      void wait(500).then(() => this.#child === child && this.start());
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

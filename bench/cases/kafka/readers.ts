import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A consumer that looks at nothing, one that parses JSON, and Auspex. */
export type Reader = 'plain' | 'parse' | 'auspex';

export interface Job {
  readonly reader: Reader;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  readonly events: number;
  readonly partitions: number;
  readonly lastStep: number;
  readonly store: string;
  readonly profile: boolean;
  readonly options: object;
  /** One of several instances. */
  readonly part?: boolean;
}

export interface Seen {
  readonly wall: number;
  readonly cpu: number;
  readonly rss: number;
  /** With a profile: the thread's idle share, Auspex's own code among the samples at work, and whose the others are. */
  readonly idle?: number;
  readonly own?: number;
  readonly parts?: Readonly<Record<string, number>>;
  readonly functions?: Readonly<Record<string, number>>;
}

interface Child {
  readonly done: Promise<Seen>;
  stop(): void;
}

function start(job: Job, onClosed: (closed: number) => void): Child {
  const script = fileURLToPath(new URL('./run.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const done = new Promise<Seen>((resolve, reject) => {
    let result: Seen | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { closed?: number; result?: Seen };
      if (said.closed !== undefined) onClosed(said.closed);
      result = said.result ?? result;
    });
    child.on('close', (code) => (result ? resolve(result) : reject(new Error(`${job.reader} ended with ${code}, without a result`))));
  });
  return { done, stop: () => child.kill('SIGTERM') };
}

export function runReader(job: Job): Promise<Seen> {
  return start(job, () => undefined).done;
}

/** Several instances that share the topic: wall time from the start of all until each partition is closed whole. */
export async function runParts(job: Job, instances: number): Promise<Seen> {
  const closed = new Map<number, number>();
  const began = performance.now();
  let wall = 0;
  const children: Child[] = [];
  for (let n = 0; n < instances; n++) {
    children.push(
      start({ ...job, part: true }, (count) => {
        closed.set(n, count);
        const sum = [...closed.values()].reduce((a, b) => a + b, 0);
        if (sum < job.partitions || wall > 0) return;
        wall = (performance.now() - began) / 1000;
        for (const child of children) child.stop();
      }),
    );
  }
  const all = await Promise.all(children.map((child) => child.done));
  const sum = (of: (seen: Seen) => number): number => all.reduce((total, each) => total + of(each), 0);
  return { wall, cpu: sum((each) => each.cpu), rss: sum((each) => each.rss) };
}

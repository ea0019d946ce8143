import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A command that makes a file; the file is there when and only when all of its work is done. */
export interface Job {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly makes: string;
}

/** Runs the jobs whose file is not there yet, so many at once. @throws Error of the first that fails; the others are ended */
export async function runJobs(jobs: readonly Job[], atOnce: number): Promise<void> {
  const waiting = jobs.filter(({ makes }) => !existsSync(makes));
  const all = waiting.length;
  const stop = new AbortController();
  let done = 0;
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job && !stop.signal.aborted; job = waiting.shift()) {
      const begin = performance.now();
      const said = await run(job, stop.signal);
      process.stderr.write(`${++done} of ${all}, ${job.title}, ${Math.round((performance.now() - begin) / 1_000)} s: ${said}\n`);
    }
  };
  if (all > 0) process.stderr.write(`${all} runs to make, ${jobs.length - all} kept\n`);
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    stop.abort();
  }
}

/** @returns the last line that the command said */
function run({ title, command, args, makes }: Job, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], signal });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    child.once('error', (cause) => reject(new Error(`${title}: ${command} does not run (${cause.message})`, { cause })));
    child.once('close', (code) => {
      const lines = said.trim().split('\n');
      if (code === 0 && existsSync(makes)) resolve(lines.at(-1) ?? '');
      else reject(new Error(`${title} failed:\n${lines.slice(-8).join('\n')}`));
    });
  });
}

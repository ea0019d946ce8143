import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineSource, type UsageEvent } from '@auspex/contracts';
import { VirtualClock } from '@auspex/core';
import { afterAll } from 'vitest';
import { z } from 'zod';
import { main } from '../src/main.ts';

/** Inside the package, so that a config in a test's folder finds @auspex packages. */
const CACHE = fileURLToPath(new URL('../node_modules/.cache/test', import.meta.url));
export const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
export const BUILT = existsSync(BIN);

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own, removed after the file's tests. */
export function folder(): string {
  mkdirSync(CACHE, { recursive: true });
  const made = mkdtempSync(path.join(CACHE, 'cli-'));
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Runs a command line in this process. */
export async function auspex(cwd: string, args: readonly string[], signal = new AbortController().signal): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await main(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    tty: false,
    color: false,
    interactive: false,
    width: 100,
    cwd,
    signal,
  });
  return { code, out, err };
}

/** The built command as a process of its own. */
export function start(cwd: string, args: readonly string[]): { child: ChildProcess; ended: Promise<Ran>; said: () => string } {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } });
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code: code ?? -1, out, err })));
  return { child, ended, said: () => out + err };
}

/** Waits until `true`, at most `ms`. */
export async function until(test: () => boolean, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!test()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Twelve minutes from now on, as the clock comes to each; between two of them another process may act. */
export function twelveMinutes(eventsOf: (at: number) => readonly UsageEvent[], acts: Readonly<Record<number, () => Promise<unknown>>>) {
  const begin = Math.floor(Date.now() / 60_000) * 60_000;
  const clock = new VirtualClock(begin);
  const source = defineSource({
    id: 'minutes',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      async *open() {
        for (let minute = 0; minute < 12; minute++) {
          await acts[minute]?.();
          clock.advance(begin + minute * 60_000 + 30_000);
          yield { partition: 'all', events: eventsOf(begin + minute * 60_000), position: String(minute) };
        }
      },
    }),
  });
  return { clock, source };
}

export function write(cwd: string, name: string, content: string | Uint8Array): string {
  const file = path.join(cwd, name);
  writeFileSync(file, content);
  return file;
}

/** A seeded random number generator (Lehmer 1951): 0..1. */
export function random(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export const BEGIN = Date.UTC(2026, 0, 5);

/** Rows of a minute each with a wave of two hours. */
export function csvText(rows: number, { from = BEGIN, offset = 'Z', header = 'timestamp,value' } = {}): string {
  const next = random();
  const lines = Array.from({ length: rows }, (_, i) => {
    const at = new Date(from + i * 60_000).toISOString().replace('.000Z', offset);
    return `${at},${Math.round(60 + 40 * Math.sin((2 * Math.PI * i) / 120) + 10 * next())}`;
  });
  return `${[header, ...lines].join('\n')}\n`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** One request in Common Log Format, `second` seconds after the beginning; three groups take turns. */
export function logLine(second: number, from = BEGIN): string {
  const at = new Date(from + 1000 * second);
  const iso = at.toISOString();
  const time = `${iso.slice(8, 10)}/${MONTHS[at.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
  return `10.0.0.${second % 8} - - [${time}] "GET /p${Math.floor(second / 3) % 3}/page HTTP/1.1" 200 512\n`;
}

/** A request every three seconds. */
export function logText(seconds: number, from = BEGIN): string {
  let text = '';
  for (let second = 0; second < seconds; second += 3) text += logLine(second, from);
  return text;
}

/** A config as YAML: one pool and the store beside the log. Models that train are left out, so that a run is short. */
export function yamlConfig(cwd: string, { log = 'access.log', follow = false, extra = '' } = {}): string {
  return `sources: [{ use: access-log, with: { files: ['${path.join(cwd, log)}'], follow: ${follow} } }]
enrich: [{ use: group, with: { rule: { pathPrefix: 1 } } }]
predictors: [{ use: seasonal }]
store: { use: lmdb, with: { path: '${path.join(cwd, 'store')}' } }
pools: [{ id: web, unitRate: 0.2, leadTime: 1m }]
${extra}`;
}

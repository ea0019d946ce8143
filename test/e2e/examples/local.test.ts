import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotAvailable } from '../../servers/index.ts';
import { command } from '../../servers/process.ts';
import { haproxyProgram } from '../../servers/recipes/haproxy.ts';

/* examples/03-local as a user starts it: HAProxy, workers, a generator of load and two engines, and what is left of them. */

const START = fileURLToPath(new URL('../../../examples/03-local/start.mjs', import.meta.url));
/** A frontend and twelve workers. */
const PORTS = 13;

const folder = mkdtempSync(path.join(tmpdir(), 'auspex-e3-'));
let missing: string | undefined;
const stories: ChildProcess[] = [];

beforeAll(async () => {
  mkdirSync(path.join(folder, 'bin'));
  const program = await haproxyProgram().catch((error: Error) => {
    if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
    missing = error.message;
  });
  if (!program) return;
  // On the PATH, as that of a package is; it brings libraries that other programs must not see.
  const { LD_LIBRARY_PATH: libraries } = program.env;
  const lines = ['#!/bin/sh', ...(libraries ? [`export LD_LIBRARY_PATH='${libraries}'`] : []), `exec '${program.file}' "$@"`];
  if (program.file !== 'haproxy') {
    writeFileSync(path.join(folder, 'bin', 'haproxy'), `${lines.join('\n')}\n`);
    chmodSync(path.join(folder, 'bin', 'haproxy'), 0o755);
  }
});

afterAll(() => {
  // Workers and HAProxy see it by themselves.
  for (const story of stories) story.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Story {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly complained: () => string;
  readonly ended: Promise<number | null>;
  /** Folder of its files. */
  readonly temporary: string;
}

function start(name: string, args: readonly string[], PATH = `${path.join(folder, 'bin')}:${process.env['PATH']}`): Story {
  const temporary = path.join(folder, name);
  mkdirSync(temporary);
  const child = spawn(process.execPath, [START, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH, TMPDIR: temporary },
  });
  stories.push(child);
  const texts = { out: '', error: '' };
  child.stdout.on('data', (text) => {
    texts.out += String(text);
  });
  child.stderr.on('data', (text) => {
    texts.error += String(text);
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, said: () => texts.out, complained: () => texts.error, ended, temporary };
}

/** Ports that the story says it uses. */
function portsOf(said: string): number[] {
  const bases = [...said.matchAll(/at 127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  expect(bases).toHaveLength(2);
  return bases.flatMap((base) => Array.from({ length: PORTS }, (_, n) => base + n));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Workers and HAProxy of a story, by what stands in their environment and their arguments. Nothing where there is no /proc. */
function processesOf({ child, temporary }: Story): string[] {
  return readDirectory('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== child.pid)
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`)} ${read(`/proc/${pid}/environ`)}`)
    .filter((text) => text.includes(`STORY_PID=${child.pid}\0`) || text.includes(temporary));
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
};
const readDirectory = (name: string): string[] => {
  try {
    return readdirSync(name);
  } catch {
    return [];
  }
};

async function nothingIsLeftOf(story: Story): Promise<void> {
  expect(processesOf(story)).toEqual([]);
  expect(await Promise.all(portsOf(story.said()).map(accepts))).not.toContain(true);
  expect(readdirSync(story.temporary)).toEqual([]);
}

/** A row of the summary: requests, failed, share, worker-minutes. */
function row(name: string, said: string): { sent: number; failed: number; minutes: number } {
  const [, sent, failed, minutes] = new RegExp(`^${name} +(\\d+) +(\\d+) +[\\d.]+ % +(\\d+)$`, 'm').exec(said) ?? [];
  return { sent: Number(sent), failed: Number(failed), minutes: Number(minutes) };
}

test('an evening: fewer requests fail than with a reactive rule, and nothing is left', async ({ skip }) => {
  if (missing) return skip(missing);
  const story = start('evening', ['--once']);
  expect(await story.ended, story.complained()).toBe(0);
  const [auspex, reactive] = [row('auspex', story.said()), row('reactive', story.said())];
  // Both had the same users, and every request was counted: 2,930 of them, less what a busy machine does not come to send.
  expect(auspex.sent, story.said()).toBeGreaterThan(2_000);
  expect(Math.abs(auspex.sent - reactive.sent)).toBeLessThan(50);
  // The reactive rule sees the surge when it is there, and its workers take five minutes to start.
  expect(reactive.failed, story.said()).toBeGreaterThan(0.02 * reactive.sent);
  expect(auspex.failed, story.said()).toBeLessThan(reactive.failed / 2);
  // Not by having had all of them all the time: 12 for 70 minutes.
  expect(auspex.minutes, story.said()).toBeLessThan(0.9 * 12 * 70);
  expect(auspex.minutes).toBeLessThan(1.3 * reactive.minutes);
  await nothingIsLeftOf(story);
}, 180_000);

test('Ctrl-C in the middle leaves no process, no port, no file', async ({ skip }) => {
  if (missing) return skip(missing);
  const story = start('interrupted', []);
  for (const until = Date.now() + 60_000; !/^17:4/m.test(story.said()) && Date.now() < until; ) await wait(50);
  const ports = portsOf(story.said());
  expect(await Promise.all([0, 1, PORTS, PORTS + 1].map((n) => accepts(ports[n] as number))), story.said()).toEqual([
    true,
    true,
    true,
    true,
  ]);
  if (process.platform === 'linux') expect(processesOf(story).length).toBeGreaterThan(4);
  story.child.kill('SIGINT');
  expect(await story.ended, story.complained()).toBe(0);
  await nothingIsLeftOf(story);
}, 120_000);

test('without HAProxy it says what to install', async () => {
  const bin = path.join(folder, 'empty');
  mkdirSync(bin);
  symlinkSync((await command('sh', ['-c', 'command -v sh'])).trim(), path.join(bin, 'sh'));
  const story = start('without', [], bin);
  expect(await story.ended).toBe(1);
  expect(story.complained()).toBe('haproxy is not on the PATH: apt-get install haproxy\n');
  expect(readdirSync(story.temporary)).toEqual([]);
});

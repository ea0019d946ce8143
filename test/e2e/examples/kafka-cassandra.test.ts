import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { has } from '../../servers/process.ts';
import { javaMajor } from '../../servers/recipes/maven.ts';

/* examples/04-kafka-cassandra as its README says, with a day of history: Kafka, Cassandra, the shop, Auspex; then Ctrl-C. */

const SCRIPT = fileURLToPath(new URL('../../../examples/04-kafka-cassandra/start.mjs', import.meta.url));

const DAY = 86_400_000;

/** Processes that a process has started, and those have. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // The name of a program may hold spaces and brackets.
        const parent = Number(
          readFileSync(`/proc/${name}/stat`, 'utf8')
            .replace(/^.*\) /, '')
            .split(' ')[1],
        );
        return [[Number(name), parent] as const];
      } catch {
        return [];
      }
    });
  const of = (parent: number): number[] => parents.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...of(child)]);
  return of(pid);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

test('decides within a minute, and is gone after Ctrl-C', async ({ skip, onTestFinished }) => {
  const runs = process.platform === 'linux' && (await has('java', '-version')) && [11, 17].includes(await javaMajor());
  if (!runs && process.env['CI'] !== 'true') return skip('Kafka and Cassandra need Java 17');
  const { KAFKA_BROKERS: _, CASSANDRA_CONTACT_POINTS: __, ...env } = process.env;
  const child = spawn(process.execPath, [SCRIPT], { env: { ...env, DAYS: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(() => void child.kill('SIGINT'));
  while (!said.includes('decision') && child.exitCode === null) await wait(100);
  const [, at = '', now, expected, units] =
    /decision +(\S+) UTC +(\d+) requests\/s, (\d+) expected in a minute: (\d+) units/.exec(said) ?? [];
  // Midnight may have passed meanwhile.
  const age = (Date.now() - Date.parse(`1970-01-01T${at}Z`)) % DAY;
  expect(Math.min(age, DAY - age), said).toBeLessThan(60_000);
  expect(Number(now), said).toBeGreaterThan(100);
  // What a day has taught: the same hour of the day before.
  expect(Number(expected) / Number(now), said).toBeGreaterThan(0.7);
  expect(Number(expected) / Number(now), said).toBeLessThan(1.4);
  expect(Number(units), said).toBeGreaterThan(2);

  const pids = descendants(child.pid as number);
  const ports = [...said.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  expect(pids.length, said).toBeGreaterThan(1);
  expect(ports, said).toHaveLength(3);
  expect(await Promise.all(ports.map(answers))).toEqual([true, true, true]);
  child.kill('SIGINT');
  expect(await ended, said).toBe(0);
  expect(await Promise.all(ports.map(answers)), said).toEqual([false, false, false]);
  for (const end = Date.now() + 5_000; pids.some(lives) && Date.now() < end; ) await wait(50);
  expect(pids.filter(lives), said).toEqual([]);
  // The first time Maven fetches both.
}, 300_000);

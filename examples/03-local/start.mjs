/* node examples/03-local/start.mjs [--once]: see README.md. */

import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PacedClock, WallClock } from '../../packages/core/dist/index.js';
import { freePorts, startBalancer } from './balancer.mjs';
import { startEngine } from './engine.mjs';
import { startLoad } from './load.mjs';
import { BEGIN, BOUNDS, clockOf, demandAt, evening, PACE, past, WORKER_RATE } from './story.mjs';

const LOOK_MS = 2_000;
/** Longest wait for the first workers. */
const START_MS = 60_000;
const once = process.argv.includes('--once');
const ending = new AbortController();
const { signal } = ending;
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => ending.abort());

const say = (line) => process.stdout.write(`${line}\n`);
/** What is open, in the order in which it was opened. */
const opened = [];

/** Our time, which stands still until the workers of the first minute run. */
class Wall extends WallClock {
  #began;
  go() {
    this.#began = super.now();
  }
  now() {
    return this.#began === undefined ? 0 : super.now() - this.#began;
  }
}

/** One of the two: what is known of its requests and its workers. The frontend takes the first port, the n-th worker the n-th after it. */
function makeSide(name, folder, port) {
  const logFile = join(folder, `${name}.ndjson`);
  writeFileSync(logFile, [...past()].join(''));
  const log = createWriteStream(logFile, { flags: 'a' });
  return {
    name,
    folder,
    logFile,
    log,
    port,
    portBase: port,
    held: { units: 0, ready: 0 },
    total: { sent: 0, failed: 0, minutes: 0 },
    line: { sent: 0, failed: 0 },
    told(served) {
      for (const counts of [this.total, this.line]) {
        counts.sent++;
        if (!served) counts.failed++;
      }
    },
    hold({ units, ready }) {
      this.held = { units, ready };
      this.total.minutes += units;
    },
  };
}

const share = ({ sent, failed }) => `${((100 * failed) / Math.max(1, sent)).toFixed(1)} %`;
const rate = (time) => Math.round(demandAt(time));

function sayLine(clock, sides) {
  const now = clock.now();
  const needed = Math.ceil(demandAt(now) / WORKER_RATE);
  const parts = sides.map(({ name, held, line }) => `${name} ${`${held.ready}/${needed}`.padStart(5)} ${share(line).padStart(7)}`);
  say(`${clockOf(now)}  ${String(rate(now)).padStart(3)}/s  |  ${parts.join('  |  ')}`);
  for (const side of sides) side.line = { sent: 0, failed: 0 };
}

function saySummary({ from, to }, sides) {
  say('');
  say(`The evening from ${clockOf(from)} to ${clockOf(to)}:`);
  say(`${''.padEnd(10)}${'requests'.padStart(10)}${'failed'.padStart(10)}${'share'.padStart(10)}${'worker-minutes'.padStart(18)}`);
  for (const { name, total } of sides) {
    const { sent, failed, minutes } = total;
    say(
      `${name.padEnd(10)}${String(sent).padStart(10)}${String(failed).padStart(10)}${share(total).padStart(10)}${String(minutes).padStart(18)}`,
    );
  }
}

/** The evening of a day, from the first minute that is measured on. */
async function live(day, clock, sides) {
  const { from, to } = evening(day);
  while (clock.now() < from) await step();
  for (const side of sides) side.total = { sent: 0, failed: 0, minutes: 0 };
  while (clock.now() < to) await step();
  saySummary({ from, to }, sides);

  async function step() {
    await wait(LOOK_MS, undefined, { signal });
    sayLine(clock, sides);
  }
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'auspex-local-'));
  // Also after an error that nobody expects.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [first, second] = await freePorts(2, BOUNDS.max + 1);
  const sides = [makeSide('auspex', folder, first), makeSide('reactive', folder, second)];
  const balancer = await startBalancer(folder, sides, signal);
  opened.push(balancer.stop);
  say(`HAProxy listens: ${sides.map(({ name, port }) => `${name} at 127.0.0.1:${port}`).join(', ')}. Learning five days ...`);

  const wall = new Wall();
  const clock = new PacedClock(BEGIN, PACE, wall);
  const engines = [];
  for (const side of sides) {
    const engine = await startEngine({ ...side, socket: balancer.socket }, clock, (receipt) => side.hold(receipt));
    opened.push(engine.stop);
    engines.push(engine.ran);
  }
  // An engine that fails ends the story.
  Promise.all(engines).catch((error) => ending.abort(error));
  await startedUp(sides);
  say(
    `It is ${clockOf(BEGIN)}; a minute takes ${60 / PACE} s. Workers ready/needed, and the share of requests that failed since the last line:`,
  );
  wall.go();
  const load = startLoad(clock, sides);
  opened.push(load.stop);
  for (let day = 0; day === 0 || !once; day++) await live(day, clock, sides);
}

/** The workers of the first order answer. */
async function startedUp(sides) {
  const until = Date.now() + START_MS;
  for (const side of sides) {
    for (let n = 1; side.held.units === 0 || n <= side.held.units; ) {
      const up = await fetch(`http://127.0.0.1:${side.portBase + n}/health`, { signal }).catch(() => undefined);
      if (up) n++;
      else await wait(50, undefined, { signal });
      if (Date.now() > until) throw new Error(`worker ${n} of ${side.name} does not answer: AUSPEX_LOG=1 shows what the engine says`);
    }
  }
}

try {
  await main();
} catch (error) {
  if (!signal.aborted || signal.reason?.name !== 'AbortError') {
    process.stderr.write(`${(signal.reason ?? error).message}\n`);
    process.exitCode = 1;
  }
} finally {
  for (const close of opened.reverse()) await close();
  if (!process.exitCode) say('The story has ended, and its workers and HAProxy with it.');
}

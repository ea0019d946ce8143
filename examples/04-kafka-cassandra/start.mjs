// node examples/04-kafka-cassandra/start.mjs
//
// Kafka, Cassandra, a made-up shop and Auspex in shadow mode, without containers; Ctrl-C stops all of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openShop } from './shop.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');
const TOPIC = 'shop';
const DAYS = Number(process.env.DAYS ?? 3);

const say = (name, text) => process.stdout.write(`${name.padEnd(10)} ${text}\n`);
/** What has to be stopped, the last first. */
const stops = [];
const abort = new AbortController();

/** A process in a group of its own: Ctrl-C reaches this one alone, which ends the others in their order. */
function start(name, file, args, env = {}) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: HERE,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  const ended = once(child, 'exit').then(([code]) => code);
  stops.push(async () => {
    child.kill('SIGTERM');
    await ended;
    say(name, 'stopped');
  });
  ended.then((code) => {
    if (!abort.signal.aborted) abort.abort(new Error(`${name} ended with ${code}`));
  });
  return child;
}

/** Waits for something, unless it is time to stop. */
function unlessStopped(promise) {
  const stopped = new Promise((_, reject) => {
    const stop = () => reject(abort.signal.reason);
    if (abort.signal.aborted) stop();
    abort.signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([promise, stopped]);
}

/** Starts both servers, as the tests of this repository do, on ports that are free. */
async function startServers() {
  const child = start('servers', path.join(ROOT, 'test/servers/cli.mjs'), ['up', 'kafka', 'cassandra']);
  child.stderr.pipe(process.stderr);
  const found = new Map();
  for await (const line of createInterface({ input: child.stdout })) {
    const [variable, address] = line.split('=');
    found.set(variable, address);
    say(variable.split('_')[0].toLowerCase(), address);
    if (found.size === 2) return Object.fromEntries(found);
  }
  throw new Error('the servers did not start');
}

/** Starts `auspex run`; resolves with where it answers over HTTP. */
async function startAuspex(env) {
  const args = ['run', '--mode', 'shadow', '--config', 'auspex.config.mjs', '--listen', '127.0.0.1:0'];
  const child = start('auspex', path.join(ROOT, 'packages/cli/dist/bin.js'), args, env);
  child.stdout.resume();
  return new Promise((resolve) => {
    const log = createInterface({ input: child.stderr });
    log.on('line', (line) => {
      // What is no line of the log is for people: an error at its start, and what to do next.
      const { level = 0, msg, url } = line.startsWith('{') ? JSON.parse(line) : { level: /^(error| {2})/.test(line) ? 50 : 0, msg: line };
      if (url) resolve(url);
      if (level >= 40) say('auspex', msg);
    });
  });
}

/** Prints every decision; before the first one, what Auspex waits for. */
async function watch(url) {
  for (let [last, told] = ['', '']; ; await sleep(500)) {
    const ready = await fetch(`${url}/readyz`);
    const why = (await ready.text()).trim();
    if (!ready.ok) {
      const phase = why.split(':')[0];
      if (phase !== told) say('auspex', why);
      told = phase;
      continue;
    }
    const text = await (await fetch(`${url}/metrics`)).text();
    const value = (name) => Number(new RegExp(`^auspex_pool_${name}{pool="shop"} (\\S+)$`, 'm').exec(text)?.[1]);
    const step = new Date(1000 * value('decided_step_seconds')).toISOString().slice(11, 19);
    if (step === last) continue;
    last = step;
    const rates = `${value('demand').toFixed(0)} requests/s, ${value('demand_expected').toFixed(0)} expected in a minute`;
    say('decision', `${step} UTC  ${rates}: ${value('units_decided')} units`);
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => abort.abort());
try {
  const servers = await unlessStopped(startServers());
  const brokers = servers.KAFKA_BROKERS.split(',');
  const shop = await unlessStopped(openShop({ brokers, topic: TOPIC, days: DAYS }));
  stops.push(shop.stop);
  say('shop', `${shop.written} messages of ${DAYS} days in the topic "${TOPIC}"; the present goes on`);
  const url = await unlessStopped(startAuspex({ ...servers, KAFKA_TOPIC: TOPIC }));
  say('auspex', `${url}/metrics; Ctrl-C stops everything`);
  await unlessStopped(Promise.race([watch(url), shop.failed]));
} catch (error) {
  // Ctrl-C is no failure.
  if (error?.name !== 'AbortError') {
    process.stderr.write(`${error?.message ?? error}\n`);
    process.exitCode = 1;
  }
} finally {
  abort.abort();
  for (const stop of stops.reverse()) await stop();
}
process.exit();

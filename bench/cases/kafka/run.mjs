// One reader of the topic in a process of its own, on the built packages: prints wall and CPU seconds, and where they went.
//
//   node run.mjs '{"reader":"auspex|parse|plain","brokers":…,"topic":…,"events":…,"partitions":…,"lastStep":…,"store":…,"profile":true}'
//
// With "part": true it is one of several: it prints how many partitions it has closed whole, and goes on until SIGTERM.
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { sharesOf } from './shares.mjs';
import './json.mjs';

const cli = createRequire(new URL('../../../packages/cli/package.json', import.meta.url));
const sources = createRequire(new URL('../../../packages/sources/package.json', import.meta.url));
const load = (name) => import(cli.resolve(name));
const job = JSON.parse(process.argv[2]);

const session = new Session();
session.connect();
let before;
let began;

async function begin() {
  if (job.profile) {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 1000 });
    await session.post('Profiler.start');
  }
  before = process.cpuUsage();
  began = performance.now();
}

async function end() {
  const wall = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const shares = job.profile ? sharesOf((await session.post('Profiler.stop')).profile) : undefined;
  return { wall, cpu: (user + system) / 1e6, rss: Math.round(process.resourceUsage().maxRSS / 1024), ...shares };
}

/** The topic through `kafka` until each of its events is in closed usage. */
async function auspex() {
  const { createShardedEngine, use } = await load('@auspex/core');
  const { behavior, kafka, lmdb, seasonal, seedAssessor, tieredAllocator } = await load('@auspex/preset');
  let closed = 0;
  let done;
  const whole = new Promise((resolve) => {
    done = resolve;
  });
  const engine = createShardedEngine(
    {
      step: '1m',
      sources: [use(kafka, { brokers: job.brokers, topic: job.topic, group: job.group, ...job.options })],
      profiler: use(behavior),
      predictors: [use(seasonal)],
      assess: use(seedAssessor),
      allocate: use(tieredAllocator, {}),
      store: use(lmdb, { path: path.resolve(job.store) }),
      shared: true,
      pools: [{ id: 'web', unitRate: 50 }],
    },
    {
      mode: 'shadow',
      // Each partition is a shard: the last step that holds events is closed once in each.
      onStep: (step) => {
        if (step !== job.lastStep) return;
        closed++;
        if (job.part) process.stdout.write(`${JSON.stringify({ closed })}\n`);
        else if (closed === job.partitions) done();
      },
    },
  );
  await begin();
  await engine.start();
  const running = engine.run();
  running.catch(done);
  if (job.part) process.once('SIGTERM', () => done());
  const failed = await whole;
  if (failed) throw failed;
  const result = await end();
  const counts = engine.counts();
  await engine.close();
  return { ...result, late: counts.late, malformed: counts.malformed };
}

/** What reading alone costs: a consumer with the same options that parses each message, or does not look at it. */
async function bare(parses) {
  const { Kafka, logLevel } = sources('kafkajs');
  const consumer = new Kafka({ brokers: job.brokers, logLevel: logLevel.NOTHING }).consumer({ groupId: job.group, maxWaitTimeInMs: 500 });
  let read = 0;
  let done;
  const whole = new Promise((resolve) => {
    done = resolve;
  });
  await begin();
  await consumer.connect();
  await consumer.subscribe({ topics: [job.topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 4,
    eachBatch: async ({ batch, heartbeat }) => {
      for (const { value } of batch.messages) {
        if (parses && JSON.parse(value.toString('utf8')).group === '') throw new Error('no group');
        read++;
      }
      if (read >= job.events + job.partitions) done();
      await heartbeat();
    },
  });
  await whole;
  const result = await end();
  await consumer.disconnect();
  return result;
}

const result = job.reader === 'auspex' ? await auspex() : await bare(job.reader === 'parse');
process.stdout.write(`${JSON.stringify({ result })}\n`);

import { createEngine, type Logger } from '@auspex/core';
import { cassandra, kafka, mongo, preset, seasonal, use } from '@auspex/preset';
import { SharedClock } from '../paced/clock.ts';
import { endWithParent } from '../paced/life.ts';
import { httpFleet } from './target.ts';
import { POOL } from './trace.ts';

/* A live engine in a process of its own, in the time of the test. */

export interface EngineArguments {
  readonly clock: string;
  readonly brokers: string;
  readonly store: 'mongo' | 'cassandra';
  readonly at: string;
  readonly fleet: string;
}

const given = JSON.parse(process.argv[2] as string) as EngineArguments;
const say =
  (level: string) =>
  (fields: object, message: string): void => {
    process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
  };
const logger: Logger = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') };
const stores = {
  mongo: () => use(mongo, { url: given.at }),
  cassandra: () => use(cassandra, { contactPoints: [given.at], createKeyspace: { class: 'SimpleStrategy', replication_factor: 1 } }),
};
const engine = createEngine(
  preset({
    lateness: '0s',
    // A partition vouches for silence in the time of the test, where a message is seconds on its way: nothing here is silent.
    sources: [use(kafka, { brokers: [given.brokers], topic: 'events', session: '6s', idle: '10m' })],
    predictors: [use(seasonal)],
    store: stores[given.store](),
    pools: [{ ...POOL, actuator: use(httpFleet, { url: given.fleet }) }],
  }),
  { mode: 'live', host: { clock: new SharedClock(given.clock), logger } },
);
endWithParent();
try {
  await engine.start();
  say('info')({}, 'running');
  await engine.run();
} catch (error) {
  say('error')({ code: (error as { code?: string }).code, error: (error as Error).message }, 'ended');
  process.exit(1);
}

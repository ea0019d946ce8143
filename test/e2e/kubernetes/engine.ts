import { createEngine, type Logger } from '@auspex/core';
import { kafka, keda, kubernetes, lmdb, preset, seasonal, use } from '@auspex/preset';
import { SharedClock } from '../paced/clock.ts';
import { endWithParent } from '../paced/life.ts';
import { BOUNDS, LEAD, UNIT_RATE } from './trace.ts';

/* A live engine in a process of its own: one pool behind an HPA, one behind KEDA, both with the same users. */

export interface EngineArguments {
  readonly clock: string;
  readonly brokers: string;
  readonly store: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Where KEDA asks. */
  readonly listen: string;
}

const given = JSON.parse(process.argv[2] as string) as EngineArguments;
const say =
  (level: string) =>
  (fields: object, message: string): void => {
    process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
  };
const logger: Logger = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') };
const pool = { unitRate: UNIT_RATE, leadTime: LEAD, ...BOUNDS } as const;
const { kubeconfig, namespace } = given;
const engine = createEngine(
  preset({
    lateness: '0s',
    sources: [use(kafka, { brokers: [given.brokers], topic: 'events', session: '6s', idle: '10m' })],
    predictors: [use(seasonal)],
    store: use(lmdb, { path: given.store }),
    pools: [
      { id: 'hpa', ...pool, actuator: use(kubernetes, { kubeconfig, pools: { hpa: { hpa: 'web', namespace } } }) },
      {
        id: 'keda',
        ...pool,
        actuator: use(keda, { kubeconfig, pools: { keda: { scaledObject: 'api', namespace } } }),
      },
    ],
  }),
  {
    mode: 'live',
    host: { clock: new SharedClock(given.clock), logger },
    onJournal: (line) => {
      // What a reader of a failure wants to know.
      const record = JSON.parse(line) as { type: string; decision?: { pool: string; units: number; step: number }; receipt?: object };
      if (record.type === 'decision' || record.type === 'receipt') process.stdout.write(`${line}\n`);
    },
  },
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

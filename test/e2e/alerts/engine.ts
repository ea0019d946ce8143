import { createEngine, type Logger } from '@auspex/core';
import { alertmanager, alertWebhook, combined, lmdb, preset, seasonal, use } from '@auspex/preset';
import { endWithParent } from '../paced/life.ts';
import { type Traffic, traffic } from './source.ts';

/* An engine in a process of its own: steps of a second, alerts to an Alertmanager and to a webhook. Each alert that is raised is a line of stdout. */

export interface EngineArguments {
  readonly traffic: Traffic;
  readonly store: string;
  readonly alertmanager: string;
  readonly webhook: string;
}

const given = JSON.parse(process.argv[2] as string) as EngineArguments;
const say =
  (level: string) =>
  (fields: object, message: string): void => {
    process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
  };
const logger: Logger = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') };
const engine = createEngine(
  preset({
    step: '1s',
    lateness: '0s',
    sources: [use(traffic(given.traffic))],
    predictors: [use(seasonal)],
    store: use(lmdb, { path: given.store }),
    pools: [{ id: 'web', unitRate: 100, leadTime: '10s' }],
    detectors: [{ ...use(combined), for: 'pools' }],
    alerts: {
      sinks: [use(alertmanager, { urls: [given.alertmanager] }), use(alertWebhook, { url: given.webhook, secretEnv: 'ALERTS_SECRET' })],
      // A cause counts as over two minutes after it was last seen; told again every 10 s, under the same key.
      rules: { anomaly: { keep: '2m' }, 'no-data': { severity: 'off' }, notice: { severity: 'off' } },
      repeat: '10s',
    },
  }),
  {
    mode: 'shadow',
    host: { logger },
    onJournal: (line) => {
      if (line.startsWith('{"type":"alert"')) process.stdout.write(`${line}\n`);
    },
  },
);
endWithParent();
await engine.start();
say('info')({}, 'running');
await engine.run();

import type { Alert, PluginContext } from '@auspex/contracts';
import { type AlertSinkSubject, RecordingLogger, runLaws, testLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { need } from '../../../../test/servers/index.ts';
import { alertLog, alertmanager, alertWebhook, pagerduty, slack, smtp } from '../../src/index.ts';
import type { PostableAlert } from '../../src/sink/alertmanager/alert.ts';
import { FakeAlertmanager } from './fakes/alertmanager.ts';
import { MailServer } from './fakes/mail-server.ts';
import { FakePagerduty } from './fakes/pagerduty.ts';
import { Receiver } from './fakes/receiver.ts';
import { FakeSlack } from './fakes/slack.ts';
import { type Answer, serve, setEnv } from './tools.ts';

/* Every alert sink keeps the laws of its kind. */

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ok.').toString('base64')}`;
setEnv({ LAWS_WEBHOOK_SECRET: SECRET, LAWS_ROUTING_KEY: '0123456789abcdef0123456789abcdef' });

interface Other {
  readonly received: readonly string[];
  failing: boolean;
  readonly answer: Answer;
}

/** A sink, and what listens at its other end. */
function over(plugin: unknown, makeOther: () => Other, options: (url: string) => object) {
  return async (): Promise<AlertSinkSubject> => {
    const other = makeOther();
    const server = await serve(other.answer);
    return {
      plugin: plugin as AlertSinkSubject['plugin'],
      with: options(server.url),
      received: () => other.received,
      fail: (on) => {
        other.failing = on;
      },
      close: () => server.close(),
    };
  };
}

async function bySmtp(): Promise<AlertSinkSubject> {
  const server = await new MailServer().start();
  return {
    plugin: smtp as unknown as AlertSinkSubject['plugin'],
    with: { host: '127.0.0.1', port: server.port, security: 'none', from: 'Auspex <auspex@example.org>', to: ['ops@example.org'] },
    received: () => server.received,
    fail: (on) => {
      server.failing = on;
    },
    close: () => server.close(),
  };
}

/** What arrives at a log is what its logger is handed: that of the engine is replaced by one that keeps it. */
function byLog(): AlertSinkSubject {
  const logger = new RecordingLogger();
  const create = (options: Record<string, never>, context: PluginContext) => alertLog.create(options, { ...context, logger });
  return {
    plugin: { ...alertLog, create } as unknown as AlertSinkSubject['plugin'],
    received: () => logger.lines.map(({ fields }) => (fields as { alert: Alert }).alert.fingerprint),
  };
}

const SUBJECTS: Readonly<Record<string, () => AlertSinkSubject | Promise<AlertSinkSubject>>> = {
  alertmanager: over(
    alertmanager,
    () => new FakeAlertmanager(),
    (url) => ({ urls: [url] }),
  ),
  webhook: over(
    { ...alertWebhook, create: withWallClock(alertWebhook) },
    () => new Receiver(SECRET),
    (url) => ({ url, secretEnv: 'LAWS_WEBHOOK_SECRET' }),
  ),
  slack: over(
    slack,
    () => new FakeSlack(),
    (url) => {
      process.env['LAWS_SLACK_URL'] = `${url}${FakeSlack.path}`;
      return { urlEnv: 'LAWS_SLACK_URL' };
    },
  ),
  pagerduty: over(
    pagerduty,
    () => new FakePagerduty(),
    (url) => ({ url: `${url}/v2/enqueue`, routingKeyEnv: 'LAWS_ROUTING_KEY' }),
  ),
  smtp: bySmtp,
  log: byLog,
};

/** The library that verifies reads the wall clock, so signatures have to be of now. */
function withWallClock({ create }: typeof alertWebhook): typeof alertWebhook.create {
  return (options, context) => create(options, { ...context, clock: { ...context.clock, now: () => Date.now() } });
}

for (const [name, subject] of Object.entries(SUBJECTS)) describe(name, () => testLaws('alertSink', subject, { describe, it }));

it('alertmanager keeps the laws before a real Alertmanager, which takes all that they send', async (context) => {
  const real = await need('alertmanager', context, { own: true });
  const received: string[] = [];
  let failing = false;
  const statuses = new Set<number>();
  const forward: Answer = async ({ url, headers, body }, response) => {
    if (failing) return void response.destroy();
    const { status } = await fetch(`${real.address}${url}`, {
      method: 'POST',
      headers: { 'content-type': headers['content-type'] ?? '' },
      body,
    });
    statuses.add(status);
    if (status === 200) received.push(...(JSON.parse(body) as PostableAlert[]).map(({ labels }) => labels['fingerprint'] ?? ''));
    response.writeHead(status).end();
  };
  const verdict = await runLaws(async () => {
    const server = await serve(forward);
    return {
      plugin: alertmanager,
      with: { urls: [server.url] },
      received: () => received,
      fail: (on: boolean) => {
        failing = on;
      },
      close: () => {
        failing = false;
        return server.close();
      },
    } as unknown as AlertSinkSubject;
  });
  await real.stop();
  expect(verdict.results.filter(({ outcome }) => outcome !== 'holds').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
  expect([...statuses]).toEqual([200]);
});

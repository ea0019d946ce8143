import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '@auspex/contracts';
import { RecordingLogger } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { need, type Server } from '../../../../test/servers/index.ts';
import { alertmanager } from '../../src/index.ts';
import { labelsOf, postable } from '../../src/sink/alertmanager/alert.ts';
import { FakeAlertmanager } from './fakes/alertmanager.ts';
import { alert, everything, HOSTILE, make, makeCertificates, never, refusal, STEP, serve, setEnv, until } from './tools.ts';

const HOUR = 3_600_000;
const wall: Clock = { now: () => Date.now(), sleep: (ms, signal) => wait(ms, undefined, { signal: signal as AbortSignal }) };
setEnv({ AM_TOKEN: 't0ken-of-somebody', AM_PASSWORD: 'pa55word' });

interface Active {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

async function active({ address }: Server): Promise<Active[]> {
  return (await (await fetch(`${address}/api/v2/alerts`)).json()) as Active[];
}

describe('a real Alertmanager', () => {
  it('has one alert for all that is sent of a cause, holds it for holdsFor, and ends it when it is resolved', async (context) => {
    const notified = await serve((_, response) => response.writeHead(200).end());
    const config = [
      'route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}',
      `receivers: [{name: hook, webhook_configs: [{url: "${notified.url}", send_resolved: true}]}]`,
    ].join('\n');
    const server = await need('alertmanager', context, { own: true, config });
    const options = { urls: [server.address], generatorUrl: 'https://dashboards.example/auspex', labels: { cluster: 'eu-1' } };
    const sink = make(alertmanager, options, { clock: wall });
    const startsAt = Math.floor(Date.now() / 1_000) * 1_000 - 120_000;
    const surge = alert('surge/web', { severity: 'page', startsAt, step: startsAt, details: ['seasonal: +80 %', 'event: sale'] });
    await sink.send([surge, alert('surge/api', { startsAt })], never);
    // The same cause, told again later and in other words.
    await sink.send([{ ...surge, step: startsAt + 60_000, summary: 'it lasts' }], never);
    const found = (await active(server)).filter(({ labels }) => labels['fingerprint'] === 'surge/web');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      labels: { alertname: 'surge', rule: 'surge', pool: 'web', severity: 'page', fingerprint: 'surge/web', cluster: 'eu-1' },
      annotations: { summary: 'it lasts', description: 'seasonal: +80 %\nevent: sale' },
      startsAt: new Date(startsAt).toISOString(),
      generatorURL: 'https://dashboards.example/auspex',
    });
    const left = Date.parse(found[0]?.endsAt ?? '') - Date.now();
    expect(left).toBeGreaterThan(3 * HOUR - 60_000);
    expect(left).toBeLessThanOrEqual(3 * HOUR);
    await until(() => notified.requests.some(({ body }) => body.includes('surge/web')));

    await sink.send([{ ...surge, status: 'resolved', step: startsAt + 90_000, endsAt: startsAt + 90_000, key: 'end' }], never);
    expect((await active(server)).map(({ labels }) => labels['fingerprint'])).toEqual(['surge/api']);
    // People are told that it is over, too.
    const over = (): boolean =>
      notified.requests.some(({ body }) =>
        (JSON.parse(body) as { alerts: { status: string; labels: { fingerprint: string } }[] }).alerts.some(
          ({ status, labels }) => status === 'resolved' && labels.fingerprint === 'surge/web',
        ),
      );
    await until(over);
    await server.stop();
  });

  it('takes whatever alerts say, each as an alert of its own', async (context) => {
    const server = await need('alertmanager', context, { own: true });
    await make(alertmanager, { urls: [server.address] }, { clock: wall }).send(HOSTILE, never);
    const found = await active(server);
    expect(found).toHaveLength(HOSTILE.length);
    expect(found.find(({ labels }) => labels['fingerprint'] === 'hostile/turned')?.labels).toMatchObject({ _: 'nameless', _1st: 'digit' });
    await server.stop();
  });

  it('that is gone is told of once while another member has the alerts, and gets what fires when it is back', async (context) => {
    const [one, two] = [await need('alertmanager', context, { own: true }), await need('alertmanager', context, { own: true })];
    const logger = new RecordingLogger();
    const sink = make(alertmanager, { urls: [one.address, two.address] }, { clock: wall, logger });
    const told = alert('surge/web', { startsAt: Date.now() - 1_000 });
    await two.kill();
    await sink.send([told], never);
    await sink.send([told], never);
    expect(await active(one)).toHaveLength(1);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatchObject({
      level: 'warn',
      fields: { member: `${two.address}/…`, error: expect.stringContaining('ECONNREFUSED') },
    });
    await two.restart();
    await sink.send([told], never);
    expect(await active(two)).toHaveLength(1);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'info', message: 'this Alertmanager takes alerts again' });
    await one.kill();
    await two.kill();
    expect(await refusal(sink.send([told], never))).toMatchObject({
      code: 'PLUGIN_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await one.stop();
    await two.stop();
  });
});

describe('what is posted', () => {
  it('has labels that are the same for every message of a fingerprint, whatever else is told', () => {
    const first = alert('f', { labels: { rule: 'surge', pool: 'web', région: 'x' } });
    const later = alert('f', {
      ...first,
      status: 'resolved',
      summary: 'other',
      details: ['d'],
      step: STEP + 1,
      endsAt: STEP + 1,
      key: 'k',
    });
    expect(labelsOf(later)).toEqual(labelsOf(first));
    expect(labelsOf(first)).toEqual({ alertname: 'surge', severity: 'warning', fingerprint: 'f', rule: 'surge', pool: 'web', r_gion: 'x' });
  });

  it('is named auspex without a rule, and loses no label to another of the same name', () => {
    const labels = { 'a.b': '1', 'a-b': '2', a_b: '3', severity: 'own', fingerprint: 'own', alertname: 'own', '9': 'nine', '': 'none' };
    expect(labelsOf(alert('f', { labels }), { a_b: 'further' })).toEqual({
      ...{ alertname: 'auspex', severity: 'warning', fingerprint: 'f', a_b: 'further' },
      ...{ a_b_: '2', a_b__: '1', a_b___: '3', severity_: 'own', fingerprint_: 'own', alertname_: 'own', _9: 'nine', _: 'none' },
    });
  });

  it('never ends before it begins, also where the clocks of a replay and of the server differ', () => {
    const options = { holdsFor: HOUR, labels: {}, generatorUrl: undefined };
    const { startsAt, endsAt } = postable(alert('f', { startsAt: STEP }), options, STEP - 9 * HOUR);
    expect([startsAt, endsAt]).toEqual(['2026-01-05T00:00:00.000Z', '2026-01-05T00:00:00.000Z']);
    expect(postable(alert('f'), options, STEP).endsAt).toBe('2026-01-05T01:00:00.000Z');
    expect(postable(alert('f', { status: 'resolved', endsAt: STEP + 60_000 }), options, STEP + 9 * HOUR).endsAt).toBe(
      '2026-01-05T00:01:00.000Z',
    );
  });
});

describe('a member', () => {
  it('is asked under its prefix, with the headers and the token', async () => {
    const server = await serve((_, response) => response.writeHead(200).end());
    const options = { urls: [`${server.url}/tenants/one/`], tokenEnv: 'AM_TOKEN', headers: { 'X-Scope-OrgID': 'one' } };
    await make(alertmanager, options).send([alert('a')], never);
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/tenants/one/api/v2/alerts' });
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer t0ken-of-somebody',
      'x-scope-orgid': 'one',
      'content-type': 'application/json',
    });
  });

  it('is asked by user and password', async () => {
    const server = await serve((_, response) => response.writeHead(200).end());
    await make(alertmanager, { urls: [server.url], user: 'auspex', passwordEnv: 'AM_PASSWORD' }).send([alert('a')], never);
    expect(server.requests[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('auspex:pa55word').toString('base64')}`);
  });

  it('is trusted by the authority that is given, and not without it', async () => {
    const certificates = makeCertificates();
    const fake = new FakeAlertmanager();
    const server = await serve(fake.answer, certificates);
    const error = await refusal(make(alertmanager, { urls: [server.url] }).send([alert('a')], never));
    expect(error.message).toMatch(/the certificate is not trusted .*give the authority that signed it as ca/);
    await make(alertmanager, { urls: [server.url], ca: certificates.ca }).send([alert('a')], never);
    expect(fake.received).toEqual(['a']);
  });

  it('that finds one alert invalid has the others, and the one is named', async () => {
    // Refuses the whole post, as where the body does not fit the schema.
    const fake = new FakeAlertmanager();
    fake.invalid.add('bad');
    const server = await serve((seen, response) => {
      if ((JSON.parse(seen.body) as unknown[]).length > 1 && seen.body.includes('"bad"')) return void response.writeHead(422).end();
      return fake.answer(seen, response);
    });
    const error = await refusal(make(alertmanager, { urls: [server.url] }).send([alert('a'), alert('bad'), alert('b')], never));
    expect(fake.received).toEqual(['a', 'b']);
    expect(error.message).toMatch(
      /^1 of 3 refused \(bad\): alertmanager: http:\/\/127.0.0.1:\d+\/…: it answers HTTP 400: "invalid on purpose"/,
    );
  });
});

it('neither an address nor a secret is told, whatever the other end repeats', async () => {
  const server = await serve(({ headers, url }, response) => response.writeHead(403).end(`no: ${headers['authorization']} ${url}`));
  for (const options of [{ tokenEnv: 'AM_TOKEN' }, { user: 'auspex', passwordEnv: 'AM_PASSWORD' }]) {
    const error = await refusal(make(alertmanager, { urls: [server.url], ...options }).send([alert('a')], never));
    expect(error.message).toMatch(/HTTP 403: no: .*, and urls \(with the prefix/);
    expect(everything(error)).not.toMatch(new RegExp(`t0ken|pa55word|${Buffer.from('auspex:pa55word').toString('base64')}`));
  }
});

it.each<[number, object, string]>([
  [401, { tokenEnv: 'AM_TOKEN' }, 'Check that the variable of tokenEnv holds its token, and urls'],
  [403, { user: 'auspex', passwordEnv: 'AM_PASSWORD' }, 'Check user, that the variable of passwordEnv holds the password, and urls'],
  [401, {}, 'Give tokenEnv, or user and passwordEnv, where it asks who sends'],
  [404, { tokenEnv: 'AM_TOKEN' }, 'Check urls (with the prefix it is served under)'],
])('HTTP %i with %j names the option to look at first', async (status, options, says) => {
  const server = await serve((_, response) => response.writeHead(status).end());
  const error = await refusal(make(alertmanager, { urls: [server.url], ...options }).send([alert('a')], never));
  expect(error.message).toContain(`it answers HTTP ${status}. ${says}`);
});

it.each<[string, object, RegExp]>([
  ['without an address', { urls: [] }, /urls/],
  ['with a password in an address', { urls: ['http://user:secret@am:9093'] }, /holds a user or password/],
  ['of another protocol', { urls: ['ftp://am'] }, /urls/],
  ['that holds for no time', { urls: ['http://am'], holdsFor: '1s' }, /at least 1m/],
  ['with a label that is none', { urls: ['http://am'], labels: { 'a-b': 'x' } }, /label name/],
])('options %s are refused', (_, options, says) => {
  const { error } = alertmanager.config.safeParse(options);
  expect(JSON.stringify(error?.issues)).toMatch(says);
});

it('a variable that is empty, and a file that is not there, are told when it is made', () => {
  expect(() => make(alertmanager, { urls: ['http://am'], tokenEnv: 'AM_NOTHING' })).toThrow('the environment variable AM_NOTHING is empty');
  expect(() => make(alertmanager, { urls: ['http://am'], ca: 'absent.pem' })).toThrow('the file of authorities cannot be read: absent.pem');
});

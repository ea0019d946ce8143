import { ManualClock } from '@auspex/testkit';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { type AlertMessage, alertWebhook } from '../../src/index.ts';
import { headerText } from '../../src/sink/webhook/secret.ts';
import { Receiver } from './fakes/receiver.ts';
import { alert, everything, HOSTILE, make, never, refusal, STEP, serve, setEnv, wellFormed } from './tools.ts';

const secret = (text: string): string => `whsec_${Buffer.from(text).toString('base64')}`;
const [SECRET, OLD, OTHER] = [
  secret('a secret of thirty-two bytes ok.'),
  secret('the secret that was there before'),
  secret('what somebody else signs with, 1'),
];
setEnv({
  WH: SECRET,
  WH_BOTH: `${SECRET} ${OLD}\n`,
  WH_PLAIN: 'plain-text-secret-of-enough-bytes',
  WH_TOKEN: 't0ken-of-somebody',
  WH_SHORT: secret('short'),
  WH_ODD: 'whsec_not_base64_at_all,_but_long_enough!',
});
/** The library that verifies reads the wall clock. */
const clock = new ManualClock(Date.now());
const sinkFor = (url: string, secretEnv = 'WH', more: object = {}) => make(alertWebhook, { url, secretEnv, ...more }, { clock });

describe('a message', () => {
  it('says all of an alert, is signed, and has the alert’s key as its id', async () => {
    const receiver = new Receiver(SECRET);
    const server = await serve(receiver.answer);
    const details = ['seasonal: +80 %'];
    await sinkFor(`${server.url}/hook?a=1`).send(
      [
        alert('surge/web', { details, severity: 'page' }),
        alert('surge/web', { status: 'resolved', endsAt: STEP + 60_000, step: STEP + 60_000 }),
      ],
      never,
    );
    expect(receiver.messages).toEqual([
      {
        type: 'alert.firing',
        timestamp: '2026-01-05T00:00:00.000Z',
        data: {
          fingerprint: 'surge/web',
          key: `surge/web@${STEP}/firing`,
          status: 'firing',
          severity: 'page',
          summary: 'what is behind surge/web',
          details,
          startsAt: '2026-01-05T00:00:00.000Z',
          labels: { rule: 'surge', pool: 'web' },
        },
      },
      {
        type: 'alert.resolved',
        timestamp: '2026-01-05T00:01:00.000Z',
        data: expect.objectContaining({ status: 'resolved', endsAt: '2026-01-05T00:01:00.000Z', details: [] }),
      },
    ]);
    expect(receiver.ids).toEqual([`surge/web@${STEP}/firing`, `surge/web@${STEP}/resolved`]);
    const { url, headers } = server.requests[0] as (typeof server.requests)[0];
    expect(url).toBe('/hook?a=1');
    expect(headers['idempotency-key']).toBe(headers['webhook-id']);
    expect(headers['webhook-timestamp']).toBe(String(Math.floor(clock.now() / 1_000)));
  });

  it('has the same id with every attempt and repeat, and another one with the end and the next episode', async () => {
    const receiver = new Receiver(SECRET);
    const server = await serve(receiver.answer);
    const sink = sinkFor(server.url);
    receiver.failing = true;
    await refusal(sink.send([alert('a')], never));
    receiver.failing = false;
    await sink.send([alert('a')], never);
    await sink.send([alert('a', { step: STEP + 3_600_000, summary: 'it lasts' })], never);
    await sink.send([alert('a', { status: 'resolved' }), alert('a', { startsAt: STEP + 1 })], never);
    const ids = server.requests.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(new Set(ids).size).toBe(3);
  });

  it('arrives as it is, whatever it says', async () => {
    const receiver = new Receiver(SECRET);
    const server = await serve(receiver.answer);
    await sinkFor(server.url).send(HOSTILE, never);
    const said = receiver.messages.map(({ data }) => [data.fingerprint, data.summary, data.labels]);
    expect(said.map(String)).toEqual(HOSTILE.map(({ fingerprint, summary, labels }) => wellFormed(String([fingerprint, summary, labels]))));
    expect(receiver.messages.map(({ data }) => Object.entries(data.labels))).toEqual(HOSTILE.map(({ labels }) => Object.entries(labels)));
  });

  it('is told from one that somebody else has signed, or changed on the way', async () => {
    const receiver = new Receiver(SECRET);
    const server = await serve(receiver.answer);
    process.env['WH_OTHER'] = OTHER;
    const error = await refusal(sinkFor(server.url, 'WH_OTHER').send([alert('a')], never));
    delete process.env['WH_OTHER'];
    expect(error.message).toMatch(/HTTP 401: No matching signature found. Check url, that both have the same secret \(secretEnv\), and/);
    await sinkFor(server.url).send([alert('a')], never);
    const { body, headers } = server.requests[1] as (typeof server.requests)[0];
    const library = new Webhook(SECRET);
    expect((library.verify(body, headers) as AlertMessage).data.fingerprint).toBe('a');
    expect(() => library.verify(body.replace('web', 'api'), headers)).toThrow('No matching signature');
    expect(() => library.verify(body, { ...headers, 'webhook-id': 'another' })).toThrow('No matching signature');
  });

  it('is signed by the new and the old secret while it is changed', async () => {
    const server = await serve((_, response) => response.writeHead(204).end());
    await sinkFor(server.url, 'WH_BOTH').send([alert('a')], never);
    const { body, headers } = server.requests[0] as (typeof server.requests)[0];
    for (const key of [SECRET, OLD]) expect(() => new Webhook(key).verify(body, headers)).not.toThrow();
    expect(() => new Webhook(OTHER).verify(body, headers)).toThrow('No matching signature');
  });

  it('may be signed by a plain text, and carry a token', async () => {
    const server = await serve((_, response) => response.writeHead(204).end());
    await sinkFor(server.url, 'WH_PLAIN', { tokenEnv: 'WH_TOKEN' }).send([alert('a')], never);
    const { body, headers } = server.requests[0] as (typeof server.requests)[0];
    expect(() => new Webhook(process.env['WH_PLAIN'] ?? '', { format: 'raw' }).verify(body, headers)).not.toThrow();
    expect(headers['authorization']).toBe('Bearer t0ken-of-somebody');
  });
});

it('no secret is told, whatever the receiver repeats', async () => {
  const server = await serve(({ headers }, response) => response.writeHead(400).end(`bad: ${headers['authorization']}`));
  const error = await refusal(sinkFor(`${server.url}/private`, 'WH', { tokenEnv: 'WH_TOKEN' }).send([alert('a')], never));
  expect(error.message).toContain('bad: Bearer …');
  expect(everything(error)).not.toMatch(/t0ken|private|whsec_/);
});

it.each<[string, (own: readonly string[]) => string]>([
  ['as it is', ([own]) => own as string],
  ['without whsec_', ([own]) => own?.slice(6) as string],
  ['the old one', ([, old]) => old as string],
  ['the old one without whsec_', ([, old]) => old?.slice(6) as string],
  ['both', (own) => own.join(' ')],
  ['percent-encoded', ([own]) => encodeURIComponent(own as string)],
  ['as base64', ([own]) => Buffer.from(own as string).toString('base64')],
  ['decoded', ([own]) => Buffer.from(own?.slice(6) as string, 'base64').toString()],
])('the secret is not told by a receiver that repeats it %s', async (_, said) => {
  // Bytes that are no text, in base64 that has + and / in it, and a padding.
  const own = [`whsec_+/${Buffer.from(Array.from({ length: 32 }, (_, at) => 255 - 7 * at)).toString('base64')}`, OLD] as const;
  process.env['WH_REPEATED'] = own.join(' ');
  const server = await serve((_request, response) => response.writeHead(500, { 'retry-after': own[0] }).end(`boom ${said(own)}!`));
  const sink = sinkFor(server.url, 'WH_REPEATED');
  delete process.env['WH_REPEATED'];
  const error = await refusal(sink.send([alert('a')], never));
  expect(error.message).toMatch(/HTTP 500: boom …( …)?! \(to come again after …\)$/);
});

it('a plain secret, and the path of the address, are not told by a receiver that repeats them', async () => {
  const plain = process.env['WH_PLAIN'] as string;
  const coded = Buffer.from(plain).toString('base64');
  const server = await serve(({ url }, response) => response.writeHead(404).end(`${plain} ${coded} ${url}`));
  const error = await refusal(sinkFor(`${server.url}/private?key=1`, 'WH_PLAIN').send([alert('a')], never));
  expect(error.message).toContain('HTTP 404: … … …. Check url');
});

it('an id is what a header may hold, and tells as many texts apart', () => {
  expect(headerText('wéb.eu@2026/firing')).toBe('w%C3%A9b%2Eeu@2026/firing');
  const odd = ['a b', 'a\r\nb', 'a%20b', 'a.b', 'a\ud83d', '🔥', ...HOSTILE.map(({ key }) => key)];
  for (const text of odd) {
    expect(headerText(text)).toMatch(/^[\x21-\x2d\x2f-\x7e]*$/);
    expect(decodeURIComponent(headerText(text))).toBe(wellFormed(text));
  }
});

it.each<[string, object, RegExp]>([
  ['to another machine in the clear', { url: 'http://hooks.example', secretEnv: 'WH' }, /insecure: true/],
  ['with a user in the address', { url: 'https://user@hooks.example', secretEnv: 'WH' }, /holds a user or password/],
  ['that are unsigned', { url: 'https://hooks.example' }, /secretEnv/],
])('options %s are refused', (_, options, says) => {
  expect(JSON.stringify(alertWebhook.config.safeParse(options).error?.issues)).toMatch(says);
});

it('options in the clear are taken where they say so', () => {
  expect(alertWebhook.config.safeParse({ url: 'http://hooks.example', secretEnv: 'WH', insecure: true }).success).toBe(true);
  for (const host of ['localhost:1', '127.0.0.1', '[::1]:80']) {
    expect(alertWebhook.config.safeParse({ url: `http://${host}`, secretEnv: 'WH' }).success).toBe(true);
  }
});

it.each([
  ['WH_NOTHING', /WH_NOTHING is empty/],
  ['WH_SHORT', /shorter than 24 bytes/],
  ['WH_ODD', /is no base64/],
])('the secret of %s is refused when it is made', (name, says) => {
  expect(() => sinkFor('https://hooks.example', name)).toThrow(says);
});

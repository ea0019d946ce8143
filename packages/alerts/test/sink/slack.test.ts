import { describe, expect, it } from 'vitest';
import { slack } from '../../src/index.ts';
import { escaped } from '../../src/sink/slack/escape.ts';
import { messagesOf } from '../../src/sink/slack/message.ts';
import { FakeSlack, unescaped } from './fakes/slack.ts';
import { alert, everything, HOSTILE, make, never, refusal, STEP, serve, wellFormed } from './tools.ts';

async function over(options: object = {}) {
  const fake = new FakeSlack();
  const server = await serve(fake.answer);
  process.env['SLACK_URL'] = `${server.url}${FakeSlack.path}`;
  return { fake, server, sink: make(slack, { urlEnv: 'SLACK_URL', ...options }) };
}

describe('a message', () => {
  it('holds all alerts of a send, each in its colour', async () => {
    const { fake, sink } = await over();
    await sink.send(
      [
        alert('surge/web', { severity: 'page', details: ['seasonal: +80 %', 'event: sale'] }),
        alert('surge/api'),
        alert('old', { status: 'resolved', endsAt: STEP + 60_000 }),
        alert('note', { severity: 'info', labels: {} }),
      ],
      never,
    );
    expect(fake.messages).toHaveLength(1);
    expect(fake.messages[0]).toMatchObject({ text: 'Auspex: 1 page, 1 warning, 1 info, 1 resolved', mrkdwn: false });
    expect(fake.messages[0]?.attachments.map(({ color, title, text, footer, ts }) => ({ color, title, text, footer, ts }))).toEqual([
      {
        color: '#d32f2f',
        title: '[page] what is behind surge/web',
        text: 'seasonal: +80 %\nevent: sale\npool=web rule=surge',
        footer: 'surge/web',
        ts: STEP / 1_000,
      },
      { color: '#f9a825', title: '[warning] what is behind surge/api', text: 'pool=web rule=surge', footer: 'surge/api', ts: STEP / 1_000 },
      {
        color: '#2e7d32',
        title: '[resolved] what is behind old',
        text: 'from 2026-01-05T00:00:00.000Z to 2026-01-05T00:01:00.000Z\npool=web rule=surge',
        footer: 'old',
        ts: STEP / 1_000,
      },
      { color: '#1976d2', title: '[info] what is behind note', text: '', footer: 'note', ts: STEP / 1_000 },
    ]);
  });

  it('is followed by others where it does not hold all; none is lost, and their order is kept', async () => {
    const { fake, sink } = await over();
    const alerts = Array.from({ length: 53 }, (_, n) => alert(`f${n}`, { summary: `${n} `.repeat(n * 30) }));
    await sink.send(alerts, never);
    expect(fake.received).toEqual(alerts.map(({ fingerprint }) => fingerprint));
    expect(fake.messages.length).toBeGreaterThan(6);
    expect(fake.messages[0]?.text).toBe(`Auspex: 10 warning (1 of ${fake.messages.length})`);
  });

  it('calls nobody and shows texts as they are, whatever they say', async () => {
    const { fake, sink } = await over();
    await sink.send(HOSTILE, never);
    expect(fake.received).toEqual(HOSTILE.map(({ fingerprint }) => wellFormed(fingerprint)));
    for (const { title, text, footer, fallback } of fake.messages.flatMap(({ attachments }) => attachments)) {
      for (const field of [title, text, footer, fallback]) {
        expect(field).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)|@(channel|here|everyone|all)\b|[\u202e\u2028\r]/);
      }
      expect(title).not.toContain('\n');
    }
    const markup = fake.messages.flatMap(({ attachments }) => attachments).find(({ footer }) => footer === 'hostile/markup');
    expect(unescaped(markup?.title ?? '').replaceAll('\u200b', '')).toBe(`[warning] ${HOSTILE[1]?.summary}`);
  });

  it('is written by whom, and where, the options say', async () => {
    const { fake, sink } = await over({ channel: '#capacity', username: 'auspex' });
    await sink.send([alert('a')], never);
    expect(fake.messages[0]).toMatchObject({ channel: '#capacity', username: 'auspex' });
    const plain = await over();
    await plain.sink.send([alert('a')], never);
    expect(Object.keys(plain.fake.messages[0] ?? {}).sort()).toEqual(['attachments', 'mrkdwn', 'text']);
  });

  it('of nothing is none', () => {
    expect(messagesOf([])).toEqual([]);
  });
});

describe('escaping', () => {
  it.each([
    ['a & b <c>', 100, 'a &amp; b &lt;c&gt;'],
    ['&&&', 15, '&amp;&amp;&amp;'],
    ['&&&&', 15, '&amp;&amp;…'],
    ['ab&cd', 6, 'ab…'],
    ['🔥🔥🔥', 6, '🔥🔥🔥'],
    ['🔥🔥🔥🔥', 6, '🔥🔥…'],
    ['@here and me@hereford.example', 100, '@\u200bhere and me@hereford.example'],
  ])('%j within %i is %j', (text, most, result) => {
    expect(escaped(text, most)).toBe(result);
    expect(result.length).toBeLessThanOrEqual(most);
  });
});

it.each([
  ['nothing', '', 'is empty'],
  ['no address', 'hooks.slack.com/services/S3CRET', 'holds no address'],
  ['another protocol', 'ftp://hooks.slack.com/S3CRET', 'not https://'],
  ['a password', 'https://a:S3CRET@hooks.slack.com/', 'a user or password'],
  ['an address in the clear', 'http://hooks.slack.com/S3CRET', 'insecure: true'],
])('a variable that holds %s is refused when it is made, and is not told', (_, value, says) => {
  process.env['SLACK_ODD'] = value;
  let seen: unknown;
  try {
    make(slack, { urlEnv: 'SLACK_ODD' });
  } catch (error) {
    seen = error;
  }
  delete process.env['SLACK_ODD'];
  expect(everything(seen)).toContain(says);
  expect(everything(seen)).not.toContain('S3CRET');
});

it('a webhook that is gone, and one that is asked too often, are told without the address', async () => {
  const { server, sink } = await over();
  server.answer = ({ url }, response) => void response.writeHead(404).end(`no_service ${url}`);
  const gone = await refusal(sink.send([alert('a')], never));
  expect(gone.message).toMatch(/HTTP 404: no_service …. Make a new incoming webhook/);
  server.answer = (_, response) => void response.writeHead(429, { 'retry-after': '1' }).end();
  const often = await refusal(sink.send([alert('a')], never));
  expect(often.message).toMatch(/HTTP 429 \(to come again after 1\)$/);
  for (const error of [gone, often]) expect(everything(error)).not.toContain('verysecretpath');
});

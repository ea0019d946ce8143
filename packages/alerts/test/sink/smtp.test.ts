import { ManualClock, RecordingLogger } from '@auspex/testkit';
import type { SMTPServerOptions } from 'smtp-server';
import { describe, expect, it } from 'vitest';
import { smtp } from '../../src/index.ts';
import { MailServer, type Received, words } from './fakes/mail-server.ts';
import { alert, everything, HOSTILE, make, makeCertificates, never, refusal, STEP, serve, setEnv, until, wellFormed } from './tools.ts';

/* Against a real SMTP server, the package smtp-server. */

const PASSWORD = 'pa55word-of-auspex';
setEnv({ SMTP_PASSWORD: PASSWORD });
const FROM = 'Auspex <auspex@example.org>';
const base = { from: FROM, to: ['ops@example.org', 'On Call <oncall@example.net>'] };
const clock = new ManualClock(STEP);

const sinkOver = (server: MailServer, options: object = {}, logger = new RecordingLogger()) =>
  make(smtp, { host: '127.0.0.1', port: server.port, security: 'none', ...base, ...options }, { clock, logger });
const only = (server: MailServer): Received => {
  expect(server.mails).toHaveLength(1);
  return server.mails[0] as Received;
};

describe('a mail', () => {
  it('holds all alerts of a send, and says what it is', async () => {
    const server = await new MailServer().start();
    await sinkOver(server).send(
      [
        alert('surge/web', { severity: 'page', summary: 'Überlast in 東京', details: ['seasonal: +80 %'] }),
        alert('old', { status: 'resolved', endsAt: STEP + 60_000 }),
      ],
      never,
    );
    const { to, headers, text } = only(server);
    expect(to).toEqual(['ops@example.org', 'oncall@example.net']);
    expect(words(headers.get('subject') ?? '')).toBe('[1 page, 1 resolved] Überlast in 東京');
    expect(Object.fromEntries(headers)).toMatchObject({
      from: FROM,
      to: 'ops@example.org, On Call <oncall@example.net>',
      date: 'Mon, 05 Jan 2026 00:00:00 +0000',
      'auto-submitted': 'auto-generated',
      importance: 'High',
      'content-type': 'text/plain; charset=utf-8',
    });
    expect(text.replaceAll('\r', '').trimEnd()).toBe(
      [
        '[page] Überlast in 東京',
        '  seasonal: +80 %',
        '  since 2026-01-05T00:00:00.000Z',
        '  pool=web rule=surge',
        '  fingerprint surge/web',
        '',
        '[resolved] what is behind old',
        '  since 2026-01-05T00:00:00.000Z until 2026-01-05T00:01:00.000Z',
        '  pool=web rule=surge',
        '  fingerprint old',
      ].join('\n'),
    );
  });

  it('of one alert says so in its subject, and is urgent for a page that lasts alone', async () => {
    const server = await new MailServer().start();
    const sink = sinkOver(server);
    await sink.send([alert('a', { severity: 'warning' })], never);
    await sink.send([alert('a', { severity: 'page', status: 'resolved' })], never);
    expect(server.mails.map(({ headers }) => [headers.get('subject'), headers.get('importance')])).toEqual([
      ['[warning] what is behind a', undefined],
      ['[resolved] what is behind a', undefined],
    ]);
  });

  it('has the same Message-ID when it is sent again, and belongs to the mails of its cause', async () => {
    const server = await new MailServer().start();
    const sink = sinkOver(server);
    await sink.send([alert('a')], never);
    await sink.send([alert('a')], never);
    await sink.send([alert('a', { status: 'resolved' })], never);
    await sink.send([alert('a', { startsAt: STEP + 60_000 })], never);
    await sink.send([alert('a'), alert('b')], never);
    const ids = server.mails.map(({ headers }) => headers.get('message-id'));
    const threads = server.mails.map(({ headers }) => headers.get('references'));
    expect(ids[0]).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(4);
    expect(threads.map((each) => each === threads[0])).toEqual([true, true, true, false, true]);
  });

  it('holds whatever alerts say, and none of it becomes a header, a line or another recipient', async () => {
    const server = await new MailServer().start();
    const sink = sinkOver(server);
    for (const each of HOSTILE) await sink.send([each], never);
    await sink.send(HOSTILE, never);
    const names = HOSTILE.map(({ fingerprint }) => wellFormed(fingerprint));
    expect(server.received).toEqual([...names, ...names]);
    for (const { to, headers, text } of server.mails) {
      expect(to).toEqual(['ops@example.org', 'oncall@example.net']);
      expect([...headers.keys()].filter((name) => /bcc/.test(name))).toEqual([]);
      expect(words(headers.get('subject') ?? '').length).toBeLessThanOrEqual(150);
      expect(text).not.toMatch(/^Bcc:/m);
    }
    // RFC 5321, 4.5.3.1.6: a line has 998 bytes at most.
    for (const { raw } of server.mails) expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThan(998);
  });
});

describe('a server', () => {
  const login: SMTPServerOptions = {
    disabledCommands: [],
    authOptional: false,
    onAuth: ({ username, password }, _, callback) => {
      if (username === 'auspex' && password === PASSWORD) return callback(null, { user: username });
      // Repeats all that it was sent.
      const sent = Buffer.from(`\0${username}\0${password}`).toString('base64');
      callback(Object.assign(new Error(`no: ${password} ${sent}`), { responseCode: 535 }));
    },
  };
  const user = { user: 'auspex', passwordEnv: 'SMTP_PASSWORD' };

  it('is trusted by the authority that is given, by STARTTLS and by TLS, and not without it', async () => {
    const { ca, certificate: cert, key } = makeCertificates();
    const starttls = await new MailServer({ ...login, cert, key }).start();
    const tls = await new MailServer({ ...login, secure: true, cert, key }).start();
    for (const [server, security] of [[starttls, 'starttls'] as const, [tls, 'tls'] as const]) {
      const error = await refusal(sinkOver(server, { security, ...user }).send([alert('a')], never));
      expect(error.message).toMatch(/^smtp: 127.0.0.1:\d+: no trusted TLS \(.*\): check security, and give the authority/);
      expect(server.mails).toHaveLength(0);
      await sinkOver(server, { security, ca, ...user }).send([alert('a')], never);
      expect(only(server)).toMatchObject({ user: 'auspex', secure: true });
    }
  });

  it('that offers no TLS gets neither a mail nor a password', async () => {
    let asked = 0;
    const server = await new MailServer({
      ...login,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: () => asked++,
    }).start();
    const error = await refusal(sinkOver(server, { security: 'starttls', ...user }).send([alert('a')], never));
    expect(error.message).toMatch(/no trusted TLS/);
    expect([server.mails.length, asked]).toEqual([0, 0]);
  });

  it('that does not let one in is told, without the password', async () => {
    process.env['SMTP_WRONG'] = 'wr0ng-password';
    const { ca, certificate: cert, key } = makeCertificates();
    const server = await new MailServer({ ...login, cert, key }).start();
    const options = { security: 'starttls', ca, user: 'auspex', passwordEnv: 'SMTP_WRONG' };
    const error = await refusal(sinkOver(server, options).send([alert('a')], never));
    delete process.env['SMTP_WRONG'];
    expect(error.message).toMatch(/it does not let user log in \(.*535.*: … …\): check user and passwordEnv/);
    expect(everything(error)).not.toMatch(/wr0ng|AGF1c3BleAB3/);
  });

  it('that refuses some recipients has sent it to the others; one that refuses all is told', async () => {
    const refuses = new Set(['oncall@example.net']);
    const server = await new MailServer({
      onRcptTo: ({ address }, _, callback) =>
        callback(refuses.has(address) ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null),
    }).start();
    const logger = new RecordingLogger();
    await sinkOver(server, {}, logger).send([alert('a')], never);
    expect(only(server).to).toEqual(['ops@example.org']);
    expect(logger.lines).toEqual([expect.objectContaining({ level: 'warn', fields: { rejected: ['oncall@example.net'] } })]);
    refuses.add('ops@example.org');
    const error = await refusal(sinkOver(server).send([alert('a')], never));
    expect(error).toMatchObject({
      code: 'PLUGIN_FAILED',
      message: expect.stringMatching(/it refuses the mail \(.*550 no such user.*\): check from and to/),
    });
  });

  it('that repeats the password tells it nowhere, nor as the cause', async () => {
    const repeats: SMTPServerOptions['onMailFrom'] = (_, __, callback) =>
      callback(Object.assign(new Error(`later ${encodeURIComponent(`${PASSWORD}/`)} ${PASSWORD}`), { responseCode: 451 }));
    const server = await new MailServer({ ...login, allowInsecureAuth: true, onMailFrom: repeats }).start();
    const options = { host: 'localhost', port: server.port, security: 'none', ...user, ...base };
    const error = await refusal(make(smtp, options, { clock }).send([alert('a')], never));
    expect(error.message).toMatch(/it does not take the mail now \(.*451 later …%2F …\)/);
    expect(everything(error)).not.toContain(PASSWORD);
  });

  it('that takes nothing now, and one that is gone, are told as such', async () => {
    const busy = await new MailServer({
      onMailFrom: (_, __, callback) => callback(Object.assign(new Error('later'), { responseCode: 451 })),
    }).start();
    const later = await refusal(sinkOver(busy).send([alert('a')], never));
    expect(later.message).toMatch(/it does not take the mail now \(.*451 later\)/);
    expect(later.remedy).toMatch(/sent again/);
    await busy.close();
    expect((await refusal(sinkOver(await stopped()).send([alert('a')], never))).message).toMatch(/it cannot be reached \(.*ECONNREFUSED/);
  });

  it('that is silent is waited for no longer than timeLimit, and left', async () => {
    const silent = await serve(() => undefined);
    const options = { host: '127.0.0.1', port: Number(new URL(silent.url).port), security: 'none', timeLimit: '300ms', ...base };
    expect((await refusal(make(smtp, options).send([alert('a')], never))).message).toMatch(/no answer within 300ms$/);
    await until(async () => (await silent.connections()) === 0);
  });

  it('is left at once when the sink is told to stop, also in the middle of a mail', async () => {
    const server = await new MailServer().start();
    server.stuck = true;
    const stop = new AbortController();
    const reason = new Error('stopped');
    const sent = refusal(sinkOver(server).send([alert('a')], stop.signal));
    await until(() => server.connections === 1);
    stop.abort(reason);
    const begin = Date.now();
    expect(await sent).toBe(reason);
    // Long before the time limit, which would end it, too.
    expect(Date.now() - begin).toBeLessThan(2_000);
    await until(() => server.connections === 0);
    expect(await refusal(sinkOver(server).send([alert('a')], stop.signal))).toBe(reason);
  });
});

/** One whose port nobody listens at any more. */
async function stopped(): Promise<MailServer> {
  const server = await new MailServer().start();
  const { port } = server;
  await server.close();
  return Object.defineProperty(server, 'port', { value: port });
}

it.each<[string, object, RegExp]>([
  ['without a recipient', { to: [] }, /"to"/],
  ['with what is no address', { to: ['ops'] }, /no mail address/],
  ['with an address of two lines', { from: 'a@example.org\r\nBcc: b@example.org' }, /no mail address/],
  ['with a user alone', { user: 'auspex' }, /goes with user/],
  ['with a password in the clear', { user: 'auspex', passwordEnv: 'SMTP_PASSWORD', security: 'none' }, /sent in the clear/],
])('options %s are refused', (_, options, says) => {
  expect(JSON.stringify(smtp.config.safeParse({ host: 'smtp.example.org', ...base, ...options }).error?.issues)).toMatch(says);
});

it('a variable that is empty is told when it is made', () => {
  const options = { host: 'smtp.example.org', ...base, user: 'auspex', passwordEnv: 'SMTP_NOTHING' };
  expect(() => make(smtp, options)).toThrow('the environment variable SMTP_NOTHING is empty');
});

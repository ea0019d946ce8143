import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { UsageEvent } from '@auspex/contracts';
import { auth, authConfig } from '@auspex/sources';
import { runLaws, type SourceSubject } from '@auspex/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batches, context, events, failure, file, folder, type Logged, resumesEverywhere } from './tools.ts';

const open = (given: Record<string, unknown>, logged: Logged[] = [], now = () => Date.UTC(2026, 0, 6)) =>
  auth.create(authConfig.parse(given), context(logged, now));
const sshd = (text: string, more: Record<string, unknown> = {}) =>
  open({ files: [file('auth.log', text)], format: 'sshd', zone: 'Europe/Berlin', reference: '2026-01-06T00:00:00Z', ...more });
const short = ({ at, kind, user, ip, count }: UsageEvent) => [new Date(at).toISOString(), kind, user, ip, count];

describe('sshd', () => {
  const LOG = `Jan  5 08:00:01 web-1 sshd[101]: Accepted publickey for alice from 198.51.100.1 port 50022 ssh2: ED25519 SHA256:abc
Jan  5 08:00:02 web-1 sshd[102]: Failed password for bob from 198.51.100.2 port 50023 ssh2
Jan  5 08:00:03 web-1 sshd[103]: Invalid user admin from 203.0.113.9 port 4711
Jan  5 08:00:03 web-1 sshd[103]: Failed none for invalid user admin from 203.0.113.9 port 4711 ssh2
Jan  5 08:00:04 web-1 sshd[103]: Failed password for invalid user admin from 203.0.113.9 port 4711 ssh2
Jan  5 08:00:05 web-1 sshd[103]: message repeated 2 times: [ Failed password for invalid user admin from 203.0.113.9 port 4711 ssh2]
Jan  5 08:00:06 web-1 sshd[104]: message repeated 3 times: [ Failed password for root from 203.0.113.9 port 4712 ssh2]
Jan  5 08:00:07 web-1 sshd[104]: Connection closed by 203.0.113.9 port 4712 [preauth]
Jan  5 08:00:07 web-1 CRON[105]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)
Jan  5 08:00:08 web-1 sshd-session[106]: Accepted password for root from 2001:db8::7 port 4712 ssh2
`;

  test('RFC 3164: accepted, failed, repeated; a user that does not exist once a connection', async () => {
    const all = await events(sshd(LOG, { group: 'staff', pop: 'fra' }));
    expect(all.map(short)).toEqual([
      ['2026-01-05T07:00:01.000Z', 'sign-in', 'alice', '198.51.100.1', 1],
      ['2026-01-05T07:00:02.000Z', 'sign-in-failure', 'bob', '198.51.100.2', 1],
      ['2026-01-05T07:00:03.000Z', 'sign-in-failure', 'admin', '203.0.113.9', 1],
      ['2026-01-05T07:00:06.000Z', 'sign-in-failure', 'root', '203.0.113.9', 3],
      ['2026-01-05T07:00:08.000Z', 'sign-in', 'root', '2001:db8::7', 1],
    ]);
    expect(all[0]).toMatchObject({
      group: 'staff',
      pop: 'fra',
      resource: 'web-1',
      feature: 'publickey',
      outcome: 'served',
      accessLevel: undefined,
    });
    expect(all[4]).toMatchObject({ accessLevel: 'root' });
    const each = await events(sshd(LOG, { unknownUser: 'attempt' }));
    expect(each.filter(({ user }) => user === 'admin').map(({ count }) => count)).toEqual([1, 2]);
  });

  test('RFC 5424, ISO times, priorities', async () => {
    const text = `<38>1 2026-01-05T07:00:01.003Z web-1 sshd 101 - - Accepted password for alice from 198.51.100.1 port 1 ssh2
<38>1 2026-01-05T07:00:02+00:00 web-1 sshd 101 ID47 [a@1 b="x\\]y"][c@1] \ufeffFailed password for bob from 198.51.100.1 port 1 ssh2
<38>Jan  5 08:00:03 web-1 sshd[1]: Accepted password for carol from 198.51.100.1 port 1 ssh2
2026-01-05T08:00:04.123456+01:00 web-1 sshd[1]: Accepted password for dörte from 198.51.100.1 port 1 ssh2
`;
    expect((await events(sshd(text))).map(({ at, user }) => [at - Date.UTC(2026, 0, 5, 7), user])).toEqual([
      [1_003, 'alice'],
      [2_000, 'bob'],
      [3_000, 'carol'],
      [4_123, 'dörte'],
    ]);
  });

  test('a user may be named like the rest of the line', async () => {
    const name = 'x from 192.0.2.1 port 1 ssh2: y';
    const [event] = await events(sshd(`Jan  5 08:00:01 h sshd[1]: Failed password for ${name} from 203.0.113.9 port 22 ssh2\n`));
    expect([event?.user, event?.ip]).toEqual([name, '203.0.113.9']);
  });

  const line = (time: string, n = 1) => `${time} h sshd[${n}]: Accepted password for u${n} from 192.0.2.1 port 1 ssh2\n`;
  const iso = async (text: string, more: Record<string, unknown> = {}) =>
    (await events(sshd(text, more))).map(({ at }) => new Date(at).toISOString());

  test('years over New Year, by the reference or by when the file was written', async () => {
    const text = line('Dec 31 23:59:59') + line('Jan  1 00:00:01', 2);
    const should = ['2025-12-31T23:59:59.000Z', '2026-01-01T00:00:01.000Z'];
    expect(await iso(text, { zone: 'UTC' })).toEqual(should);
    const at = file('auth.log', text);
    utimesSync(at, new Date('2021-01-01T00:01:00Z'), new Date('2021-01-01T00:01:00Z'));
    const written = await events(open({ files: [at], format: 'sshd', zone: 'UTC' }));
    expect(written.map((event) => new Date(event.at).toISOString())).toEqual(
      should.map((time) => time.replace('2026', '2021').replace('2025', '2020')),
    );
    // Local New Year comes before that of UTC.
    expect(await iso(text, { zone: 'Asia/Tokyo', reference: '2025-12-31T15:30:00Z' })).toEqual([
      '2025-12-31T14:59:59.000Z',
      '2025-12-31T15:00:01.000Z',
    ]);
    expect(await iso(line('Feb 29 12:00:00'), { zone: 'UTC', reference: '2027-06-01T00:00:00Z' })).toEqual(['2024-02-29T12:00:00.000Z']);
    // A clock that is ahead of the reference by less than a day.
    expect(await iso(line('Jan  6 05:00:00'), { zone: 'UTC' })).toEqual(['2026-01-06T05:00:00.000Z']);
  });

  test('the repeated hour, the missing one, no zone', async () => {
    const autumn = { reference: '2025-11-01T00:00:00Z' };
    expect(await iso(line('Oct 26 02:59:59') + line('Oct 26 02:00:01', 2) + line('Oct 26 03:00:00', 3), autumn)).toEqual([
      '2025-10-26T00:59:59.000Z',
      '2025-10-26T01:00:01.000Z',
      '2025-10-26T02:00:00.000Z',
    ]);
    const spring = await batches(sshd(line('Mar 30 02:30:00') + line('Mar 30 03:00:00', 2), { reference: '2025-04-01T00:00:00Z' }));
    expect(spring[0]).toMatchObject({ malformed: 1, events: [{ user: 'u2' }] });
    const { error } = await failure(sshd(line('Jan  5 00:00:00'), { zone: undefined }));
    expect(error).toMatchObject({ code: 'ZONE_MISSING', path: expect.stringMatching(/auth\.log:1$/) });
    expect(() => authConfig.parse({ files: ['a'], format: 'sshd', reference: 'yesterday' })).toThrow();
  });

  test.each(['', 'Jan 32 00:00:00', 'Jan  5 25:00:00', 'Foo  5 00:00:00', 'Feb 30 00:00:00', '2026-13-01T00:00:00Z', 'not a time at all'])(
    'a sign-in at "%s" is malformed',
    async (time) => {
      expect((await batches(sshd(line(time) + line('Jan  5 00:00:00'))))[0]).toMatchObject({ malformed: 1 });
    },
  );

  test('a file without any line of a syslog is refused with what it looks like; one without sign-ins is not', async () => {
    expect((await failure(sshd('{"a":1}\n'))).error).toMatchObject({
      code: 'SOURCE_NO_VALID_RECORD',
      message: expect.stringContaining('it looks like JSON'),
    });
    expect(await events(sshd('Jan  5 08:00:07 web-1 CRON[105]: session opened\n'))).toEqual([]);
  });

  test('any text at all gives events, malformed records or nothing, in time', async () => {
    const part = fc.oneof(
      fc.constantFrom(
        'Jan  5 08:00:01',
        ' h sshd[1]: ',
        'Failed password for ',
        'invalid user ',
        ' from ',
        ' port 1',
        ' ssh2',
        '<38>1 ',
        '2026-01-05T00:00:00Z',
        'message repeated 2 times: [ ',
        ']',
        '\\',
        '[',
        '"',
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(part, { maxLength: 12 }), { minLength: 1, maxLength: 20 }), async (lines) => {
        const text = lines.map((parts) => parts.join('').replace(/[\n\r\0]/g, ' ')).join('\n');
        const all = await batches(sshd(`${line('Jan  5 00:00:00')}${text}\n`, { maxBackwards: '9000d' }));
        for (const { at, user, count } of all.flatMap((batch) => [...batch.events])) {
          expect(Number.isFinite(at)).toBe(true);
          expect(user === undefined || user.length > 0).toBe(true);
          expect(count).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 150 },
    );
    const huge = ` from ${'x from '.repeat(140_000)}`;
    const begun = performance.now();
    await events(sshd(`${line('Jan  5 00:00:00')}Jan  5 08:00:01 h sshd[1]: Failed password for ${huge}\n`));
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

describe('JSON', () => {
  const rows = (...list: unknown[]) => list.map((row) => `${JSON.stringify(row)}\n`).join('');
  const read = (text: string, format: string, more: Record<string, unknown> = {}) =>
    open({ files: [file('a.json', text)], format, ...more });

  test('Keycloak: LOGIN and LOGIN_ERROR; other events are passed over', async () => {
    const login = {
      time: 1_767_600_000_000,
      type: 'LOGIN',
      realmId: 'r-1',
      realmName: 'shop',
      clientId: 'web',
      userId: 'u-1',
      sessionId: 's',
      ipAddress: '198.51.100.1',
      details: { auth_method: 'openid-connect', username: 'ann' },
    };
    const text = rows(
      login,
      { ...login, time: login.time + 1, type: 'LOGIN_ERROR', realmName: undefined, userId: null, error: 'user_not_found' },
      { ...login, type: 'CODE_TO_TOKEN' },
      { ...login, type: 'LOGOUT' },
      { time: login.time, operationType: 'CREATE' },
    );
    const all = await batches(read(text, 'keycloak'));
    expect(all[0]?.events).toMatchObject([
      {
        at: login.time,
        kind: 'sign-in',
        outcome: 'served',
        group: 'shop',
        user: 'u-1',
        session: 's',
        ip: '198.51.100.1',
        feature: 'web',
        resource: 'openid-connect',
      },
      { at: login.time + 1, kind: 'sign-in-failure', group: 'r-1', user: 'ann' },
    ]);
    expect(all.reduce((sum, batch) => sum + (batch.malformed ?? 0), 0)).toBe(1);
    expect(await events(read(text, 'keycloak', { fields: { group: 'clientId', accessLevel: 'realmId' } }))).toMatchObject([
      { group: 'web', accessLevel: 'r-1' },
      { group: 'web' },
    ]);
  });

  test('Okta: user.session.start by outcome.result', async () => {
    const start = {
      published: '2026-01-05T08:00:00.123Z',
      eventType: 'user.session.start',
      outcome: { result: 'SUCCESS' },
      actor: { id: '00u1', alternateId: 'ann@example.com', type: 'User' },
      client: { ipAddress: '198.51.100.1', userAgent: { rawUserAgent: 'Mozilla/5.0' } },
      authenticationContext: { externalSessionId: 'x', credentialType: 'PASSWORD' },
    };
    const text = rows(
      start,
      { ...start, outcome: { result: 'FAILURE', reason: 'INVALID_CREDENTIALS' } },
      { ...start, outcome: { result: 'DENY' } },
      { ...start, eventType: 'user.session.end' },
      { ...start, outcome: {} },
    );
    const all = await batches(read(text, 'okta', { group: 'staff' }));
    expect(all[0]).toMatchObject({
      malformed: 1,
      events: [
        {
          at: Date.UTC(2026, 0, 5, 8, 0, 0, 123),
          kind: 'sign-in',
          user: '00u1',
          ip: '198.51.100.1',
          agent: 'Mozilla/5.0',
          session: 'x',
          feature: 'PASSWORD',
          group: 'staff',
        },
        { kind: 'sign-in-failure' },
        { kind: 'sign-in-failure' },
      ],
    });
  });

  test('any JSON: success by a field, or the kind itself', async () => {
    const text = rows(
      { ts: 1, who: 'a', ok: true, tier: 'gold' },
      { ts: 2, who: 'b', ok: 'FAILED' },
      { ts: 3, ok: 'perhaps' },
      { ts: 4, kind: 'sign-in-failure', user: 'c' },
    );
    const fields = { at: 'ts', user: 'who', success: 'ok', accessLevel: 'tier' };
    const all = await batches(read(text, 'ndjson', { fields }));
    expect(all[0]).toMatchObject({
      malformed: 1,
      events: [
        { at: 1_000, kind: 'sign-in', user: 'a', accessLevel: 'gold' },
        { at: 2_000, kind: 'sign-in-failure', user: 'b' },
        { at: 4_000, kind: 'sign-in-failure' },
      ],
    });
  });
});

const LINES = Array.from(
  { length: 40 },
  (_, n) =>
    `Jan  5 08:00:${String(n).padStart(2, '0')} h sshd[${n}]: ${n % 3 ? 'Accepted' : 'Failed'} password for u${n} from 192.0.2.1 port 1 ssh2\nJan  5 08:00:${String(n).padStart(2, '0')} h cron[1]: x\n`,
);

test('resumes from every batch, plain and gzip; follows', async () => {
  for (const at of [file('a', LINES.join('')), file('a.gz', gzipSync(LINES.join('')))])
    expect(
      await resumesEverywhere(() => open({ files: [at], format: 'sshd', zone: 'UTC', batch: 3, reference: '2026-01-06T00:00:00Z' })),
    ).toBeGreaterThan(10);
  const at = path.join(folder(), 'auth.log');
  writeFileSync(at, LINES.slice(0, 20).join(''));
  const stop = new AbortController();
  const seen: UsageEvent[] = [];
  const now = () => Date.UTC(2026, 0, 5, 9);
  const reading = (async () => {
    for await (const batch of open({ files: [at], format: 'sshd', zone: 'UTC', follow: true, poll: '10ms' }, [], now).open({}, stop.signal))
      seen.push(...batch.events);
  })();
  while (seen.length < 20) await wait(5);
  appendFileSync(at, LINES.slice(20).join(''));
  while (seen.length < 40) await wait(5);
  stop.abort();
  await reading;
  expect(seen.map(({ user }) => user)).toEqual(LINES.map((_, n) => `u${n}`));
});

test.each(['sshd', 'keycloak', 'okta', 'ndjson'])(
  'laws: %s',
  async (format) => {
    const lines: Record<string, string[]> = {
      sshd: LINES,
      keycloak: LINES.map(
        (_, n) => `${JSON.stringify({ time: 1_767_600_000_000 + n, type: n % 2 ? 'LOGIN' : 'LOGIN_ERROR', userId: `u${n}` })}\n`,
      ),
      okta: LINES.map(
        (_, n) =>
          `${JSON.stringify({ published: new Date(1_767_600_000_000 + n).toISOString(), eventType: 'user.session.start', outcome: { result: 'SUCCESS' } })}\n`,
      ),
      ndjson: LINES.map((_, n) => `${JSON.stringify({ at: 1_767_600_000_000 + n, success: n % 2 > 0 })}\n`),
    };
    const own = lines[format] as string[];
    const options = { format, zone: 'UTC', batch: 7, reference: '2026-01-06T00:00:00Z' };
    const [whole, odd] = [file('whole', own.join('')), file('odd', `${own.slice(0, 20).join('')}not;a record\n${own.slice(20).join('')}`)];
    const subject = (): SourceSubject => ({
      plugin: auth,
      with: { files: [whole], ...options },
      events: 40,
      down: { files: ['/no/such'], ...options },
      malformed: { files: [odd], ...options },
    });
    const { results, passed } = await runLaws(subject as never);
    expect(results.filter(({ outcome }) => outcome !== 'holds').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
    expect(passed).toBe(true);
  },
  30_000,
);

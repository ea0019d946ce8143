import { gzipSync } from 'node:zlib';
import { MapStore } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { httpCalendar, ical } from '../src/index.ts';
import { between, DAY, HOUR, ics, make, serve, surroundings, tell, until, vevent } from './tools.ts';

const YEAR = ['2026-01-01T00:00Z', '2027-01-01T00:00Z'] as const;
const event = (uid: string): string => vevent(`UID:${uid}`, `SUMMARY:${uid}`, 'DTSTART:20260105T100000Z', 'DURATION:PT1H');
const A = ics(event('a'));
const B = ics(event('a'), event('b'));
const MINUTE = 60_000;

describe('a feed', () => {
  it('is asked with its tag, after the refresh and not before; only what has changed is read', async () => {
    let body = A;
    const server = await serve(({ headers }, response) => {
      const tag = `"${body.length}"`;
      response.setHeader('etag', tag).setHeader('last-modified', 'Mon, 05 Jan 2026 00:00:00 GMT');
      if (headers['if-none-match'] === tag) response.writeHead(304).end();
      else response.end(body);
    });
    const context = surroundings();
    const calendar = make(ical, { urls: [`${server.url}/private/basic.ics`], refresh: '5m' }, context);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    await context.clock.advance(5 * MINUTE - 1);
    await tell(calendar, ...YEAR);
    expect(server.requests).toHaveLength(1);
    await context.clock.advance(1);
    await tell(calendar, ...YEAR);
    await until(() => server.requests.length === 2);
    expect(server.requests[1]?.headers).toMatchObject({
      'if-none-match': `"${A.length}"`,
      'if-modified-since': 'Mon, 05 Jan 2026 00:00:00 GMT',
    });
    body = B;
    await context.clock.advance(5 * MINUTE);
    // It does not wait for the server: what was there before is the answer, and the next one is new.
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    await until(() => context.logger.lines.filter(({ message }) => message === 'a calendar was read').length === 2);
    expect(await tell(calendar, ...YEAR)).toHaveLength(2);
    expect(server.requests).toHaveLength(3);
    await calendar.close?.();
  });

  it('whose server is gone leaves its last good copy, also after a restart, and is told once and asked each minute', async () => {
    const server = await serve((_, response) => response.setHeader('etag', '"1"').end(A));
    const store = new MapStore();
    const context = surroundings({ store });
    const options = { urls: [`${server.url}/secret-address/basic.ics`] };
    const calendar = make(ical, options, context);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    await until(() => store.map.size === 1);
    // An address may hold a secret: it is neither kept nor told.
    expect([...store.map.keys()].join()).not.toContain('secret');
    await server.close();
    for (let hour = 0; hour < 3; hour++) {
      await context.clock.advance(HOUR);
      expect(await tell(calendar, ...YEAR)).toHaveLength(1);
      await until(() => context.meter.values.get(`auspex_calendar_fetch_failures_total{calendar=${server.url}/…}`) === hour + 1);
    }
    expect(context.complaints()).toEqual([expect.stringMatching(/the last good copy stands .*cannot be fetched \(connect ECONNREFUSED/)]);
    expect(context.complaints()[0]).not.toContain('secret');
    expect(context.meter.values.get(`auspex_calendar_age_seconds{calendar=${server.url}/…}`)).toBe(3 * 3600);
    await calendar.close?.();

    const after = surroundings({ store });
    const again = make(ical, options, after);
    expect(await tell(again, ...YEAR)).toHaveLength(1);
    await until(() => after.complaints().length === 1);
    await again.close?.();

    const elsewhere = make(ical, options, surroundings());
    await expect(tell(elsewhere, ...YEAR)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.not.stringContaining('secret'),
    });
    await elsewhere.close?.();
  });

  it('comes back after a failure within a minute; asked meanwhile, it says what was wrong without asking', async () => {
    const server = await serve((_, response) => response.writeHead(500).end());
    const context = surroundings();
    const calendar = make(ical, { urls: [server.url] }, context);
    await expect(tell(calendar, ...YEAR)).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringContaining('HTTP 500') });
    await expect(tell(calendar, ...YEAR)).rejects.toThrow('HTTP 500');
    expect(server.requests).toHaveLength(1);
    server.answer = (_, response) => response.end(A);
    await context.clock.advance(MINUTE);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    await calendar.close?.();
  });

  it.each<[string, Parameters<typeof serve>[0], object, string, string]>([
    ['that is refused', (_, response) => response.writeHead(403).end(), {}, 'SOURCE_REFUSED', 'HTTP 403'],
    ['that is not there', (_, response) => response.writeHead(404).end(), {}, 'SOURCE_MISSING', 'HTTP 404'],
    ['that is a web page', (_, response) => response.end('<html>Log in</html>'), {}, 'SOURCE_FAILED', 'web page'],
    ['that is empty', (_, response) => response.end(), {}, 'SOURCE_EMPTY', 'empty'],
    ['that never answers', () => undefined, { timeout: '200ms' }, 'SOURCE_UNREACHABLE', 'no whole answer within 200ms'],
    [
      'that comes a byte at a time',
      (_, response) => {
        const drip = setInterval(() => response.write('B'), 20);
        response.on('close', () => clearInterval(drip));
      },
      { timeout: '200ms' },
      'SOURCE_UNREACHABLE',
      'no whole answer within 200ms',
    ],
    ['that is too large', (_, response) => response.end(A.padEnd(3_000, ' ')), { maxSize: 2_000 }, 'SOURCE_FAILED', 'more than 2000 bytes'],
    [
      'that unpacks to what is too large',
      (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(1_000_000, 32))),
      { maxSize: 2_000 },
      'SOURCE_FAILED',
      'more than 2000 bytes',
    ],
    [
      'that is cut off',
      (_, response) => {
        response.setHeader('content-length', 5_000).write(A.slice(0, 60));
        setTimeout(() => response.destroy(), 50);
      },
      {},
      'SOURCE_UNREACHABLE',
      'aborted',
    ],
    [
      'that is damaged gzip',
      (_, response) => response.setHeader('content-encoding', 'gzip').end('no gzip'),
      {},
      'SOURCE_UNREACHABLE',
      'incorrect header',
    ],
    [
      'that leads in circles',
      (_, response) => response.writeHead(302, { location: '/again' }).end(),
      {},
      'SOURCE_FAILED',
      'more than 5 redirects',
    ],
    [
      'that leads nowhere',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      {},
      'SOURCE_FAILED',
      'redirects to file:',
    ],
  ])('%s is told', async (_, answer, options, code, says) => {
    const server = await serve(answer);
    const calendar = make(ical, { urls: [server.url], ...options });
    await expect(tell(calendar, ...YEAR)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
    await calendar.close?.();
  });

  it('that is damaged later leaves the last good copy', async () => {
    const server = await serve((_, response) => response.end(A));
    const context = surroundings();
    const calendar = make(ical, { urls: [server.url] }, context);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    server.answer = (_, response) => response.end(B.slice(0, 150));
    await context.clock.advance(HOUR);
    await tell(calendar, ...YEAR);
    await until(() => context.complaints().length === 1);
    expect(context.complaints()[0]).toMatch(/last good copy stands .*damaged or cut off/);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    await calendar.close?.();
  });

  it('is unpacked, found behind redirects, and told secrets at its own address alone', async () => {
    process.env['AUSPEX_TEST_KEY'] = 's3cret';
    const target = await serve((_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(A)));
    const server = await serve(({ url }, response) =>
      response.writeHead(302, { location: url === '/' ? '/next' : `${target.url}/there` }).end(),
    );
    const calendar = make(ical, {
      urls: [server.url],
      tokenEnv: 'AUSPEX_TEST_KEY',
      headers: { 'x-who': 'me' },
      headersEnv: { 'x-key': 'AUSPEX_TEST_KEY' },
    });
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    for (const { headers } of server.requests)
      expect(headers).toMatchObject({ authorization: 'Bearer s3cret', 'x-key': 's3cret', 'x-who': 'me' });
    expect(server.requests).toHaveLength(2);
    expect(target.requests).toHaveLength(1);
    for (const name of ['authorization', 'x-key', 'x-who']) expect(target.requests[0]?.headers).not.toHaveProperty(name);
    await calendar.close?.();
    delete process.env['AUSPEX_TEST_KEY'];
    expect(() => make(ical, { urls: [server.url], headersEnv: { 'x-key': 'AUSPEX_TEST_KEY' } })).toThrow(
      'ical.headersEnv.x-key: the environment variable AUSPEX_TEST_KEY is empty',
    );
  });

  it('is fetched once in a replay, whose clock is not the server’s', async () => {
    const server = await serve((_, response) => response.end(A));
    const context = surroundings({}, Date.UTC(2020, 0, 1));
    const calendar = make(ical, { urls: [server.url] }, context);
    for (let step = 0; step < 20; step++) {
      expect(await tell(calendar, ...YEAR)).toHaveLength(1);
      await context.clock.advance(HOUR);
      // As long as a request that should not be made would take.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(server.requests).toHaveLength(1);
    await calendar.close?.();
  });

  it('works without a store, and with a copy in it that cannot be read', async () => {
    const server = await serve((_, response) => response.end(A));
    const refuse = async () => {
      throw new Error('no store');
    };
    const none = make(
      ical,
      { urls: [server.url] },
      surroundings({ store: { get: refuse, batch: refuse, compareAndSet: refuse } as never }),
    );
    expect(await tell(none, ...YEAR)).toHaveLength(1);
    await none.close?.();
    const store = new MapStore();
    const first = make(ical, { urls: [server.url] }, surroundings({ store }));
    await tell(first, ...YEAR);
    await until(() => store.map.size === 1);
    await first.close?.();
    for (const key of store.map.keys()) store.map.set(key, new Uint8Array([1, 2, 3]));
    const second = make(ical, { urls: [server.url] }, surroundings({ store }));
    expect(await tell(second, ...YEAR)).toHaveLength(1);
    await second.close?.();
  });

  it('that is under way is broken off by close', async () => {
    const server = await serve(() => undefined);
    const calendar = make(ical, { urls: [server.url] });
    const asked = tell(calendar, ...YEAR).catch((error: Error) => error.message);
    await until(() => server.requests.length === 1);
    await calendar.close?.();
    expect(await asked).toBe('closed');
  });

  it('of webcal is fetched by TLS', async () => {
    const server = await serve((_, response) => response.end(A));
    const calendar = make(ical, { urls: [server.url.replace('http:', 'webcal:')], timeout: '2s' });
    await expect(tell(calendar, ...YEAR)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('https://127.0.0.1'),
    });
    expect(server.requests).toHaveLength(0);
    await calendar.close?.();
  });
});

describe('an API', () => {
  const WINDOW = 28 * DAY;
  /** Events of the window that is asked for; a sale goes over the end of one. */
  const api = () =>
    serve(({ url }, response) => {
      const { searchParams } = new URL(url ?? '', 'http://x');
      const [from, to] = [searchParams.get('from'), searchParams.get('to')].map((text) => Date.parse(text ?? ''));
      const all = Array.from({ length: 200 }, (_, week) => ({
        id: `w${week}`,
        name: 'Weekly',
        start: new Date(Date.UTC(2026, 0, 5) + week * 7 * DAY).toISOString(),
        duration: '3d',
      }));
      const within = all.filter(({ start }) => Date.parse(start) < (to as number) && Date.parse(start) + 3 * DAY > (from as number));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ events: within }));
    });

  it('is asked for whole windows, each once', async () => {
    const server = await api();
    const context = surroundings();
    const calendar = make(httpCalendar, { url: `${server.url}/plan?team=a` }, context);
    const from = Date.UTC(2026, 1, 1);
    for (let step = 0; step < 50; step++) await calendar.between(from + step * MINUTE, from + step * MINUTE + HOUR);
    expect(server.requests).toHaveLength(1);
    const { pathname, searchParams } = new URL(server.requests[0]?.url ?? '', 'http://x');
    const begin = Math.floor(from / WINDOW) * WINDOW;
    expect(pathname).toBe('/plan');
    expect(Object.fromEntries(searchParams)).toEqual({
      team: 'a',
      from: new Date(begin).toISOString(),
      to: new Date(begin + WINDOW).toISOString(),
    });
    expect(server.requests[0]?.headers.accept).toBe('application/json');
    const quarter = await between(calendar, '2026-02-01T00:00Z', '2026-05-01T00:00Z');
    expect(quarter.map(({ id }) => id)).toEqual(Array.from({ length: 13 }, (_, i) => `w${i + 4}`));
    await calendar.close?.();
  });

  it('that is gone leaves what it said of each window, after a restart too, and forgets windows that are past', async () => {
    const server = await api();
    const store = new MapStore();
    const now = Date.now();
    const context = surroundings({ store }, now);
    const calendar = make(httpCalendar, { url: server.url }, context);
    const old = await calendar.between(now - 5 * WINDOW, now - 5 * WINDOW + HOUR);
    const events = await calendar.between(now, now + 2 * WINDOW);
    expect(events.length).toBeGreaterThan(5);
    await until(() => store.map.size === 3);
    await calendar.close?.();
    await server.close();
    const again = make(httpCalendar, { url: server.url }, surroundings({ store }, now));
    expect(await again.between(now, now + 2 * WINDOW)).toEqual(events);
    await until(() => store.map.size === 3);
    await expect((async () => again.between(now - 5 * WINDOW, now - 5 * WINDOW + HOUR))()).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
    expect(old.length).toBeLessThan(2);
    await again.close?.();
  });

  it('may be asked by other names, or for all at once; names what is wrong in its answer', async () => {
    const server = await serve((_, response) => response.end(JSON.stringify([{ id: 'a', name: 'A', start: '2026-01-05' }, { name: 'B' }])));
    const context = surroundings();
    const named = make(httpCalendar, { url: server.url, fromParam: 'timeMin', toParam: 'timeMax' });
    expect(await tell(named, '2026-01-05T12:00Z', '2026-01-05T13:00Z')).toHaveLength(1);
    expect(server.requests[0]?.url).toMatch(/\?timeMin=.*&timeMax=/);
    const whole = make(httpCalendar, { url: server.url, whole: true, zone: 'Asia/Tokyo' }, context);
    expect(await tell(whole, ...YEAR)).toEqual(['a 2026-01-04T15:00Z 2026-01-05T15:00Z']);
    expect(server.requests.at(-1)?.url).toBe('/');
    expect(context.complaints()).toEqual([expect.stringContaining('events[1].start')]);
    await named.close?.();
    await whole.close?.();
  });
});

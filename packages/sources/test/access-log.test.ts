import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { accessLog, accessLogConfig, accessLogStdin, accessLogStdinConfig } from '@auspex/sources';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessLogParser, accessLogStream } from '../src/access-log/index.ts';
import { batches, context, events, failure, file, folder, type Logged, resumesEverywhere } from './tools.ts';

const line = (second: number, request = 'GET /a/b?q=1 HTTP/1.1', status = 200, host = 'h.example.com') =>
  `${host} - - [17/May/2015:10:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} +0000] "${request}" ${status} 12\n`;

const open = (options: Record<string, unknown>, logged: Logged[] = []) =>
  accessLog.create(accessLogConfig.parse(options), context(logged)) as ReturnType<typeof accessLog.create>;

function parse(text: string) {
  return accessLogParser('p')(text, 0, text.length, false);
}

describe('one line', () => {
  test('Common Log Format, with every property of the event in the agreed order', () => {
    const event = parse('h.example.com - - [01/Aug/1995:02:00:00 -0400] "GET /a/b.gif?x=1 HTTP/1.0" 200 1713');
    expect(event).toEqual({
      at: Date.UTC(1995, 7, 1, 6),
      kind: 'request',
      group: '',
      pop: 'p',
      outcome: 'served',
      attempt: 1,
      count: 1,
      weight: 1,
      bytes: 1713,
      user: 'h.example.com',
      sessionStart: false,
      resource: '/a/b.gif',
      ip: 'h.example.com',
    });
    expect(Object.keys(event as object).join()).toBe(
      'at,kind,group,pop,outcome,attempt,count,weight,bytes,user,accessLevel,session,sessionStart,sessionMs,resource,feature,country,ip,agent',
    );
  });

  test.each([
    [
      'combined',
      '1.2.3.4 - ann [17/May/2015:10:05:03 +0230] "POST /x HTTP/1.1" 503 - "http://r/" "Mozilla \\"5\\""',
      {
        ip: '1.2.3.4',
        user: 'ann',
        at: Date.UTC(2015, 4, 17, 7, 35, 3),
        outcome: 'throttled',
        bytes: 0,
        agent: 'Mozilla \\"5\\"',
        resource: '/x',
      },
    ],
    [
      'vhost before, fields after',
      'www.example.com:443 9.9.9.9 - - [17/May/2015:10:05:03 +0000] "GET /x HTTP/1.1" 504 7 "-" "ua" 0.003 extra',
      { ip: '9.9.9.9', user: '9.9.9.9', outcome: 'timed-out', agent: 'ua', bytes: 7 },
    ],
    [
      'vhost and user',
      'v 9.9.9.9 - bob [17/May/2015:10:05:03 +0000] "GET /x HTTP/1.1" 500 7',
      { ip: '9.9.9.9', user: 'bob', outcome: 'failed' },
    ],
    [
      'user with a space',
      '9.9.9.9 - bob lee [17/May/2015:10:05:03 +0000] "GET /x HTTP/1.1" 404 7',
      { ip: '9.9.9.9', user: 'bob lee', outcome: 'served' },
    ],
    [
      'quotes in the request',
      'h - - [17/May/2015:10:05:03 +0000] "GET /a"b" c HTTP/1.1" 429 7',
      { resource: '/a"b"', outcome: 'throttled' },
    ],
    ['no request', 'h - - [17/May/2015:10:05:03 +0000] "-" 408 0', { resource: '', outcome: 'timed-out' }],
    ['no protocol', 'h - - [17/May/2015:10:05:03 +0000] "GET /only" 200 0', { resource: '/only' }],
    ['whole address', 'h - - [17/May/2015:10:05:03 +0000] "GET http://x.org/p/q?r HTTP/1.1" 200 0', { resource: '/p/q' }],
    ['IPv6', '::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1', { ip: '::1' }],
    ['UTF-8', Buffer.from('h - é [17/May/2015:10:05:03 +0000] "GET /ü HTTP/1.1" 200 1').toString('latin1'), { user: 'é', resource: '/ü' }],
  ])('%s', (_name, text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  test.each([
    'nonsense',
    'h - - [32/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1',
    'h - - [31/Apr/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1',
    'h - - [17/Mai/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1',
    'h - - [17/May/2015:24:05:03 +0000] "GET / HTTP/1.1" 200 1',
    'h - - [17/May/2015:10:05:63 +0000] "GET / HTTP/1.1" 200 1',
    'h - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 20 1',
    'h - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1"',
    'h [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1',
    'h - - [17/May/2015:10:05:03 +0000]',
  ])('is malformed: %s', (text) => {
    expect(typeof parse(text)).toBe('string');
  });

  test('no text makes the parser throw or read beyond its end', () => {
    const good = line(1).trimEnd();
    const cut = fc.tuple(fc.nat(good.length), fc.string()).map(([at, rest]) => good.slice(0, at) + rest);
    fc.assert(
      fc.property(fc.oneof(fc.string(), cut), (text) => {
        const parser = accessLogParser('');
        const alone = parser(text, 0, text.length, true);
        const within = parser(`${text}\n${good}`, 0, text.length, true);
        expect(within).toEqual(alone);
      }),
    );
  });

  test('times equal those of Date over any minute', () => {
    const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
    const parser = accessLogParser('');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), fc.constantFrom('+0000', '-0400', '+0530'), (second, offset) => {
        const date = new Date(second * 1000);
        const two = (n: number) => String(n).padStart(2, '0');
        const text = `h - - [${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${offset}] "G /" 200 1`;
        const shift = { '+0000': 0, '-0400': -240, '+0530': 330 }[offset] as number;
        expect(parser(text, 0, text.length, true)).toMatchObject({ at: second * 1000 - shift * 60_000 });
      }),
    );
  });
});

describe('files', () => {
  test('resumes from every batch, over malformed lines, blank lines, CRLF, UTF-8 and a missing last newline', async () => {
    const text = Array.from({ length: 50 }, (_, i) => {
      if (i % 7 === 3) return 'broken\n';
      if (i % 11 === 5) return '\r\n';
      return i % 5 === 0 ? line(i, 'GET /ünï HTTP/1.1').replace('\n', '\r\n') : line(i);
    }).join('');
    const at = file('a.log', `\uFEFF${text}`.trimEnd());
    expect(await resumesEverywhere(() => open({ files: [at], batch: 3 }))).toBeGreaterThan(10);
    const all = await batches(open({ files: [at], batch: 3 }));
    expect(all.reduce((n, b) => n + (b.malformed ?? 0), 0)).toBe(7);
    expect(all.at(-1)?.end).toBe(true);
    expect(JSON.parse(all.at(-1)?.position ?? '')).toMatchObject({ file: at, offset: readFileSync(at).length });
    expect((await events(open({ files: [at] }))).some((event) => event.resource === '/ünï')).toBe(true);
  });

  test('gzip gives the same events as the plain file, and resumes', async () => {
    const text = Array.from({ length: 40 }, (_, i) => line(i)).join('');
    const plain = file('a.log', text);
    const packed = file('a.log.gz', Buffer.concat([gzipSync(text.slice(0, 700)), gzipSync(text.slice(700))]));
    expect(await events(open({ files: [packed] }))).toEqual(await events(open({ files: [plain] })));
    await resumesEverywhere(() => open({ files: [packed], batch: 7 }));
  });

  test('a pattern reads its files sorted by name as one partition', async () => {
    const at = folder();
    for (const [name, second] of [
      ['b.log', 2],
      ['a.log', 1],
      ['c.txt', 3],
    ] as const)
      writeFileSync(path.join(at, name), line(second));
    const all = await batches(open({ files: [path.join(at, '*.log')] }));
    expect(all.flatMap((b) => b.events).map((e) => e.at % 60_000)).toEqual([1000, 2000]);
    expect(new Set(all.map((b) => b.partition)).size).toBe(1);
    await resumesEverywhere(() => open({ files: [path.join(at, '*.log')], batch: 1 }));
  });

  test('a line over 1 MB is one malformed record', async () => {
    const logged: Logged[] = [];
    const at = file('a.log', `${line(1)}${'x'.repeat(2_000_000)}\n${line(2)}`);
    const all = await batches(open({ files: [at] }, logged));
    expect(all.flatMap((b) => b.events)).toHaveLength(2);
    expect(all.reduce((n, b) => n + (b.malformed ?? 0), 0)).toBe(1);
    expect(logged[0]?.fields.at).toBe(`${at}:2`);
    await resumesEverywhere(() => open({ files: [at], batch: 1 }));
  });

  test('lines longer than a chunk, and across chunks, are whole', async () => {
    const at = file('a.log', Array.from({ length: 6 }, (_, i) => line(i, `GET /${String(i).repeat(200_000)} HTTP/1.1`)).join(''));
    expect((await events(open({ files: [at] }))).map((e) => e.resource?.length)).toEqual(Array(6).fill(200_001));
  });

  test('shows the first five malformed lines, each cut', async () => {
    const logged: Logged[] = [];
    await batches(open({ files: [file('a.log', line(0) + `${'y'.repeat(300)}\n`.repeat(9))] }, logged));
    expect(logged).toHaveLength(5);
    expect(String(logged[0]?.fields.text)).toHaveLength(201);
  });

  test('an aborted reading ends without a further batch', async () => {
    const at = file('a.log', Array.from({ length: 40 }, (_, i) => line(i)).join(''));
    const stop = new AbortController();
    let count = 0;
    for await (const _ of open({ files: [at], batch: 4 }).open({}, stop.signal)) {
      count++;
      stop.abort();
    }
    expect(count).toBe(1);
  });
});

describe('errors', () => {
  test('missing file, pattern without a match, empty file, binary file', async () => {
    const at = folder();
    expect((await failure(open({ files: [path.join(at, 'none')] }))).error).toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      path: path.join(at, 'none'),
    });
    expect((await failure(open({ files: [path.join(at, '*.log')] }))).error.code).toBe('SOURCE_NOT_FOUND');
    expect((await failure(open({ files: [at] }))).error.code).toBe('SOURCE_NOT_FOUND');
    expect((await failure(open({ files: [file('e', '')] }))).error.code).toBe('SOURCE_EMPTY');
    expect((await failure(open({ files: [file('b', 'abc\0def\n')] }))).error.code).toBe('SOURCE_BINARY');
    expect((await failure(open({ files: [file('g', Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]))] }))).error.code).toBe(
      'SOURCE_BINARY',
    );
    expect((await failure(open({ files: [file('z', gzipSync('a\0b'))] }))).error.code).toBe('SOURCE_BINARY');
  });

  test('a position beyond the end, or in another file', async () => {
    const text = line(1) + line(2) + line(3);
    const at = file('a.log', text);
    const [first] = await batches(open({ files: [at], batch: 2 }));
    const from = { [first?.partition as string]: first?.position as string };
    writeFileSync(at, line(1));
    expect((await failure(open({ files: [at] }), from)).error.code).toBe('SOURCE_POSITION_LOST');
    writeFileSync(at, text.replaceAll('h.example', 'i.example'));
    expect((await failure(open({ files: [at] }), from)).error.code).toBe('SOURCE_POSITION_LOST');
    writeFileSync(at, gzipSync(line(1)));
    expect((await failure(open({ files: [at] }), from)).error.code).toBe('SOURCE_POSITION_LOST');
    writeFileSync(at, text);
    expect(await events(open({ files: [at] }), from)).toHaveLength(1);
    expect((await failure(open({ files: [at] }), { [at]: 'junk' })).error.code).toBe('SOURCE_POSITION_LOST');
  });

  test('a truncated gzip file delivers what is readable first', async () => {
    const text = Array.from({ length: 20_000 }, (_, i) => line(i % 3600, `GET /${(i * 7919) % 10_007} HTTP/1.1`))
      .sort()
      .join('');
    const packed = gzipSync(text);
    const at = file('a.gz', packed.subarray(0, Math.floor(packed.length / 2)));
    const { error, events: read } = await failure(open({ files: [at] }));
    expect(error).toMatchObject({ code: 'SOURCE_FAILED', path: at });
    const whole = await events(open({ files: [file('b.gz', packed)] }));
    expect(read.length).toBeGreaterThan(5_000);
    expect(read.length).toBeLessThan(19_000);
    expect(read).toEqual(whole.slice(0, read.length));
  });

  test('no valid record, with a hint', async () => {
    const csvFile = file('a.csv', 'timestamp,group,value\n2024-01-01,a,1\n');
    const { error } = await failure(open({ files: [csvFile] }));
    expect(error).toMatchObject({ code: 'SOURCE_NO_VALID_RECORD', path: `${csvFile}:1` });
    expect(error.message).toContain('timestamp,group,value');
    expect(error.message).toContain('looks like CSV');
    expect((await failure(open({ files: [file('a.json', '{"at":1}\n')] }))).error.message).toContain('looks like JSON');
  });

  test('time running back', async () => {
    const at = file('a.log', line(3599) + line(1) + line(3599).replace(':10:', ':12:') + line(2));
    const { error } = await failure(open({ files: [at] }));
    expect(error).toMatchObject({ code: 'SOURCE_TIME_BACKWARDS', path: `${at}:4` });
    expect(await events(open({ files: [at], maxBackwards: '3h' }))).toHaveLength(4);
    // The highest time outlives a restart.
    const reading = open({ files: [at], batch: 3 })
      .open({}, new AbortController().signal)
      [Symbol.asyncIterator]();
    const { value } = await reading.next();
    await reading.return?.();
    expect((await failure(open({ files: [at] }), { [at]: value.position })).error.code).toBe('SOURCE_TIME_BACKWARDS');
  });
});

test('standard input: any chunking gives the same events, and it cannot be replayed', async () => {
  const text = line(1) + line(2) + line(3).trimEnd();
  const source = accessLogStream(
    () =>
      Readable.from(
        Buffer.from(text)
          .toString()
          .match(/.{1,9}/gs) as string[],
      ),
    accessLogStdinConfig.parse({}),
    context(),
  );
  expect(await events(source)).toHaveLength(3);
  expect(accessLogStdin.capabilities.replayable).toBe(false);
  expect((await failure(accessLogStream(() => Readable.from([]), accessLogStdinConfig.parse({}), context()))).error.code).toBe(
    'SOURCE_EMPTY',
  );
});

const nasa = fileURLToPath(new URL('../../../../shared/data/access_logs/nasa_19950801_clf.log', import.meta.url));
test.skipIf(!existsSync(nasa))('NASA log of 1 August 1995: every line is read (skipped where ../shared/data is absent)', async () => {
  const all = await batches(open({ files: [nasa] }));
  const lines = readFileSync(nasa, 'latin1').split('\n').length - 1;
  expect(lines).toBe(30_969);
  expect(all.flatMap((b) => b.events).length + all.reduce((n, b) => n + (b.malformed ?? 0), 0)).toBe(lines);
  expect(all.reduce((n, b) => n + (b.malformed ?? 0), 0)).toBeLessThan(10);
  expect(all[0]?.events[0]?.at).toBe(Date.UTC(1995, 7, 1, 6));
  expect(all.length).toBe(8);
  const streamed = accessLogStream(() => createReadStream(nasa), accessLogStdinConfig.parse({}), context());
  expect(await events(streamed)).toHaveLength(all.flatMap((b) => b.events).length);
});

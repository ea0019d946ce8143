import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { ndjson, ndjsonConfig, ndjsonStdin, ndjsonStdinConfig } from '@auspex/sources';
import { expect, test } from 'vitest';
import { ndjsonStream } from '../src/ndjson/index.ts';
import { batches, context, events, failure, file, type Logged, resumesEverywhere } from './tools.ts';

const open = (given: Record<string, unknown>, logged: Logged[] = []) => ndjson.create(ndjsonConfig.parse(given), context(logged));
const rows = (...list: unknown[]) => list.map((row) => `${JSON.stringify(row)}\n`).join('');

test('own names, dotted paths, HTTP statuses, defaults', async () => {
  const at = file('a.ndjson', rows({ at: 60, group: 'g', outcome: 'failed', count: 2, bytes: 5, user: 7 }, { at: '1970-01-01T00:02:00Z' }));
  expect(await events(open({ files: [at] }))).toMatchObject([
    { at: 60_000, group: 'g', outcome: 'failed', count: 2, bytes: 5, user: '7', kind: 'request', sessionStart: false },
    { at: 120_000, group: '', outcome: 'served', count: 1, weight: 1, bytes: 0, attempt: 1 },
  ]);
  const nested = file('b.ndjson', rows({ t: 1_700_000_000_000, http: { status: 503, path: '/ü' }, 'a.b': 'u' }));
  const fields = { at: 't', outcome: 'http.status', resource: 'http.path', user: 'a.b', group: '__proto__.x' };
  expect(await events(open({ files: [nested], fields }))).toMatchObject([
    { at: 1_700_000_000_000, outcome: 'throttled', resource: '/ü', user: 'u', group: '' },
  ]);
});

test('resumes from every batch, plain and gzip', async () => {
  const text = Array.from({ length: 40 }, (_, i) => (i % 9 === 4 ? '{"at":\n' : rows({ at: i, resource: `/é/${i}` }))).join('');
  for (const at of [file('a', text), file('a.gz', gzipSync(text))])
    expect(await resumesEverywhere(() => open({ files: [at], batch: 3 }))).toBeGreaterThan(10);
});

test.each([
  ['no JSON', '{'],
  ['no object', '[1]'],
  ['null', 'null'],
  ['no time', '{"group":"g"}'],
  ['a time that is none', '{"at":"yesterday"}'],
  ['a negative count', '{"at":1,"count":-1}'],
  ['a count that is none', '{"at":1,"count":"many"}'],
  ['attempt zero', '{"at":1,"attempt":0}'],
  ['an outcome that is none', '{"at":1,"outcome":"maybe"}'],
])('malformed: %s', async (_name, bad) => {
  const logged: Logged[] = [];
  const at = file('a', `${bad}\n{"at":1}\n`);
  const all = await batches(open({ files: [at] }, logged));
  expect(all[0]).toMatchObject({ malformed: 1 });
  expect(logged[0]?.fields.at).toBe(`${at}:1`);
});

test('errors as with other sources', async () => {
  const none = file('a', 'a,b,c\n1,2,3\n');
  const { error } = await failure(open({ files: [none] }));
  expect(error).toMatchObject({ code: 'SOURCE_NO_VALID_RECORD', path: `${none}:1` });
  expect(error.message).toContain('looks like CSV');
  const local = file('b', `{"at":"2024-01-01T00:00:00Z"}\n{"at":"2024-01-01T00:00:00"}\n`);
  expect((await failure(open({ files: [local] }))).error).toMatchObject({ code: 'ZONE_MISSING', path: `${local}:2` });
  expect(await events(open({ files: [local], zone: 'UTC' }))).toHaveLength(2);
  const back = file('c', rows({ at: 7200 }, { at: 3599 }));
  expect((await failure(open({ files: [back] }))).error).toMatchObject({ code: 'SOURCE_TIME_BACKWARDS', path: `${back}:2` });
  expect((await failure(open({ files: [file('d', '\n\n')] }))).error.code).toBe('SOURCE_EMPTY');
});

test('standard input', async () => {
  const stream = ndjsonStream(
    () => Readable.from([Buffer.from('{"at":1}\n{"a'), Buffer.from('t":2}')]),
    ndjsonStdinConfig.parse({}),
    context(),
  );
  expect((await events(stream)).map((e) => e.at)).toEqual([1000, 2000]);
  expect(ndjsonStdin.capabilities).toEqual({ replayable: false, silence: 'zero' });
});

test('standard input that stays silent ends on abort', async () => {
  const stop = new AbortController();
  const stream = new Readable({ read() {} });
  const source = ndjsonStream(() => stream, ndjsonStdinConfig.parse({}), context());
  const reading = source.open({}, stop.signal)[Symbol.asyncIterator]();
  const next = reading.next();
  stop.abort();
  expect((await next).done).toBe(true);
});

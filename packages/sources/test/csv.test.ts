import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type CsvOptions, csv, csvConfig, inspectCsv } from '@auspex/sources';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batches, context, events, failure, file, type Logged, resumesEverywhere } from './tools.ts';

const options = (given: Record<string, unknown>): CsvOptions => csvConfig.parse(given);
const open = (given: Record<string, unknown>, logged: Logged[] = []) => csv.create(options({ value: 'value', ...given }), context(logged));
const hour = 3_600_000;

test('reads columns, quotes, BOM, CRLF and UTF-8', async () => {
  const at = file(
    'a.csv',
    '\uFEFF"timestamp",group,value,"who, exactly"\r\n2024-01-01 00:00:00,"Köln, ""West""",3,u1\r\n\r\n2024-01-01T01:00:00,"two\r\nlines",4.5,\r\n',
  );
  const [first, second] = await events(open({ files: [at], zone: 'UTC', group: 'group', user: 'who, exactly', pop: undefined }));
  expect(first).toMatchObject({ at: Date.UTC(2024, 0, 1), group: 'Köln, "West"', count: 3, user: 'u1', kind: 'request', pop: '' });
  expect(second).toMatchObject({ at: Date.UTC(2024, 0, 1, 1), group: 'two\r\nlines', count: 4.5 });
  expect(second?.user).toBeUndefined();
});

test.each([
  ['Z', '2024-01-01T00:00:00Z'],
  ['offset', '2024-01-01 02:00:00+02:00'],
  ['seconds', '1704067200'],
  ['milliseconds', '1704067200000'],
  ['fraction', '2024-01-01T00:00:00.000Z'],
])('times that carry their zone need none: %s', async (_name, text) => {
  expect((await events(open({ files: [file('a.csv', `timestamp,value\n${text},1\n`)] })))[0]?.at).toBe(1704067200000);
});

test('other delimiters, a group name, rows that count one', async () => {
  const at = file('a.csv', 'timestamp;value;feature\n0;7;search\n60;8;\n');
  expect(await events(csv.create(options({ files: [at], groupName: 'g', feature: 'feature' }), context()))).toMatchObject([
    { at: 0, group: 'g', count: 1, feature: 'search' },
    { at: 60_000, group: 'g', count: 1 },
  ]);
});

test('gaps, watermark, end; the period is inferred or given', async () => {
  const at = file('a.csv', 'timestamp,value\n0,1\n60,1\n60,2\n240,1\n300,1\n');
  const all = await batches(open({ files: [at] }));
  expect(all.flatMap((b) => b.gaps ?? [])).toEqual([{ from: 120_000, to: 240_000 }]);
  expect(all.at(-1)).toMatchObject({ end: true, watermark: 360_000 });
  expect((await batches(open({ files: [at], every: '5m' }))).flatMap((b) => b.gaps ?? [])).toEqual([]);
  expect(await inspectCsv(options({ files: [at], value: 'value' }))).toEqual({ every: 60_000, header: ['timestamp', 'value'], first: 0 });
});

test('resumes from every batch: gaps, malformed rows, quoted newlines, repeated hours, gzip', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => {
    if (i === 13) return 'x,bad\n';
    if (i === 14) return '1,2\n'.replace('1,2', 'short');
    return `${i * 60 + (i > 30 ? 600 : 0)},"a\nb ${i} é",${i}\n`;
  });
  const text = `timestamp,group,value\n${rows.join('')}`;
  for (const at of [file('a.csv', text), file('a.csv.gz', gzipSync(text))]) {
    expect(await resumesEverywhere(() => open({ files: [at], group: 'group', batch: 4 }))).toBeGreaterThan(12);
    expect(await events(open({ files: [at], group: 'group' }))).toHaveLength(58);
    await resumesEverywhere(() => open({ files: [at], group: 'group', batch: 7, order: 'sort' }));
  }
  const night = ['00:00', '01:00', '02:00', '02:00', '03:00', '04:00'].flatMap((time) => [
    `2024-10-27 ${time},a,1`,
    `2024-10-27 ${time},b,1`,
  ]);
  const at = file('n.csv', `timestamp,group,value\n${night.join('\n')}\n`);
  for (const batch of [1, 2, 3]) await resumesEverywhere(() => open({ files: [at], group: 'group', zone: 'Europe/Berlin', batch }));
});

describe('clock changes in Europe/Berlin', () => {
  const berlin = (times: string[], more = {}) =>
    open({ files: [file('a.csv', `timestamp,group,value\n${times.join('\n')}\n`)], zone: 'Europe/Berlin', group: 'group', ...more });

  test('the second pass of the repeated hour is the second instant, without a gap', async () => {
    const times = ['01:00', '01:30', '02:00', '02:30', '02:00', '02:30', '03:00'].map((time) => `2024-10-27 ${time}:00,a,1`);
    const all = await batches(berlin(times));
    const start = Date.UTC(2024, 9, 26, 23);
    expect(all.flatMap((b) => b.events).map((e) => (e.at - start) / hour)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3]);
    expect(all.flatMap((b) => b.gaps ?? [])).toEqual([]);
  });

  test('hourly rows of several groups, in order and sorted', async () => {
    const times = ['01:00', '02:00', '02:00', '03:00'].flatMap((time) => [`2024-10-27 ${time},a,1`, `2024-10-27 ${time},b,1`]);
    const start = Date.UTC(2024, 9, 26, 23);
    const expected = [0, 0, 1, 1, 2, 2, 3, 3];
    expect((await events(berlin(times))).map((e) => (e.at - start) / hour)).toEqual(expected);
    const grouped = [...times.filter((t) => t.includes(',a')), ...times.filter((t) => t.includes(',b'))];
    expect((await events(berlin(grouped, { order: 'sort' }))).map((e) => (e.at - start) / hour)).toEqual(expected);
  });

  test('a time in the missing hour is malformed', async () => {
    const logged: Logged[] = [];
    const at = file('a.csv', 'timestamp,value\n2024-03-31 01:00,1\n2024-03-31 02:00,1\n2024-03-31 03:00,1\n');
    const all = await batches(open({ files: [at], zone: 'Europe/Berlin' }, logged));
    expect(all[0]).toMatchObject({ malformed: 1 });
    expect(all[0]?.events).toHaveLength(2);
    expect(all[0]?.gaps).toBeUndefined();
    expect(String(logged[0]?.fields.reason)).toContain('clocks went forward');
    expect(logged[0]?.fields.at).toBe(`${at}:3`);
  });

  test('half-hourly local times of a whole year give each instant once', async () => {
    const from = Date.UTC(2024, 0, 1);
    const format = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'medium' });
    const instants = Array.from({ length: 366 * 48 }, (_, i) => from + i * 1_800_000);
    const times = instants.map((at) => `${format.format(at)},a,1`);
    expect((await events(berlin(times))).map((e) => e.at)).toEqual(instants);
  });
});

describe('errors', () => {
  test('zones', async () => {
    const at = file('a.csv', 'timestamp,value\n2024-01-01 00:00,1\n');
    expect((await failure(open({ files: [at] }))).error).toMatchObject({ code: 'ZONE_MISSING', path: `${at}:2` });
    expect(() => open({ files: [at], zone: 'Mars/Base' }).open({}, new AbortController().signal)).toThrow(
      expect.objectContaining({ code: 'ZONE_UNKNOWN' }),
    );
  });

  test('columns: the header and the nearest name', async () => {
    const { error } = await failure(open({ files: [file('a.csv', 'timestamp,valeu\n0,1\n')] }));
    expect(error.code).toBe('SOURCE_COLUMN_MISSING');
    expect(error.message).toContain('timestamp, valeu');
    expect(error.message).toContain('did you mean "valeu"');
  });

  test('time running back names both times; sort accepts it', async () => {
    const at = file('a.csv', 'timestamp,value\n60,1\n0,2\n');
    const { error } = await failure(open({ files: [at] }));
    expect(error).toMatchObject({ code: 'SOURCE_TIME_BACKWARDS', path: `${at}:3` });
    expect(error.message).toContain('1970-01-01T00:01:00');
    expect(error.message).toContain('1970-01-01T00:00:00');
    expect((await events(open({ files: [at], order: 'sort' }))).map((e) => e.count)).toEqual([2, 1]);
  });

  test('malformed values are counted; mostly malformed is an error naming the column', async () => {
    const few = file('a.csv', 'timestamp,value\n0,1\n60,-1\n120,x\n180,\n240,Infinity\n300,1\n360,2\n420,3\n480,4\n540,5\n');
    expect((await batches(open({ files: [few] })))[0]).toMatchObject({ malformed: 4 });
    const most = file('b.csv', 'timestamp,value\n0,one\n60,two\n120,3\n');
    const { error } = await failure(open({ files: [most] }));
    expect(error).toMatchObject({ code: 'SOURCE_NO_VALID_RECORD', path: `${most}:2` });
    expect(error.message).toContain('column value');
  });

  test('empty, header only, missing, binary, truncated gzip', async () => {
    expect((await failure(open({ files: [file('a', '')] }))).error.code).toBe('SOURCE_EMPTY');
    expect((await failure(open({ files: [file('a', 'timestamp,value\n')] }))).error.code).toBe('SOURCE_EMPTY');
    expect((await failure(open({ files: ['/nowhere/a.csv'] }))).error.code).toBe('SOURCE_NOT_FOUND');
    expect((await failure(open({ files: [file('a', 'a\0')] }))).error.code).toBe('SOURCE_BINARY');
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i * 60},${(i * 7919) % 10_007}\n`).join('');
    const packed = gzipSync(`timestamp,value\n${rows}`);
    const { error, events: read } = await failure(open({ files: [file('a.gz', packed.subarray(0, packed.length / 2))] }));
    expect(error.code).toBe('SOURCE_FAILED');
    expect(read.length).toBeGreaterThan(10_000);
  });

  test('an unclosed quote costs its line, not the rest of the file', async () => {
    const all = await batches(open({ files: [file('a.csv', 'timestamp,value,group\n0,1,x\n60,2,"y\n120,3,z\n180,4,z\n')] }));
    expect(all.flatMap((b) => b.events).map((e) => e.at)).toEqual([0, 120_000, 180_000]);
    expect(all.reduce((n, b) => n + (b.malformed ?? 0), 0)).toBe(1);
  });

  test('a file that became shorter, rows that went away when sorting', async () => {
    const long = file('a.csv', 'timestamp,value\n0,1\n60,1\n120,1\n');
    for (const order of ['strict', 'sort']) {
      const all = await batches(open({ files: [long], order }));
      const saved = (all[0] as { position: string }).position.replace(/"offset":(\d+)/, '"offset":1000');
      expect((await failure(open({ files: [long], order }), { [long]: saved })).error.code).toBe('SOURCE_POSITION_LOST');
    }
  });
});

test('fields of any text come back as they were', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((s) => s === s.trim() && !s.includes('\r')),
        { minLength: 1, maxLength: 20 },
      ),
      async (texts) => {
        const quoted = texts.map((text, i) => `${i * 60},"${text.replaceAll('"', '""')}",${i}\n`);
        const at = file('a.csv', `timestamp,group,value\n${quoted.join('')}`);
        const read = await events(open({ files: [at], group: 'group', batch: 3 }));
        expect(read.map((e) => e.group)).toEqual(texts);
        expect(read.map((e) => e.count)).toEqual(texts.map((_, i) => i));
      },
    ),
    { numRuns: 60 },
  );
});

const data = (name: string) => fileURLToPath(new URL(`../../../../shared/data/${name}`, import.meta.url));
const tlds = data('access_logs/nasa_19950801_by_tld_1min.csv');
test.skipIf(!existsSync(tlds))('a prepared table of 1 minute is read whole (skipped where ../shared/data is absent)', async () => {
  const given = { files: [tlds], group: 'group', zone: '-04:00' };
  const all = await batches(open(given));
  expect(all.flatMap((b) => b.gaps ?? [])).toEqual([]);
  expect(all.reduce((n, b) => n + b.events.reduce((m, e) => m + (e.count ?? 1), 0), 0)).toBeGreaterThan(10_000);
  expect((await inspectCsv(options({ ...given, value: 'value' }))).every).toBe(60_000);
});

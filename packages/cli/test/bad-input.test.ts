import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { auspex, csvText, folder, logLine, logText, random, write } from './tools.ts';

const ROOT = process.getuid?.() === 0;
const cwd = folder();
const backtest = (...args: string[]): ReturnType<typeof auspex> => auspex(cwd, ['backtest', '--no-html', ...args]);

beforeAll(() => {
  const next = random(7);
  write(cwd, 'ok.csv', csvText(300));
  write(cwd, 'nozone.csv', csvText(50, { offset: '' }));
  write(cwd, 'nocolumn.csv', csvText(50, { header: 'when,value' }));
  const rows = csvText(50).split('\n');
  [rows[20], rows[30]] = [rows[30] as string, rows[20] as string];
  write(cwd, 'back.csv', rows.join('\n'));
  write(cwd, 'empty.csv', '');
  write(cwd, 'header.csv', 'timestamp,value\n');
  write(cwd, 'one.csv', csvText(1));
  write(
    cwd,
    'binary.dat',
    Uint8Array.from({ length: 9000 }, () => Math.floor(256 * next())),
  );
  write(cwd, 'ok.log', logText(1800));
  write(cwd, 'empty.log', '');
  write(cwd, 'one.log', logLine(1));
  write(cwd, 'back.log', logText(7200).split('\n').reverse().join('\n'));
  const packed = gzipSync(logText(7200));
  write(cwd, 'cut.log.gz', packed.subarray(0, packed.length / 2));
  write(cwd, 'long.log', `${logText(900)}${'x'.repeat(2_000_000)}\n${logText(1800).slice(logText(900).length)}`);
  write(cwd, 'prose.txt', 'not a table\nat all\n');
  write(cwd, 'bad.ndjson', 'not json\n');
  mkdirSync(path.join(cwd, 'folder'));
});

/** Command line, exit code, and what the error has to say: what, where, what to do. */
const CASES: readonly (readonly [what: string, args: readonly string[], code: number, says: readonly string[]])[] = [
  ['a CSV without the column', ['nocolumn.csv'], 4, ['SOURCE_COLUMN_MISSING', 'nocolumn.csv:1', '"timestamp"', 'when, value', '--time']],
  ['a column that is not there', ['ok.csv', '--value', 'valu'], 4, ['SOURCE_COLUMN_MISSING', 'did you mean "value"', '--value']],
  ['a log read as CSV', ['ok.log', '--format', 'csv'], 4, ['SOURCE_COLUMN_MISSING', 'looks like an access log']],
  ['time going backwards in a CSV', ['back.csv'], 4, ['SOURCE_TIME_BACKWARDS', 'back.csv:22', '--order sort']],
  ['time going backwards in a log', ['back.log'], 4, ['SOURCE_TIME_BACKWARDS', 'back.log:', 'oldest first']],
  ['an empty CSV', ['empty.csv'], 4, ['SOURCE_EMPTY', 'empty.csv', 'at least one record']],
  ['an empty log', ['empty.log'], 4, ['SOURCE_EMPTY', 'empty.log']],
  ['a header without rows', ['header.csv'], 4, ['SOURCE_EMPTY', 'header.csv', 'no row']],
  ['a CSV with one row', ['one.csv'], 4, ['SOURCE_EMPTY', 'one.csv', '1 step of 1m', 'longer trace']],
  ['a log with one line', ['one.log'], 4, ['SOURCE_EMPTY', 'one.log', '1 step of 1m']],
  ['a binary file', ['binary.dat'], 4, ['SOURCE_BINARY', 'binary.dat', 'text file']],
  ['a gzip that is cut off', ['cut.log.gz'], 4, ['SOURCE_FAILED', 'cut.log.gz', 'cut off', 'gzip -dc']],
  ['a table that is none', ['prose.txt'], 4, ['SOURCE_COLUMN_MISSING', 'prose.txt:1']],
  ['a folder', ['folder'], 4, ['SOURCE_NOT_FOUND', 'this is a folder', 'folder/*.log']],
  ['a folder of a named format', ['folder', '--format', 'csv'], 4, ['SOURCE_NOT_FOUND', 'this is a folder']],
  ['no such file', ['nothere.log'], 4, ['SOURCE_NOT_FOUND', 'nothere.log']],
  ['no zone for times without one', ['nozone.csv'], 3, ['ZONE_MISSING', 'nozone.csv:2', '--zone']],
  ['an unknown zone', ['ok.csv', '--zone', 'Mars/Olympus'], 3, ['ZONE_UNKNOWN', 'Mars/Olympus', '--zone Europe/Berlin']],
  ['a step that divides no hour', ['ok.csv', '--step', '7m'], 3, ['STEP_INVALID', '7m', '--step 10s']],
  ['a step that is none', ['ok.csv', '--step', 'soon'], 2, ['--step', '"soon"', '5m']],
  ['formats that differ', ['ok.csv', 'ok.log'], 2, ['ok.log', 'access-log', '--format']],
  ['an unknown format', ['ok.csv', '--format', 'xml'], 2, ['--format', 'access-log, csv or ndjson']],
  ['--from after the end', ['ok.csv', '--from', '2030-01-01'], 2, ['--from', '2030-01-01 00:00 UTC', 'to 2026-01-05 05:00 UTC']],
  ['--from after --to', ['ok.csv', '--from', '95%', '--to', '50%'], 2, ['--from', 'not before --to']],
  ['--from nonsense', ['ok.csv', '--from', '7'], 2, ['--from', '"7" is no time', '60%']],
  ['--unit-rate abc', ['ok.csv', '--unit-rate', 'abc'], 2, ['--unit-rate', '"abc" is no number', '50']],
  ['--unit-rate 0', ['ok.csv', '--unit-rate', '0'], 2, ['--unit-rate', 'not above 0']],
  ['--target 7', ['ok.csv', '--target', '7'], 2, ['--target', 'above 1']],
  ['--min 2.5', ['ok.csv', '--min', '2.5'], 2, ['--min', 'no whole number']],
  ['--min above --max', ['ok.csv', '--min', '9', '--max', '3'], 2, ['--min', 'above --max 3']],
  ['--seed abc', ['ok.csv', '--seed', 'abc'], 2, ['--seed', 'no number']],
  ['--order foo', ['ok.csv', '--order', 'foo'], 2, ['--order', 'strict or sort']],
  ['--delay 5m', ['ok.csv', '--delay', '5m'], 2, ['--delay', '"5m"', '3m,8m']],
  ['--lead-time soon', ['ok.csv', '--lead-time', 'soon'], 2, ['--lead-time', '"soon"', '5m']],
  ['--group-by path:x', ['ok.log', '--group-by', 'path:x'], 2, ['--group-by', 'path:N']],
  ['a journal in no folder', ['ok.csv', '--journal', 'nowhere/j.ndjson'], 2, ['--journal', 'nowhere/j.ndjson', 'ENOENT']],
  ['a folder as journal', ['ok.csv', '--journal', 'folder'], 2, ['--journal', 'folder of this name']],
  ['a report in no folder', ['ok.csv', '--html', 'nowhere/r.html'], 2, ['--html', 'nowhere/r.html', 'may write to']],
];

describe('backtest refuses', () => {
  it.each(CASES)('%s', async (_what, args, code, says) => {
    const ran = await backtest(...args);
    for (const text of says) expect(ran.err).toContain(text);
    expect(ran.code).toBe(code);
    expect(ran.out).toBe('');
    // Two lines: what happened, what to do. No stack.
    expect(ran.err.trimEnd().split('\n')).toHaveLength(2);
    expect(readdirSync(cwd).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it.skipIf(ROOT)('a file that may not be read (skipped as root, who may read everything)', async () => {
    chmodSync(write(cwd, 'secret.csv', csvText(50)), 0);
    const ran = await backtest('secret.csv');
    expect(ran.err).toContain('secret.csv: this user may not read the file');
    expect(ran.code).toBe(4);
  });

  it.skipIf(ROOT)('a folder that may not be written to (skipped as root, who may write everywhere)', async () => {
    mkdirSync(path.join(cwd, 'readonly'), { mode: 0o500 });
    const ran = await backtest('ok.csv', '--html', 'readonly/report.html');
    expect(ran.err).toContain('readonly/report.html cannot be written: EACCES');
    expect(ran.code).toBe(2);
  });
});

describe('backtest bears', () => {
  it('a line of 2 MB: skipped, counted and shown', async () => {
    const ran = await backtest('long.log');
    expect(ran.err).not.toContain('error');
    expect(ran.code).toBe(0);
    expect(ran.out.replace(/\s+/g, ' ')).toContain(
      '1 record could not be read and was skipped; the first: long.log:301: the line holds 2000001 bytes',
    );
  });
});

describe('other commands refuse', () => {
  it.each([
    ['a journal that is not there', ['explain', '--journal', 'nothere.ndjson'], 4, 'nothere.ndjson: there is no such file'],
    ['a folder as journal', ['explain', '--journal', 'folder'], 4, 'folder: this is a folder'],
    ['a file that is no journal', ['explain', '--journal', 'bad.ndjson'], 4, 'bad.ndjson:1: this is no line of a journal'],
    ['--at nonsense', ['explain', '--journal', 'bad.ndjson', '--at', 'nonsense'], 2, '--at: "nonsense" is no time'],
    ['--last nonsense', ['explain', '--journal', 'bad.ndjson', '--last', '0'], 2, '--last: 0 is below 1'],
    ['a folder to learn from', ['profile', '--trace', 'folder'], 4, 'folder: this is a folder'],
    ['an unknown plugin', ['describe', 'hmm-regim'], 3, 'did you mean "hmm-regime"?'],
    ['an unknown mode', ['run', '--mode', 'dead'], 2, '--mode: "dead" is none of shadow, live'],
    ['an unknown choice', ['run', '--decide', 'some'], 2, '--decide: "some" is none of recent, all'],
    ['an unknown level', ['run', '--log-level', 'loud'], 2, '--log-level: "loud" is none of debug'],
    ['deciding the past for real', ['run', '--mode', 'live', '--decide', 'all'], 2, 'past steps are never actuated'],
    ['an unknown type', ['journal', '--type', 'x'], 2, '--type: "x" is none of start'],
    ['an unknown command', ['bogus'], 2, "unknown command 'bogus'"],
    ['an unknown option', ['backtest', '--bogus'], 2, "unknown option '--bogus'"],
    ['nothing at all to replay', ['backtest'], 3, 'neither a trace nor a config was given'],
    ['no config', ['run'], 3, 'no auspex.config.ts'],
  ] as const)('%s', async (_what, args, code, says) => {
    const ran = await auspex(cwd, args);
    expect(ran.err).toContain(says);
    expect(ran.code).toBe(code);
    expect(ran.err).not.toMatch(/\n {4}at /);
  });

  it('leaves no report of a refused backtest', () => {
    expect(existsSync(path.join(cwd, 'auspex-report.html'))).toBe(false);
  });
});

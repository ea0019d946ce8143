import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { measuredSpan } from '../src/span.ts';
import { auspex, BEGIN, csvText, folder, logText, write, yamlConfig } from './tools.ts';

const cwd = folder();
const SEMICOMPLETE = fileURLToPath(new URL('../../../../shared/data/access_logs/semicomplete_2015_combined.log', import.meta.url));

beforeAll(() => {
  write(cwd, 'rates.csv', csvText(300));
  const log = logText(7200);
  const half = log.indexOf('\n', log.length / 2) + 1;
  write(cwd, 'access.log', log);
  write(cwd, 'access.log.gz', gzipSync(log));
  write(cwd, 'one.log', log.slice(0, half));
  write(cwd, 'two.log', log.slice(half));
});

/** What was measured, without the names of files. */
function table(out: string): string {
  return out.slice(out.indexOf('Auspex:'), out.indexOf('note:'));
}

describe('backtest', () => {
  it('prints a report, writes the page and the journal, and says what to do next', async () => {
    const ran = await auspex(cwd, ['backtest', path.join(cwd, 'rates.csv'), '--journal', 'decisions.ndjson']);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^Backtest of rates\.csv\n1 CSV file: 120 steps, 2026-01-05 03:00 UTC to 2026-01-05 05:00 UTC/);
    expect(ran.err).toBe('report: auspex-report.html\nnext:   auspex explain --journal decisions.ndjson --changes\n');
    expect(readFileSync(path.join(cwd, 'auspex-report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(readdirSync(cwd).filter((name) => name.endsWith('.part'))).toEqual([]);

    const explained = await auspex(cwd, ['explain', '--journal', 'decisions.ndjson', '--changes', '--last', '2']);
    expect(explained.code).toBe(0);
    expect(explained.out.match(/^all {2}2026-01-05 0\d:\d\d UTC {2}\d+ → \d+ units?$/gm)).toHaveLength(2);
    for (const line of explained.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const json = await auspex(cwd, ['explain', '--journal', 'decisions.ndjson', '--at', '2026-01-05 04:00', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ pool: 'all', step: BEGIN + 4 * 3_600_000 });
    const before = await auspex(cwd, ['explain', '--journal', 'decisions.ndjson', '--at', '2026-01-05T01:00Z']);
    expect(before.err).toContain('the journal holds all from 2026-01-05 03:00 UTC to 2026-01-05 05:00 UTC');
    expect(before.code).toBe(2);
  });

  it('says the same of a log, its gzip, and the log in two files', async () => {
    const [plain, packed, cut] = await Promise.all(
      [['access.log'], ['access.log.gz'], ['one.log', 'two.log']].map((files) => auspex(cwd, ['backtest', '--no-html', ...files])),
    );
    expect(plain?.code).toBe(0);
    expect(table(plain?.out ?? '')).toContain('HPA at 70 %');
    expect(table(packed?.out ?? '')).toBe(table(plain?.out ?? ''));
    expect(table(cut?.out ?? '')).toBe(table(plain?.out ?? ''));
    expect(cut?.out).toContain('Backtest of one.log, two.log\n2 access logs: ');
  });

  it('--json prints a report that parses, and writes no page', async () => {
    const own = folder();
    write(own, 'rates.csv', csvText(200));
    const ran = await auspex(own, ['backtest', 'rates.csv', '--json', '--from', '50%', '--seed', '3']);
    const report = JSON.parse(ran.out) as { runs: { name: string }[]; generatedFrom: object; notes: string[] };
    expect(report.runs.map((run) => run.name)).toEqual(['auspex', 'reactive', 'static-peak', 'oracle']);
    expect(report.generatedFrom).toMatchObject({ seed: 3, stepMs: 60_000, from: BEGIN + 100 * 60_000, steps: 100 });
    expect(report.notes.join(' ')).toContain('--unit-rate');
    expect(existsSync(path.join(own, 'auspex-report.html'))).toBe(false);
    expect(ran.err).toBe('');
  });

  it('--sweep tells cost against overload, --suggest what to take or why not yet', async () => {
    const own = folder();
    write(own, 'rates.csv', csvText(300));
    const swept = await auspex(own, ['backtest', 'rates.csv', '--sweep']);
    expect(swept.code).toBe(0);
    expect(swept.out).toContain('Cost against overload: of 79 candidates');
    expect(swept.out).toMatch(/^3: Auspex +\d/m);
    expect(swept.out).not.toContain('Nothing to suggest');
    expect(readFileSync(path.join(own, 'auspex-report.html'), 'utf8')).toContain('id="sweep-chart"');
    for (const line of swept.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const suggested = await auspex(own, ['backtest', 'rates.csv', '--suggest', '--goal', '2 %', '--json']);
    const report = JSON.parse(suggested.out) as { sweep: { points: unknown[] }; suggestion: object; surge?: object };
    expect(report.sweep.points).toHaveLength(79);
    expect(report.suggestion).toMatchObject({ verdict: 'not-yet', goal: 2, reasons: [expect.stringContaining('too little history')] });
    expect(report.surge).toMatchObject({ assessable: expect.any(Boolean) });
  });

  it('refuses a goal without --suggest, one that is no percentage, and a sweep in a closed loop', async () => {
    const refused = async (...flags: string[]) => (await auspex(cwd, ['backtest', 'rates.csv', '--no-html', ...flags])).err;
    expect(await refused('--goal', '1%')).toContain('--goal: has no effect without --suggest');
    expect(await refused('--suggest', '--goal', 'few')).toContain('"few" is no number');
    expect(await refused('--suggest', '--goal', '0')).toContain('0 is not above 0');
    expect(await refused('--sweep', '--closed-loop')).toContain('--sweep: in a closed loop the demand depends on who decides');
  });

  it('with a config takes plugins by name, its step and zone, and follows nothing', async () => {
    write(cwd, 'config.yaml', yamlConfig(cwd, { follow: true, extra: 'step: 2m\nzone: Europe/Berlin\n' }));
    const ran = await auspex(cwd, ['backtest', '--no-html', '--json', '--config', 'config.yaml']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({
      title: 'Backtest of config.yaml',
      generatedFrom: { stepMs: 120_000, zone: 'Europe/Berlin' },
      runs: [{ pools: [{ pool: 'web' }] }, {}, {}, {}],
    });
    const named = await auspex(cwd, ['backtest', '--no-html', '--json', '--config', 'config.yaml', 'one.log']);
    expect(JSON.parse(named.out)).toMatchObject({ generatedFrom: { stepMs: 120_000, zone: 'Europe/Berlin', groups: 3 } });
  });

  it('refuses pool flags beside a config, and sources that cannot be read twice', async () => {
    write(cwd, 'stdin.yaml', 'sources: [{ use: access-log-stdin }]\npools: [{ id: web, unitRate: 1 }]\n');
    const flag = await auspex(cwd, ['backtest', '--config', 'stdin.yaml', '--lead-time', '5m']);
    expect(flag).toMatchObject({ code: 2, err: expect.stringContaining('--lead-time: has no effect beside a config') });
    const stdin = await auspex(cwd, ['backtest', '--config', 'stdin.yaml']);
    expect(stdin).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read again') });
  });

  it('stopped by its signal ends with 130 and keeps what was there', async () => {
    const own = folder();
    write(own, 'rates.csv', csvText(300));
    write(own, 'kept.ndjson', 'as it was\n');
    const abort = new AbortController();
    const running = auspex(own, ['backtest', 'rates.csv', '--journal', 'kept.ndjson'], abort.signal);
    abort.abort();
    expect((await running).code).toBe(130);
    expect(readFileSync(path.join(own, 'kept.ndjson'), 'utf8')).toBe('as it was\n');
    expect(readdirSync(own).sort()).toEqual(['kept.ndjson', 'rates.csv']);
  });
});

describe('profile --trace', () => {
  it('lists groups, and draws one', async () => {
    const list = await auspex(cwd, ['profile', '--trace', 'access.log']);
    expect(list.out).toMatch(/^GROUP +REQUESTS\/MIN +PEAK +USERS TODAY\n\/p/);
    expect(list.out.trimEnd().split('\n')).toHaveLength(4);
    expect(list.err).toMatch(/^next: auspex profile \/p\d --trace access\.log\n$/);
    const one = await auspex(cwd, ['profile', '/p0', '--trace', 'access.log']);
    expect(one.out).toMatch(/^\/p0 {2}\(UTC, 120 steps learnt\)\n {2}expected +6\.\d+ requests\/min/);
    expect(one.out).toMatch(/resources +100\.0 % {2}\/p0\/page/);
    const json = await auspex(cwd, ['profile', '--trace', 'access.log', '--json']);
    expect((JSON.parse(json.out) as unknown[]).length).toBe(3);
    const wrong = await auspex(cwd, ['profile', 'p0', '--trace', 'access.log']);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('did you mean "/p0"?') });
  });

  it.skipIf(!existsSync(SEMICOMPLETE))('reads a log in Combined Log Format (skipped without ../shared)', async () => {
    const ran = await auspex(cwd, ['profile', '--trace', SEMICOMPLETE, '--json']);
    expect((JSON.parse(ran.out) as { group: string }[])[0]?.group).toBe('/presentations');
  });
});

describe('measuredSpan', () => {
  const hour = 3_600_000;
  const day = 24 * hour;

  it('is the last 40 % of a short trace, and of a long one from a midnight on', () => {
    expect(measuredSpan({}, { first: 0, end: 10 * hour, stepMs: 60_000 })).toEqual({ from: 6 * hour, to: 10 * hour });
    expect(measuredSpan({}, { first: 0, end: 9 * day, stepMs: hour })).toEqual({ from: 6 * day, to: 9 * day });
  });

  it('takes shares and dates, and stays inside the trace', () => {
    const facts = { first: BEGIN, end: BEGIN + day, stepMs: 60_000 };
    expect(measuredSpan({ from: '50%', to: '2026-01-05 18:00' }, facts)).toEqual({ from: BEGIN + 12 * hour, to: BEGIN + 18 * hour });
    expect(measuredSpan({ from: '2026-01-01', to: '2027-01-01' }, facts)).toEqual({ from: BEGIN, to: BEGIN + day });
  });
});

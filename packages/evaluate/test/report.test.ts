import { describe, expect, it } from 'vitest';
import {
  baselineOf,
  METRICS,
  type ReplayReport,
  reportHtml,
  reportJson,
  reportTerminal,
  signed,
  sparkline,
  verdict,
} from '../src/index.ts';
import { ticks } from '../src/report/html/page/ticks.ts';
import { thin } from '../src/report/html/thin.ts';
import { madeUp } from './made-up.ts';

const report = madeUp({ steps: 600 });
const bare: ReplayReport = { ...report, runs: [], frontier: [], notes: [], profiles: [] };

describe('verdict', () => {
  it('gives subject and baseline, or the subject alone', () => {
    expect(verdict(report)).toMatch(
      /^Auspex: [\d.]+ % of requests in overloaded steps at [\d,.]+ unit-hours; HPA 70 %: [\d.]+ % at [\d,.]+\.$/,
    );
    expect(verdict({ ...report, baseline: 'auspex' })).not.toContain(';');
    expect(verdict({ ...report, baseline: 'none' })).not.toContain(';');
    expect(verdict(bare)).toBe('No policy was run.');
    expect(baselineOf({ ...report, baseline: 'oracle' })?.label).toBe('Oracle');
    expect(signed(3)).toBe('+3.0 %');
    expect(signed(Number.NaN)).toBe('-');
  });
});

describe('reportTerminal', () => {
  it('shows every policy and the legend, plain', () => {
    const text = reportTerminal(report, { color: false, width: 100 });
    for (const word of [
      'Auspex',
      'HPA 70 %',
      'Static peak',
      'Oracle',
      'Overload %',
      'Longest',
      'Lost %',
      'Unit-hours',
      'Cost vs reactive',
      'note: Units take',
    ])
      expect(text).toContain(word);
    expect(text).toContain('checkout @ FRA demand ');
    expect(text).not.toContain('\u001b');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('colours on request and stands without policies', () => {
    expect(reportTerminal(report, { color: true, width: 100 })).toContain('\u001b[');
    expect(reportTerminal(bare, { color: false, width: 60 })).toContain('No policy was run.');
    expect(reportTerminal({ ...report, baseline: 'none' }, { color: false, width: 60 })).toContain('Cost vs -');
  });
});

describe('sparkline', () => {
  it('keeps peaks, shows gaps', () => {
    expect(sparkline([0, 1, 7, 1], 2, 7)).toBe('▂█');
    expect(sparkline([Number.NaN, 3], 9, 3)).toBe(' █');
    expect(sparkline([0, 0], 2, 0)).toBe('▁▁');
    expect(sparkline([], 5, 1)).toBe('');
  });
});

describe('reportJson', () => {
  it('is JSON: typed arrays as arrays, maps as objects, NaN as null', () => {
    const read = JSON.parse(reportJson(report)) as ReplayReport;
    expect(read.runs[0]?.pools[0]?.demand).toHaveLength(600);
    expect(read.runs[0]?.pools[0]?.fan?.median[0]).toBeNull();
    expect(
      JSON.parse(reportJson({ m: new Map([[1, new Uint8Array([2])]]), u: undefined, n: null, i: Number.POSITIVE_INFINITY, t: 'x' })),
    ).toEqual({
      m: { 1: [2] },
      n: null,
      i: null,
      t: 'x',
    });
  });
});

describe('reportHtml', () => {
  const html = reportHtml(report);

  it('is one file that loads nothing and escapes all text', () => {
    expect(html).not.toMatch(/<(link|script|img|iframe)[^>]+(src|href)="(?!data:)/);
    expect(html).not.toContain('<script>alert(1)');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain("default-src 'none'");
    const evil = reportHtml({ ...report, title: '</title><b>', runs: report.runs.map((run) => ({ ...run, label: '</script><b>"' })) });
    expect(evil).not.toContain('</script><b>');
    expect(evil).not.toContain('</title><b>');
  });

  it('has every metric of every policy', () => {
    for (const { key, format } of METRICS) {
      expect(html).toContain(`data-metric="${key}"`);
      for (const run of report.runs) expect(html).toContain(`>${format(run.metrics[key])}</td>`);
    }
  });

  it('stands without policies, profiles, notes or forecast', () => {
    const { forecast: _, profiles: __, ...rest } = bare;
    const page = reportHtml({ ...rest });
    expect(page).toContain('No policy was run.');
    expect(page).toContain('No policies to compare.');
    expect(page).not.toContain('id="weeks"');
  });

  it('says how many groups it leaves out', () => {
    const profile = report.profiles?.[0] as NonNullable<ReplayReport['profiles']>[number];
    const many = Array.from({ length: 15 }, (_, i) => ({ ...profile, group: `g${i}`, weekly: profile.weekly.map(() => 0) }));
    expect(reportHtml({ ...report, profiles: many })).toContain('3 quieter groups are not shown.');
  });

  it('stays below 5 MB for long traces of many pools, and says how', () => {
    const long = madeUp({ steps: 20_000, pools: Array.from({ length: 6 }, (_, i) => `pool-${i}`) });
    const page = reportHtml(long);
    expect(page.length).toBeLessThan(5_000_000);
    expect(page).toContain('the charts draw 2 steps (2m) as one');
    expect(html).not.toContain('as one, with the highest demand');
  });

  it('thins to the worst case', () => {
    expect([...thin([1, 5, Number.NaN, 2, Number.NaN], 2, 'max')]).toEqual([5, 2, Number.NaN]);
    expect([...thin([1, 5, 3, Number.NaN], 2, 'min')]).toEqual([1, 3]);
  });

  it('has round ticks', () => {
    expect(ticks(0.9)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(1050)).toEqual([0, 500, 1000, 1500]);
    expect(ticks(0)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });
});

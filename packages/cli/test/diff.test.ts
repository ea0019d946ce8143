import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Decision, Reason } from '@auspex/contracts';
import { describe, expect, it } from 'vitest';
import { decisionsOf, differences } from '../src/diff.ts';
import { auspex, folder } from './tools.ts';

const T0 = Date.UTC(2026, 0, 5);

function decision(minute: number, units: number, trail: readonly Reason[] = [], over: Partial<Decision> = {}): Decision {
  const step = T0 + minute * 60_000;
  return { key: `web@${minute}`, pool: 'web', pop: '*', step, units, previous: 1, tier: 'none', trail, ...over } as Decision;
}

const by = (...decisions: Decision[]): Map<string, Decision> => new Map(decisions.map((each) => [each.key, each]));
const reason = (name: string, units: number): Reason => ({ by: name, units, text: `${name} says ${units}` });

describe('differences', () => {
  it('are decisions of both whose units or tier are others; what one alone has is counted', () => {
    const gone = decision(1, 7, [], { key: 'api@1', pool: 'api' });
    const from = by(decision(2, 5), decision(0, 3), decision(1, 4), gone, decision(9, 1));
    const to = by(decision(0, 3), decision(1, 6), decision(2, 5, [], { tier: 'moderate' }), decision(7, 1), decision(8, 1));
    const found = differences(from, to);
    // Minute 9 is after the end of the other side; a pool that is gone in the midst is not.
    expect(found).toMatchObject({ compared: 3, only: { from: 1, to: 2 }, units: { from: 12, to: 14 } });
    expect(found.changes.map(({ key, from: a, to: b }) => [key, a.units, b.units])).toEqual([
      ['web@1', 4, 6],
      ['web@2', 5, 5],
    ]);
  });

  it('say where the trails part', () => {
    const shared = reason('allocate(quantile)', 8);
    const from = by(decision(0, 6, [shared, reason('guard(freeze)', 6)]));
    const to = by(decision(0, 8, [shared]));
    expect(differences(from, to).changes[0]?.why).toEqual({ from: reason('guard(freeze)', 6), to: undefined });
    expect(differences(from, from).changes).toEqual([]);
  });
});

it('a decision that was journaled again after a restart counts once, as it was last', async () => {
  async function* records() {
    yield { type: 'start' as const, step: T0, configHash: 'a', version: '1' };
    yield { type: 'decision' as const, step: T0, decision: decision(0, 3) };
    yield { type: 'decision' as const, step: T0, decision: decision(0, 4) };
  }
  expect([...(await decisionsOf(records())).values()].map(({ units }) => units)).toEqual([4]);
});

describe('auspex diff', () => {
  const cwd = folder();
  const rows = Array.from({ length: 2 * 96 }, (_, i) => {
    const at = new Date(T0 + i * 900_000).toISOString();
    return `${at},${Math.round(9000 * (1.5 + Math.sin((2 * Math.PI * i) / 96)))}`;
  });
  writeFileSync(path.join(cwd, 'rates.csv'), `timestamp,value\n${rows.join('\n')}\n`);
  const config = (name: string, allocate: string): void =>
    writeFileSync(
      path.join(cwd, name),
      `import { preset, seasonal, staticPeakAllocator, tieredAllocator, use, csv } from '@auspex/preset';
       export default preset({ step: '15m', lateness: '0s', sources: [use(csv, { files: ['rates.csv'] })], predictors: [use(seasonal)],
         allocate: ${allocate}, pools: [{ id: 'web', unitRate: 1, leadTime: '15m' }] });\n`,
    );
  config('a.config.ts', 'use(staticPeakAllocator, { units: 20 })');
  config('b.config.ts', 'use(staticPeakAllocator, { units: 30 })');

  it('replays two configs on a trace and prints what changes, with the reason of each side', async () => {
    const { code, out } = await auspex(cwd, ['diff', 'rates.csv', '--from', 'a.config.ts', '--to', 'b.config.ts', '--limit', '1']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^(\d+) decisions of \1 differ \(100\.0 %\)\nunits ordered over all of them: \d+ by a\.config\.ts, \d+ by b\.config\.ts \(\+50\.0 %\)\n/,
    );
    expect(out).toMatch(
      /web {2}2026-01-06 .* 20 → 30 units\n {2}from {2}allocate\(static-peak\) 20: .*\n {2}to {4}allocate\(static-peak\) 30: /,
    );
    expect(out).toMatch(/and \d+ more: --limit \d+, or --json/);
  });

  it('compares a journal that was written before with a config, and says by its exit code that nothing changed', async () => {
    expect((await auspex(cwd, ['backtest', 'rates.csv', '--config', 'a.config.ts', '--no-html', '--journal', 'a.ndjson'])).code).toBe(0);
    const same = await auspex(cwd, ['diff', 'rates.csv', '--from', 'a.ndjson', '--to', 'a.config.ts', '--exit-code']);
    expect(same.code).toBe(0);
    expect(same.out).toMatch(/^0 decisions of \d+ differ/);
    const other = await auspex(cwd, ['diff', 'rates.csv', '--from', 'a.ndjson', '--to', 'b.config.ts', '--exit-code', '--json']);
    expect(other.code).toBe(1);
    const late = await auspex(cwd, ['diff', '--from', 'a.ndjson', '--to', 'a.ndjson', '--since', '2026-01-06T20:00Z']);
    expect(late.out).toMatch(/^0 decisions of 1\d differ/);
    expect(JSON.parse(other.out.split('\n')[0] as string)).toMatchObject({ pool: 'web', from: { units: 20 }, to: { units: 30 } });
  });

  it.each([
    ['a journal that is not there', ['--from', 'none.ndjson', '--to', 'a.ndjson'], 4, 'none.ndjson: there is no such file'],
    ['a pool that neither has', ['--from', 'a.ndjson', '--to', 'a.ndjson', '--pool', 'wbe'], 2, 'has its like in a.ndjson'],
    ['one side only', ['--from', 'a.ndjson'], 2, "required option '--to <file>'"],
    ['a limit that is none', ['--from', 'a.ndjson', '--to', 'a.ndjson', '--limit', '-1'], 2, 'whole number'],
  ])('%s is told', async (_, args, code, said) => {
    const ran = await auspex(cwd, ['diff', ...args]);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(said);
  });
});

import path from 'node:path';
import type { Decision, JournalRecord } from '@auspex/contracts';
import { createEngine, use } from '@auspex/core';
import { catalogue, lmdb, preset } from '@auspex/preset';
import { describe, expect, it } from 'vitest';
import { auspex, folder, type Ran, twelveMinutes, write, yamlConfig } from './tools.ts';

const MINUTE = 60_000;

function project(): string {
  const cwd = folder();
  write(cwd, 'config.yaml', yamlConfig(cwd));
  return cwd;
}
const at = (cwd: string, ...args: string[]): Promise<Ran> => auspex(cwd, [...args, '--config', 'config.yaml']);

/** An engine on the store of the folder, fed minute by minute; between two steps another process may write to the store. */
async function beside(cwd: string, acts: Readonly<Record<number, () => Promise<unknown>>>) {
  const { clock, source } = twelveMinutes(
    (at) =>
      Array.from({ length: 60 }, (_, i) => ({ at: at + i * 500, kind: 'request', group: '/a', pop: 'p', outcome: 'served' as const })),
    acts,
  );
  const records: JournalRecord[] = [];
  const config = preset({
    lateness: '0s',
    sources: [use(source)],
    store: use(lmdb, { path: path.join(cwd, 'store') }),
    pools: [{ id: 'web', unitRate: 0.2, leadTime: '1m' }],
  });
  const engine = createEngine(config, { mode: 'shadow', catalogue, host: { clock }, onJournal: (line) => records.push(JSON.parse(line)) });
  await engine.start();
  await engine.run();
  await engine.close();
  const decisions = records.flatMap((record) => (record.type === 'decision' ? [record.decision] : []));
  return { decisions, notices: records.flatMap((record) => (record.type === 'notice' ? [record.code] : [])) };
}
const trailOf = (decision: Decision | undefined): string => JSON.stringify(decision?.trail);

describe('freeze, pin and release', () => {
  it('reach a running engine through its store, and stand in its trails and journal', async () => {
    const cwd = project();
    const { decisions, notices } = await beside(cwd, {
      3: () => at(cwd, 'pin', 'web', '--units', '12', '--for', '2h', '--reason', 'load test', '--by', 'anna'),
      8: () => at(cwd, 'release', 'web'),
    });
    const pinned = decisions.filter((decision) => trailOf(decision).includes('guard(hold)'));
    expect(pinned.length).toBe(5);
    for (const decision of pinned) expect(decision.units).toBe(12);
    expect(trailOf(pinned[0])).toMatch(/pinned at 12 until \S+ by anna: \\"load test\\"/);
    expect(notices).toEqual(['HOLD_SET', 'HOLD_ENDED']);
    expect(trailOf(decisions.at(-1))).not.toContain('guard(hold)');
    expect((await at(cwd, 'journal', '--type', 'notice')).out).toContain('"code":"HOLD_SET"');
  });

  it('are listed, replaced and ended', async () => {
    const cwd = project();
    expect(await at(cwd, 'holds')).toMatchObject({ code: 0, out: 'no pool is held\n' });
    const frozen = await at(cwd, 'freeze', 'web', '--for', '2h', '--reason', 'database move', '--by', 'anna', '--in-only');
    expect(frozen).toMatchObject({ code: 0, err: '' });
    expect(frozen.out).toMatch(/^web {2}frozen downwards until 20\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC by anna: "database move"\n$/);
    const pinned = await at(cwd, 'pin', 'web', '--units', '4', '--for', '30m', '--reason', 'test', '--json');
    const order = JSON.parse(pinned.out);
    expect(order).toMatchObject({ pool: 'web', kind: 'pin', units: 4, reason: 'test', by: expect.stringMatching(/./) });
    expect(order.until - order.made).toBe(30 * MINUTE);
    expect(JSON.parse((await at(cwd, 'holds', '--json')).out)).toEqual([order]);
    expect((await at(cwd, 'release', 'web')).out).toMatch(/^web {2}released; it was pinned at 4 until /);
    expect(await at(cwd, 'release', 'web')).toMatchObject({ code: 2, err: expect.stringContaining('nothing holds the pool "web"') });
  });

  it('want a pool, an end and a reason', async () => {
    const cwd = project();
    const wrong = async (...args: string[]): Promise<string> => {
      const ran = await at(cwd, ...args);
      expect(ran).toMatchObject({ code: 2, out: '' });
      return ran.err;
    };
    expect(await wrong('freeze', 'wbe', '--for', '2h', '--reason', 'x')).toContain('no pool is called "wbe"; did you mean "web"?');
    expect(await wrong('freeze', 'web', '--reason', 'x')).toContain("required option '--for <time>'");
    expect(await wrong('freeze', 'web', '--for', '2h')).toContain("required option '--reason <text>'");
    expect(await wrong('freeze', 'web', '--for', '2h', '--reason', ' ')).toContain('--reason: is empty');
    expect(await wrong('freeze', 'web', '--for', '8d', '--reason', 'x')).toContain('8d is longer than 7d');
    expect(await wrong('pin', 'web', '--for', '2h', '--reason', 'x', '--units', '1.5')).toContain('1.5 is no whole number');
    expect(await wrong('pin', 'web', '--for', '2h', '--reason', 'x')).toContain("required option '--units <n>'");
    write(cwd, 'config.yaml', yamlConfig(cwd).replace(/^store: .*$/m, 'store: { use: memory }'));
    expect(await wrong('freeze', 'web', '--for', '2h', '--reason', 'x')).toContain('keeps nothing beyond its process');
  });
});

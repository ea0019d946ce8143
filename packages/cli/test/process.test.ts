import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, BUILT, csvText, folder, logText, start, until, write, yamlConfig } from './tools.ts';

describe.skipIf(!BUILT)('the built command (skipped before `tsc -b`)', () => {
  it('exits with what main returns', async () => {
    const cwd = folder();
    expect(await start(cwd, ['--version']).ended).toMatchObject({ code: 0, out: '0.1.0\n' });
    expect(await start(cwd, ['bogus']).ended).toMatchObject({ code: 2 });
    expect(await start(cwd, ['backtest', 'nothere.log']).ended).toMatchObject({ code: 4, err: expect.stringContaining('nothere.log') });
  });

  it('draws neither progress nor colours into a pipe', async () => {
    const cwd = folder();
    write(cwd, 'rates.csv', csvText(120));
    const ran = await start(cwd, ['backtest', 'rates.csv', '--no-html']).ended;
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('Backtest of rates.csv');
    expect(ran.out + ran.err).not.toContain('\u001B');
  });

  it('a reader that goes away is no error', () => {
    const cwd = folder();
    const run = spawnSync('bash', ['-o', 'pipefail', '-c', `"${process.execPath}" "${BIN}" describe --json | head -1`], { cwd });
    expect(run.stdout.toString()).toBe('[\n');
    expect(run.stderr.toString()).toBe('');
    expect(run.status).toBe(0);
  });

  it('Ctrl-C during a backtest exits with 130, soon, and leaves nothing half-written', async () => {
    const cwd = folder();
    write(cwd, 'rates.csv', csvText(30_000));
    write(cwd, 'kept.ndjson', 'as it was\n');
    const { child, ended } = start(cwd, ['backtest', 'rates.csv', '--journal', 'kept.ndjson']);
    await until(() => readdirSync(cwd).filter((name) => name.endsWith('.part')).length === 2);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const sent = Date.now();
    child.kill('SIGINT');
    const ran = await ended;
    expect(ran.code).toBe(130);
    expect(ran.out).toBe('');
    // Even while weights are trained, which takes seconds.
    expect(Date.now() - sent).toBeLessThan(1500);
    expect(readdirSync(cwd).sort()).toEqual(['kept.ndjson', 'rates.csv']);
    expect(readFileSync(path.join(cwd, 'kept.ndjson'), 'utf8')).toBe('as it was\n');
  });

  it('one store has one run; Ctrl-C ends it in good order, and another goes on', async () => {
    const cwd = folder();
    // Until now: a followed log that ends long ago is caught up with step by step before anything else is heard.
    write(cwd, 'access.log', logText(1800, Math.floor(Date.now() / 60_000) * 60_000 - 1_800_000));
    write(cwd, 'config.yaml', yamlConfig(cwd, { follow: true }));
    const args = ['run', '--config', 'config.yaml', '--decide', 'all', '--json'];
    const first = start(cwd, args);
    await until(() => first.said().includes('"running"'));
    const second = await start(cwd, args).ended;
    expect(second.code).toBe(5);
    expect(second.err).toMatch(/STORE_LOCKED: store: \S+:\d+:[0-9a-f]{8} holds the store's lease until 20/);
    expect(second.err).toContain(`:${first.child.pid}:`);
    expect(second.err).toContain('Stop the other instance');
    first.child.kill('SIGINT');
    const ran = await first.ended;
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('stopped: everything is checkpointed');
    const { steps, events } = JSON.parse(ran.out) as { steps: number; events: number };
    expect(events).toBe(600);
    // A followed file has no end: the last step closes when the clock has passed it.
    const third = start(cwd, args);
    await until(() => third.said().includes('"running"'));
    third.child.kill('SIGTERM');
    const again = await third.ended;
    expect(again.code).toBe(0);
    expect((JSON.parse(again.out) as { events: number }).events).toBe(600);
    expect(steps).toBeGreaterThan(0);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type AuspexConfig,
  createEngine,
  type Decision,
  loadPlugins,
  type Receipt,
  type StageFailure,
  use,
  VirtualClock,
} from '@auspex/core';
import { isolate, memory, ndjson, preset, seasonal } from '@auspex/preset';
import { afterAll, beforeAll, expect, test } from 'vitest';

/*
 * What a process of its own contains: an endless loop, a gigabyte of memory, a crash. Through a whole engine: the other groups
 * and pools are served, and the failure says which plugin it was and what it did. Inline isolation: core/test/isolation.test.ts.
 */

const START = Date.UTC(2026, 0, 5);
const folder = mkdtempSync(path.join(tmpdir(), 'auspex-isolation-'));
const harmful = new URL('../../packages/remote/test/fixtures/harmful.mjs', import.meta.url).pathname;
const GROUPS = ['a', 'b', 'loop', 'memory', 'crash'];

beforeAll(() => {
  const lines = Array.from({ length: 12 * 60 }, (_, n) =>
    GROUPS.map((group) => JSON.stringify({ at: new Date(START + n * 1000).toISOString(), kind: 'request', group })).join('\n'),
  );
  writeFileSync(path.join(folder, 'events.ndjson'), `${lines.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly failures: StageFailure[];
  readonly decisions: Decision[];
  readonly receipts: Receipt[];
}

async function run(overrides: object): Promise<Seen> {
  const input = {
    ...preset({
      sources: [use(ndjson, { files: [path.join(folder, 'events.ndjson')] })],
      store: use(memory),
      pools: [{ id: 'web', unitRate: 10, leadTime: '2m' }],
    }),
    ...overrides,
  };
  const config: AuspexConfig = await loadPlugins(input, { from: import.meta.url, isolate: isolate as never });
  await using engine = createEngine(config, { mode: 'shadow', decideFrom: 0, host: { clock: new VirtualClock(START + 86_400_000) } });
  const seen: Seen = { failures: [], decisions: [], receipts: [] };
  engine.hooks.failure.tap('test', (failure) => void seen.failures.push(failure));
  engine.hooks.decided.tap('test', (decision) => void seen.decisions.push(decision));
  engine.hooks.receipt.tap('test', (receipt) => void seen.receipts.push(receipt));
  await engine.start();
  await engine.run();
  return seen;
}

const limits = { process: { deadline: '1500ms', memory: 300, restart: { first: '1s', max: '1s' } } };

test.each([
  ['loop', /did not answer Forecast within 1s500ms: killed/],
  ['memory', /used \d+ MB of memory where 300 MB are allowed: killed/],
  ['crash', /ended with exit code 7.*the driver has failed/],
])(
  'a predictor in its process that does harm for the group "%s" leaves the other groups served',
  async (group, message) => {
    const pools = [{ id: 'web', unitRate: 10, leadTime: '2m', groups: ['a', 'b', group] }];
    const predictors = [use(seasonal), { use: `${harmful}#model`, isolation: limits, for: 'groups' }];
    const { failures, decisions } = await run({ predictors, pools });
    const own = failures.filter((failure) => failure.plugin === 'model');
    expect(own.some((failure) => message.test(failure.message))).toBe(true);
    expect(own.every((failure) => failure.stage === 'predict' && failure.fallback === 'the others forecast without it')).toBe(true);
    expect(own[0]?.message).toContain('predictor(model)');
    // Every step was decided, and every group has its surge.
    expect(decisions.length).toBeGreaterThan(8);
    expect(
      decisions
        .at(-1)
        ?.surges.map((surge) => surge.group)
        .sort(),
    ).toEqual(['a', 'b', group].sort());
    expect(decisions.at(-1)?.demand.actual).toBeCloseTo(3);
  },
  60_000,
);

test('an actuator in its process that loops, takes a gigabyte or crashes fails for its pool alone', async () => {
  const pools = ['web', 'loop', 'memory', 'crash'].map((id) => ({
    id,
    unitRate: 10,
    leadTime: '2m',
    actuator: { use: `${harmful}#fleet`, isolation: limits },
  }));
  const { failures, receipts, decisions } = await run({ predictors: [use(seasonal)], pools });
  const by = (pool: string): string =>
    failures.filter((failure) => failure.subject.endsWith(pool)).map((failure) => failure.message)[0] ?? '';
  expect(by('loop')).toMatch(/actuator\(fleet\): did not answer Actuate within .*: killed/);
  expect(by('memory')).toMatch(/actuator\(fleet\): used \d+ MB of memory where 300 MB are allowed: killed/);
  expect(by('crash')).toMatch(/actuator\(fleet\): ended with exit code 7.*the driver has failed/);
  const well = receipts.filter((receipt) => receipt.pool === 'web');
  expect(well.every((receipt) => receipt.status === 'applied')).toBe(true);
  expect(well.length).toBe(decisions.filter((decision) => decision.pool === 'web').length);
}, 60_000);

test('limits that are none are told with their path', async () => {
  const pools = [{ id: 'web', unitRate: 10, actuator: { use: `${harmful}#fleet`, isolation: { process: { memory: 'lots' } } } }];
  await expect(run({ pools })).rejects.toThrow(/pools\[0\]\.actuator: isolation\.process\.memory/);
});

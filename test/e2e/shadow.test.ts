import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Actuator, Decision, JournalRecord, Receipt, TargetState, UsageEvent } from '@auspex/contracts';
import { createEngine, defineSource, readJournal, VirtualClock } from '@auspex/core';
import { memory, preset, seasonal, use } from '@auspex/preset';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { LmdbStore } from '../../packages/stores/src/lmdb/store.ts';
import type { Taken, Tick } from './outage/fleet.ts';
import { startFleet } from './outage/process.ts';
import { counts, event, eventsUntil, HISTORY, MINUTE, POOL, T0 } from './outage/trace.ts';
import { SharedClock } from './paced/clock.ts';
import { run } from './paced/run.ts';

/*
 * `auspex run --mode shadow` beside a fleet with an autoscaler of its own, in another process: the fleet is read and told of orders, and
 * goes its way as if nobody had. What is decided is what a live engine decides whose target says the same.
 */

/** A day to its crowd. */
const [FIRST, STEPS] = [HISTORY, 1_200];
const LATENESS = '0s';

const events: readonly UsageEvent[] = (() => {
  const before = eventsUntil(T0 + FIRST * MINUTE) - 1;
  const until = Math.min(eventsUntil(T0 + (FIRST + STEPS) * MINUTE) - 1, counts.length * 4);
  return Array.from({ length: until - before }, (_, n) => ({
    ...event(before + n),
    ...({ kind: 'request', group: 'shop', pop: '', outcome: 'served' } as const),
  }));
})();

interface Journaled {
  readonly decisions: readonly Decision[];
  readonly receipts: readonly Receipt[];
}

/** Each receipt comes after its decision. */
function sorted(lines: readonly string[]): Journaled {
  const [decisions, receipts]: [Decision[], Receipt[]] = [[], []];
  const known = new Set<string>();
  for (const line of lines) {
    const record = JSON.parse(line) as JournalRecord;
    if (record.type === 'decision') {
      decisions.push(record.decision);
      known.add(record.decision.key);
    } else if (record.type === 'receipt') {
      receipts.push(record.receipt);
      expect(known.has(record.receipt.key), `${record.receipt.key} is decided before its receipt`).toBe(true);
    }
  }
  return { decisions, receipts };
}

async function shadow(folder: string, fleet: string): Promise<Journaled> {
  writeFileSync(path.join(folder, 'events.ndjson'), events.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const target = fileURLToPath(new URL('./outage/target.ts', import.meta.url));
  const config = {
    lateness: LATENESS,
    sources: [{ use: 'ndjson', with: { files: ['events.ndjson'] } }],
    predictors: [{ use: 'seasonal' }],
    store: { use: 'lmdb', with: { path: 'store' } },
    pools: [{ ...POOL, actuator: { use: target, with: { url: fleet } } }],
  };
  writeFileSync(path.join(folder, 'auspex.config.json'), JSON.stringify(config));
  const child = run(new URL('../../packages/cli/src/bin.ts', import.meta.url), ['run', '--mode', 'shadow', '--decide', 'all'], folder);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  expect(code, said).toBe(0);
  // Beside its store it has left nothing.
  expect(readdirSync(folder).sort()).toEqual(['auspex.config.json', 'clock.json', 'events.ndjson', 'store']);
  const store = new LmdbStore({ path: path.join(folder, 'store') });
  const lines: string[] = [];
  for await (const line of readJournal(store)) lines.push(line);
  await store.close();
  return sorted(lines);
}

/** The events as they happen: the clock is where the last one was. */
const happening = (clock: VirtualClock) =>
  defineSource({
    id: 'happening',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      async *open() {
        for (const each of events) {
          clock.advance(each.at);
          yield { partition: '0', events: [{ ...each }], position: String(each.at) };
        }
        yield { partition: '0', events: [], position: 'end', end: true };
      },
    }),
  });

/** A live engine whose target holds what it is told to, as a shadow thinks, and has as many units ready as the fleet beside the shadow had. */
async function live(reads: readonly TargetState[]): Promise<Journaled> {
  const clock = new VirtualClock((events[0] as UsageEvent).at);
  const lines: string[] = [];
  let asked = 0;
  let units = (reads[0] as TargetState).units;
  const target: Actuator = {
    actuate: async (order) => {
      units = order.units;
      // Not `applied`: the units that are ready are another fleet's, and how long an order takes cannot be learnt from them.
      return { key: order.key, pool: order.pool, status: 'duplicate', units, ready: 0 };
    },
    read: async () => ({ units, ready: (reads[asked++] as TargetState).ready }),
  };
  await using engine = createEngine(
    preset({
      lateness: LATENESS,
      sources: [use(happening(clock))],
      predictors: [use(seasonal)],
      store: use(memory),
      pools: [{ ...POOL }],
    }),
    { mode: 'live', host: { clock, actuators: new Map([[POOL.id, target]]) }, onJournal: (line) => lines.push(line) },
  );
  await engine.start();
  await engine.run();
  return sorted(lines);
}

test('in shadow everything is decided and journaled as it would be live, and nothing outside changes', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'auspex-shadow-'));
  const clock = path.join(folder, 'clock.json');
  // It is morning for the fleet while it is told of orders: it moves by itself, and what they changed would be seen.
  SharedClock.begin(clock, T0 + (HISTORY + 360) * MINUTE, 20);
  const fleet = await startFleet(clock);
  try {
    const watched = await shadow(folder, fleet.url);
    const record = (await (await fetch(`${fleet.url}/record`)).json()) as { ticks: Tick[]; orders: Taken[]; reads: TargetState[] };
    expect(watched.decisions.length).toBe(STEPS);
    expect(watched.decisions.filter((decision) => !decision.shadow)).toEqual([]);
    expect(watched.receipts.map(({ key, status }) => `${key} ${status}`)).toEqual(watched.decisions.map(({ key }) => `${key} shadow`));
    // The fleet was told of each, and of nothing else.
    expect(record.orders.map(({ order }) => `${order.key} ${order.units}`)).toEqual(
      watched.decisions.map(({ key, units }) => `${key} ${units}`),
    );
    expect(record.orders.filter(({ order, receipt }) => !order.shadow || receipt.status !== 'shadow')).toEqual([]);
    const moved = record.ticks.filter(({ supply, alone, ordered, byHand }) => supply !== alone || ordered !== byHand);
    expect(moved).toEqual([]);
    // Had the orders been carried out, it would show: they are of other units than the autoscaler's, and those moved.
    expect(record.orders.filter(({ order, receipt }) => order.units !== receipt.units).length).toBeGreaterThan(STEPS / 2);
    expect(new Set(record.ticks.map(({ ordered }) => ordered)).size).toBeGreaterThan(3);
    const acted = await live(record.reads);
    // Where the events lie, and in what mode, is all that differs.
    const same = ({ configHash: _, shadow: __, ...decision }: Decision): object => decision;
    for (const [index, decision] of acted.decisions.entries()) expect(same(decision)).toEqual(same(watched.decisions[index] as Decision));
    expect(acted.decisions.length).toBeGreaterThanOrEqual(STEPS - 1);
    expect(acted.receipts.length).toBe(acted.decisions.length);
  } finally {
    fleet.child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

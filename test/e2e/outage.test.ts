import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Decision, JournalRecord, Store } from '@auspex/contracts';
import { createEngine, decodeUsage, readJournal } from '@auspex/core';
import { cassandra, mongo } from '@auspex/stores';
import { expect, test } from 'vitest';
import { traceConfig } from '../../packages/evaluate/test/traces.ts';
import { need } from '../servers/index.ts';
import type { EngineArguments } from './outage/engine.ts';
import type { Taken, Tick } from './outage/fleet.ts';
import { Instance, startFleet } from './outage/process.ts';
import { counts, event, eventsUntil, HISTORY, MINUTE, MOMENTS, POOL, T0 } from './outage/trace.ts';
import { SharedClock } from './paced/clock.ts';
import { Load } from './paced/load.ts';

/*
 * A fleet with an autoscaler of its own, an engine, its store and a broker, each a process, in one time that runs faster than the wall's.
 * Engine, store and broker are killed at night, at the peak and in a crowd. What the fleet goes through is compared with what the same
 * fleet goes through without Auspex.
 */

/**
 * Milliseconds to a minute. While the engine works it has to decide, write and order within one; while something is down nobody needs
 * time; and a restart takes seconds, which shall be few cycles.
 */
const PACE = { live: 400, down: 50, restart: 1_000 } as const;
/** Minutes: of an outage, and of the life before the first and after each. */
const [DOWN, LIVE] = [20, 4];
/** Cycles until the next order, from the moment on at which everything answers again; for an engine, at which it is started. */
const CYCLES = { engine: 15, store: 8, broker: 15 } as const;
const TWO_CYCLES = 2 * MINUTE;

type Victim = keyof typeof CYCLES;
type When = keyof typeof MOMENTS;

interface Outage {
  readonly victim: Victim;
  readonly when: When;
  /** Epoch ms, in the time of the test: it is dead, it answers again, the first order after that is for. */
  readonly killed: number;
  readonly back: number;
  readonly recovered: number;
  /** Step of the last order before. */
  readonly before: number;
}

interface Drama {
  /** How often an engine was started. */
  readonly lives: number;
  readonly outages: readonly Outage[];
  readonly ticks: readonly Tick[];
  readonly orders: readonly Taken[];
}

const STORES = {
  mongo: (url: string): Store => mongo.create(mongo.config.parse({ url }), {} as never) as Store,
  cassandra: (at: string): Store => cassandra.create(cassandra.config.parse({ contactPoints: [at] }), {} as never) as Store,
} as const;
type StoreName = keyof typeof STORES;

const at = (step: number): number => T0 + step * MINUTE;

/** Share of requests in steps with fewer units ready than needed, %. */
function overload(ticks: readonly Tick[], supply: (tick: Tick) => number): number {
  let [bad, all] = [0, 0];
  for (const tick of ticks) {
    const count = counts[(tick.step - T0) / MINUTE] as number;
    all += count;
    if (tick.demand > supply(tick)) bad += count;
  }
  return (100 * bad) / all;
}

/** The processes around the fleet, and how each dies and comes back. */
class Stage {
  readonly clock: SharedClock;
  readonly engine: Instance;
  readonly #url: string;
  readonly #kill: Readonly<Record<Victim, () => Promise<void>>>;
  readonly #restart: Readonly<Record<Victim, () => Promise<void>>>;

  constructor(clock: SharedClock, engine: Instance, url: string, broker: Mortal, store: Mortal) {
    this.clock = clock;
    this.engine = engine;
    this.#url = url;
    this.#kill = { engine: () => engine.kill(), store: () => store.kill(), broker: () => broker.kill() };
    this.#restart = { engine: async () => engine.start(), store: () => store.restart(), broker: () => broker.restart() };
  }

  async ask<T>(what: string): Promise<T> {
    return (await (await fetch(`${this.#url}${what}`)).json()) as T;
  }

  /** Resolves with the step of the first order for a time after `time`. */
  async order(time: number, what: string): Promise<number> {
    for (const deadline = Date.now() + 60_000; ; await wait(20)) {
      const step = await this.last();
      if (step > time) return step;
      if (Date.now() > deadline) throw new Error(`no order ${what}`);
    }
  }

  async last(): Promise<number> {
    return (await this.ask<Taken | null>('/last'))?.order.step ?? 0;
  }

  /** Jumps to a moment, over hours that the engine finds in the topic afterwards, and waits until it has caught up. */
  async begin(when: When): Promise<void> {
    await this.clock.go(PACE.restart, at(MOMENTS[when]));
    await this.order(at(MOMENTS[when]), when);
    await this.live();
  }

  async live(): Promise<void> {
    await this.clock.go(PACE.live);
    await this.clock.until(this.clock.now() + LIVE * MINUTE);
  }

  async outage(victim: Victim, when: When): Promise<Outage> {
    // On a busy machine it falls behind at this pace: it shall be well when it dies.
    if ((await this.last()) < this.clock.now() - TWO_CYCLES) {
      await this.clock.go(PACE.restart);
      await this.order(this.clock.now() - TWO_CYCLES, `before the ${victim} dies ${when}`);
    }
    const before = await this.last();
    await this.#kill[victim]();
    const killed = this.clock.now();
    // What was on its way may still arrive.
    await this.clock.until(killed + TWO_CYCLES);
    await this.clock.go(PACE.down);
    await this.clock.until(killed + DOWN * MINUTE);
    await this.clock.go(PACE.restart);
    await this.#restart[victim]();
    const back = this.clock.now();
    const recovered = await this.order(back, `after the ${victim} died ${when}`);
    await this.live();
    return { victim, when, killed, back, recovered, before };
  }
}

interface Mortal {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

async function play(stage: Stage): Promise<Drama> {
  const outages: Outage[] = [];
  await stage.order(0, 'after the history was learnt');
  for (const when of Object.keys(MOMENTS) as When[]) {
    await stage.begin(when);
    for (const victim of Object.keys(CYCLES) as Victim[]) outages.push(await stage.outage(victim, when));
  }
  const lives = 1 + Object.keys(MOMENTS).length + stage.engine.ends;
  return { lives, outages, ...(await stage.ask<Pick<Drama, 'ticks' | 'orders'>>('/record')) };
}

/** Both by AUSPEX_OUTAGE_STORES=mongo,cassandra; each takes its minutes. */
const chosen = (process.env['AUSPEX_OUTAGE_STORES'] ?? 'mongo').split(',') as StoreName[];

test.for(chosen)(
  'engine, store (%s) and broker die at night, at the peak and in a crowd: no worse than the autoscaler alone',
  {
    timeout: 400_000,
  },
  async (name, context) => {
    const [broker, database] = await Promise.all([need('kafka', context, { own: true }), need(name, context, { own: true })]);
    const folder = mkdtempSync(path.join(tmpdir(), 'auspex-outage-'));
    const file = path.join(folder, 'clock.json');
    const clock = SharedClock.begin(file, at(HISTORY + 1), 60_000);
    const load = new Load(broker.address, clock, { event, eventsUntil });
    const fleet = await startFleet(file);
    const given: EngineArguments = { clock: file, brokers: broker.address, store: name, at: database.address, fleet: fleet.url };
    const engine = new Instance(given);
    try {
      await load.start();
      engine.start();
      const drama = await play(new Stage(clock, engine, fleet.url, broker, database));
      await engine.kill();
      for (const outage of drama.outages) checkOutage(outage, drama);
      checkFleet(drama);
      const store = STORES[name](database.address);
      try {
        await checkStore(store, drama);
      } finally {
        await store.close();
      }
    } catch (error) {
      process.stderr.write(`the engine's last words:\n${engine.said.slice(-20).join('\n')}\n`);
      throw error;
    } finally {
      fleet.child.kill('SIGKILL');
      await engine.kill();
      await load.stop();
      await Promise.all([broker.stop(), database.stop()]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

function checkOutage({ victim, when, killed, back, recovered, before }: Outage, { outages, ticks, orders }: Drama): void {
  const which = `${victim} ${when}`;
  expect(killed - before, `${which}: it was alive before`).toBeLessThan(3 * MINUTE);
  expect((recovered - back) / MINUTE, `${which}: cycles to the next order`).toBeLessThanOrEqual(CYCLES[victim]);
  // An order that comes so late that it has run out already is none.
  const valid = orders.filter((each) => each.at < back && each.order.step + TWO_CYCLES > each.at);
  const last = Math.max(...valid.map(({ order }) => order.step));
  expect(last, `${which}: nothing new was ordered`).toBeLessThanOrEqual(killed);
  const without = ticks.filter(({ step }) => step >= last + TWO_CYCLES && step < back);
  expect(without.length, `${which}: steps without a floor`).toBeGreaterThanOrEqual(DOWN - 5);
  expect(
    without.filter(({ ordered, floor, byHand }) => ordered !== byHand || floor !== ordered),
    `${which}: the floor is gone two cycles after its last order`,
  ).toEqual([]);
  const end = Math.min(...outages.map((each) => each.killed).filter((each) => each > killed), recovered + (LIVE + 1) * MINUTE);
  const span = ticks.filter(({ step }) => step >= killed && step < end);
  const [both, alone] = [overload(span, ({ supply }) => supply), overload(span, (tick) => tick.alone)];
  expect(both, `${which}: overload, alone it is ${alone}`).toBeLessThanOrEqual(alone + 0.1);
}

function checkFleet({ ticks, orders }: Drama): void {
  expect(ticks.filter(({ ordered, byHand }) => ordered !== byHand)).toEqual([]);
  const [both, alone] = [overload(ticks, ({ supply }) => supply), overload(ticks, (tick) => tick.alone)];
  expect(both, `overload of all steps, alone it is ${alone}`).toBeLessThanOrEqual(alone + 0.1);
  // Were nothing ever short, or were there no floors above what is there anyway, all this would say nothing.
  expect(alone).toBeGreaterThan(1);
  expect(ticks.filter((tick) => tick.ordered > tick.alone).length).toBeGreaterThan(20);
  for (const { order, receipt } of orders) {
    expect(order.units, order.key).toBeGreaterThanOrEqual(POOL.min);
    expect(order.units, order.key).toBeLessThanOrEqual(POOL.max);
    expect(order.shadow).toBe(false);
    expect(receipt.status, order.key).toBe('applied');
  }
  for (const { supply, ordered } of ticks) for (const units of [supply, ordered]) expect(units).toBeLessThanOrEqual(POOL.max);
  expect(new Set(orders.map(({ order }) => order.key)).size).toBe(orders.length);
}

async function checkStore(store: Store, { lives, orders }: Drama): Promise<void> {
  const stored: number[] = [];
  for await (const [, bytes] of store.scan('usage/')) {
    const { step, usage } = decodeUsage(bytes);
    stored.push(usage.reduce((sum, { offered }) => sum + offered, 0));
    expect(step).toBe(at(stored.length - 1));
  }
  // Each step once, and in it each request once: what was sent again, read again and learnt again is nowhere twice.
  expect(stored).toEqual(counts.slice(0, stored.length));
  for await (const [key] of store.scan('late/')) expect.unreachable(key);
  const undisturbed = await digests(stored.length);
  const decided = new Map<string, Decision>();
  const receipts: string[] = [];
  for await (const line of readJournal(store)) {
    const record = JSON.parse(line) as JournalRecord;
    if (record.type === 'decision') {
      const { key, step, stateHash, units } = record.decision;
      expect(decided.has(key), `${key} is decided once`).toBe(false);
      decided.set(key, record.decision);
      expect(stateHash, `${key}: all that led there`).toBe(undisturbed.get(step));
      expect(units >= POOL.min && units <= POOL.max, `${key}: ${units} units`).toBe(true);
    } else if (record.type === 'receipt') {
      expect(decided.has(record.receipt.key), `${record.receipt.key} is decided before its receipt`).toBe(true);
      receipts.push(record.receipt.key);
    }
  }
  // Whoever died right after an order had written the decision before it.
  expect(orders.filter(({ order }) => decided.get(order.key)?.units !== order.units)).toEqual([]);
  const ordered = new Set(orders.map(({ order }) => order.key));
  expect(receipts.filter((key) => !ordered.has(key))).toEqual([]);
  expect(new Set(receipts).size).toBe(receipts.length);
  // A receipt is written with the next step: of each life of the engine the last may be lost.
  expect(receipts.length).toBeGreaterThanOrEqual(orders.length - lives);
}

/** The digest of all that was counted, at each step: of an engine to which nothing happened. */
async function digests(steps: number): Promise<Map<number, string>> {
  const events = Array.from({ length: eventsUntil(at(steps)) }, (_, n) => ({
    ...event(n),
    ...({ kind: 'request', group: 'shop', pop: '', outcome: 'served' } as const),
  }));
  const found = new Map<number, string>();
  await using engine = createEngine(traceConfig({ events }, { pools: [{ ...POOL }] }), { mode: 'replay', decideFrom: at(HISTORY) });
  engine.hooks.decided.tap('test', ({ step, stateHash }) => {
    found.set(step, stateHash);
  });
  await engine.start();
  await engine.run();
  return found;
}

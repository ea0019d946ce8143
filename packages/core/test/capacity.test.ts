import {
  type Actuator,
  type Clock,
  createEngine,
  type Decision,
  defineActuator,
  type Order,
  type UsageEvent,
  use,
  VirtualClock,
} from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { accepted, type LeadNews, type LeadTimes, NO_LEAD_TIMES, ordered, seen } from '../src/capacity/lead-time.ts';
import { addSample, NO_SAMPLES, rangeOf, type Samples } from '../src/capacity/samples.ts';
import { NO_UNIT_RATES, rateRange, servedBy, type UnitRates } from '../src/capacity/unit-rate.ts';
import { demandOf } from '../src/usage/demand.ts';
import { fakeConfig, KeepingStore, listSource, MINUTE, mapStore, request, runToEnd, T0, traffic } from './fakes.ts';

const point = (value: number) => ({ lo: value, hi: value });

test('a lead time that is steady but noisy is not taken for changed; one that doubles is, within ten orders, and the old ones go', () => {
  let resets = 0;
  const took: number[] = [];
  for (let seed = 0; seed < 100; seed++) {
    const random = new SeededRandom(`leads/${seed}`);
    let samples: Samples = NO_SAMPLES;
    const add = (mean: number): boolean => {
      const added = addSample(samples, point(mean * Math.exp(0.2 * random.normal())));
      samples = added.samples;
      return added.changed;
    };
    for (let i = 0; i < 100; i++) if (add(300)) resets++;
    while (samples.kept.length < 20) add(300);
    let orders = 1;
    while (!add(600) && orders < 100) orders++;
    took.push(orders);
    for (let i = 0; i < 5; i++) add(600);
    expect(rangeOf(samples, 0.5)?.lo).toBeGreaterThan(400);
  }
  // In 10,000 orders.
  expect(resets).toBeLessThan(15);
  expect(Math.max(...took)).toBeLessThanOrEqual(10);
});

test('one odd sample is no change', () => {
  let samples: Samples = NO_SAMPLES;
  for (let i = 0; i < 20; i++) ({ samples } = addSample(samples, point(300 + (i % 5))));
  const odd = addSample(samples, { lo: 36_000, hi: Number.POSITIVE_INFINITY });
  expect(odd.changed).toBe(false);
  expect(addSample(odd.samples, point(301)).changed).toBe(false);
});

const read = (state: LeadTimes, at: number, ready: number): LeadNews => seen(state, at, ready, 60_000, 300 * MINUTE);

test('a read of the target bounds a lead time from both sides; what did not come in an hour is missing, and no lead time', () => {
  let { state } = read(NO_LEAD_TIMES, 0, 4);
  state = ordered(state, 0, 8, { units: 4, ready: 4 });
  // The same order again, and one for units that are ready already, are not waited for.
  state = ordered(state, MINUTE, 8, { units: 4, ready: 4 });
  state = ordered(state, MINUTE, 8, { units: 4, ready: 8 });
  expect(state.awaited).toEqual([{ units: 8, at: 0, told: false }]);
  ({ state } = read(state, MINUTE, 6));
  ({ state } = read(state, 2 * MINUTE, 8));
  expect(state.samples.kept).toEqual([{ lo: MINUTE, hi: 2 * MINUTE }]);
  state = ordered(state, 2 * MINUTE, 20, { units: 8, ready: 8 });
  state = ordered(state, 3 * MINUTE, 12, { units: 20, ready: 8 });
  expect(state.awaited).toEqual([]);
  state = ordered(state, 3 * MINUTE, 20, { units: 12, ready: 8 });
  const late = read(state, 64 * MINUTE, 11);
  expect(late.missing).toMatchObject([{ units: 20, at: 3 * MINUTE }]);
  // Told once; and when they come at last, that is told, and says nothing of others.
  const later = read(late.state, 65 * MINUTE, 11);
  expect(later.missing).toEqual([]);
  const found = read(ordered(later.state, 65 * MINUTE, 20, { units: 12, ready: 11 }), 66 * MINUTE, 20);
  expect(found.found).toMatchObject([{ units: 20, at: 3 * MINUTE }]);
  expect(found.state.samples.kept).toHaveLength(1);
  expect(found.state.awaited).toEqual([]);
});

test('units that the target did not take are not waited for, nor those that were ordered before a long silence', () => {
  const state = ordered(NO_LEAD_TIMES, 0, 8, { units: 4, ready: 4 });
  expect(accepted(state, 0, 8).awaited).toHaveLength(1);
  expect(accepted(state, 0, 6).awaited).toEqual([]);
  expect(accepted(state, MINUTE, 6).awaited).toHaveLength(1);
  const before = seen(state, 0, 4, MINUTE, 5 * MINUTE).state;
  expect(seen(before, 2 * 60 * MINUTE, 4, MINUTE, 5 * MINUTE)).toMatchObject({ missing: [], state: { awaited: [] } });
});

const day = 86_400_000;
const QUARTER = 15 * MINUTE;
/** Steps of one kind, a minute each. */
function steps(state: UnitRates, from: number, count: number, served: (i: number) => number, throttled: boolean) {
  let changed = false;
  for (let i = 0; i < count; i++) {
    const next = servedBy(state, from + i * MINUTE, served(i), throttled);
    state = next.state;
    changed ||= next.changed;
  }
  return { state, changed };
}

test('units are known to serve what eight steps of two days served, and what they served when they were full', () => {
  let { state } = steps(NO_UNIT_RATES, 0, 60, (i) => 30 + (i % 12), false);
  expect(rateRange(state)).toBeUndefined();
  ({ state } = steps(state, day, 60, (i) => 30 + (i % 12), false));
  // Twelve kinds of steps, five of each: the eighth is one of the second kind.
  expect(rateRange(state)).toEqual({ lo: 40, hi: Number.POSITIVE_INFINITY });
  // A limited client is throttled at any hour: steps far below what was seen are not full ones.
  ({ state } = steps(state, 2 * day, 600, () => 5, true));
  expect(state.full.kept).toEqual([]);
  ({ state } = steps(state, 3 * day, 9 * 15, (i) => 40 + (i % 7), true));
  expect(rateRange(state)).toEqual({ lo: 46, hi: 46 });
});

test('a target that is misread for a few steps teaches nothing (regression: it made units count four times for two weeks)', () => {
  let { state } = steps(NO_UNIT_RATES, 0, 1440, () => 10, false);
  ({ state } = steps(state, day, 1440, () => 10, false));
  ({ state } = steps(state, 2 * day, 7, () => 160, false));
  expect(rateRange(state)).toEqual({ lo: 10, hi: Number.POSITIVE_INFINITY });
  ({ state } = steps(state, 3 * day, 1440, () => 160, false));
  expect(rateRange(state)?.lo).toBe(10);
});

test('a release after which units serve half is a change, and nothing is said until that is known (regression: the rate was learnt upwards)', () => {
  let { state } = steps(NO_UNIT_RATES, 0, 20 * 15, (i) => 40 + (i % 3), true);
  expect(rateRange(state)).toEqual({ lo: 42, hi: 42 });
  const after = steps(state, day, 8 * 15, (i) => 20 + (i % 3), true);
  expect(after.changed).toBe(true);
  state = servedBy(after.state, day + 9 * QUARTER, 15, false).state;
  expect(rateRange(state)).toBeUndefined();
  ({ state } = steps(state, day + 10 * QUARTER, 9 * 15, (i) => 20 + (i % 3), true));
  expect(rateRange(state)).toEqual({ lo: 22, hi: 22 });
});

/** Units come `leadMs` after their order, on the engine's clock. */
class SlowTarget implements Actuator {
  readonly #clock: Clock;
  readonly #leadMs: () => number;
  #orders: { units: number; at: number }[];
  constructor(clock: Clock, leadMs: () => number, orders = [{ units: 4, at: 0 }]) {
    this.#clock = clock;
    this.#leadMs = leadMs;
    this.#orders = orders;
  }
  /** As it is now, on another clock. */
  on(clock: Clock): SlowTarget {
    return new SlowTarget(clock, this.#leadMs, [...this.#orders]);
  }
  async actuate({ key, pool, units }: Order) {
    const now = this.#clock.now();
    const last = (this.#orders.at(-1) as { units: number }).units;
    if (units !== last) {
      // Units on their way that are not wanted any more do not come; those that are too many go at once.
      this.#orders = this.#orders.filter((each) => each.at <= now || each.units <= units);
      const there = Math.min((await this.read()).ready, units);
      if (units < last) this.#orders = [{ units: there, at: now }, ...this.#orders.filter((each) => each.at > now)];
      if (there < units || units > last) this.#orders.push({ units, at: now + this.#leadMs() });
    }
    return { key, pool, status: 'applied' as const, ...(await this.read()) };
  }
  async read() {
    const now = this.#clock.now();
    const units = (this.#orders.at(-1) as { units: number }).units;
    const there = this.#orders.filter(({ at }) => at <= now).at(-1)?.units ?? 0;
    return { units, ready: Math.min(there, units) };
  }
}

const slow = (leadMs: () => number) =>
  defineActuator({
    id: 'slow',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { lease: 'target' },
    create: (_, { clock }) => new SlowTarget(clock, leadMs),
  });

/** Four units' worth, and twice that for 20 minutes of each 40. */
const waves = traffic(Array.from({ length: 600 }, (_, i) => (i % 40 < 20 ? 240 : 480)));

const slowPool = (leadMs: () => number, extra: object = {}) => ({
  id: 'web',
  // Far from full: what a busy step hides is not the subject.
  unitRate: 4,
  target: 0.25,
  leadTime: '2m',
  actuator: use(slow(leadMs)),
  ...extra,
});
const ahead = ({ demand, step }: Decision): number => demand.at - step;

test('orders that take longer than the config says are learnt, told, and decided by; so is the way back', async () => {
  let lead = 6 * MINUTE;
  const change = T0 + 400 * MINUTE;
  const clock = new VirtualClock(T0);
  const leadMs = (): number => {
    if (clock.now() >= change) lead = MINUTE;
    return lead;
  };
  const { decisions, notices } = await runToEnd(fakeConfig(waves, { pools: [slowPool(leadMs)] }), { host: { clock } });
  expect(notices.map(({ code }) => code).filter((code) => code.startsWith('LEAD'))).toEqual([
    'LEAD_TIME_LEARNT',
    'LEAD_TIME_CHANGED',
    'LEAD_TIME_LEARNT',
    'LEAD_TIME_DRIFT',
  ]);
  expect(notices[0]?.text).toBe('web: 9 of 10 orders were ready within 5m (the last 8), and decisions go by 2m: from now on by 5m');
  const learnt = decisions.find((decision) => ahead(decision) > 2 * MINUTE) as Decision;
  expect(ahead(learnt)).toBeGreaterThanOrEqual(5 * MINUTE);
  expect(ahead(learnt)).toBeLessThanOrEqual(6 * MINUTE);
  // Never below what the config says, however soon units come: a shorter one is only reported.
  expect(ahead(decisions.at(-1) as Decision)).toBe(2 * MINUTE);
  expect(notices.at(-1)?.text).toMatch(/`leadTime: \S+` makes them go by it$/);
});

test('with `learn: report` a lead time is told once and not used', async () => {
  const pools = [slowPool(() => 6 * MINUTE, { learn: { leadTime: 'report' } })];
  const { decisions, notices } = await runToEnd(fakeConfig(waves, { pools }));
  expect(notices.map(({ code }) => code)).toEqual(['LEAD_TIME_DRIFT']);
  expect(new Set(decisions.map(ahead))).toEqual(new Set([2 * MINUTE]));
});

test('a lead time as the config says it is no news, whatever the steps hide of it', async () => {
  for (const lead of [2 * MINUTE, 90_000])
    expect((await runToEnd(fakeConfig(waves, { pools: [slowPool(() => lead)] }))).notices).toEqual([]);
});

test('units that never come are told', async () => {
  const rise = traffic(Array.from({ length: 100 }, (_, i) => (i < 10 ? 240 : 480)));
  const { notices } = await runToEnd(fakeConfig(rise, { pools: [slowPool(() => 1000 * MINUTE)] }));
  expect(notices[0]?.text).toMatch(/^web: \d units were ordered 1h1m ago and 4 are ready: a quota/);
});

/** An engine that acts, on a target that outlives it; both as they are before each batch. */
async function living(events: readonly UsageEvent[], map: Map<string, Uint8Array>, target: (clock: Clock) => SlowTarget, now = T0) {
  const clock = new VirtualClock(now);
  const own = target(clock);
  const store = new KeepingStore(map, () => ({ now: clock.now(), target: own.on(clock) }));
  const onBatch = (index: number): void => clock.advance(Math.max(clock.now(), (events[index] as UsageEvent).at));
  const { actuator: _, ...pool } = slowPool(() => 0);
  const config = fakeConfig(events, { sources: [use(listSource(events, 60, { onBatch }))], pools: [pool], snapshotEvery: '15m' });
  const ran = await runToEnd(config, { mode: 'live', host: { clock, store, actuators: new Map([['web', own]]) } });
  return { ...ran, kept: store.kept };
}

test('killed at any commit, around an order or a lead time that is learnt, an engine goes on as one that was not', async () => {
  const events = waves.filter(({ at }) => at < T0 + 400 * MINUTE);
  const whole = await living(events, new Map(), (clock) => new SlowTarget(clock, () => 6 * MINUTE));
  const learnt = whole.notices.find(({ code }) => code === 'LEAD_TIME_LEARNT')?.step as number;
  expect(learnt).toBeGreaterThan(T0);
  const rise = whole.decisions.find(({ step, units, previous }) => step > T0 + 100 * MINUTE && units > previous)?.step as number;
  const told = ({ step, units, demand }: Decision): unknown => [step, units, demand.at, demand.expected];
  for (const at of [rise - MINUTE, rise, rise + MINUTE, learnt - MINUTE, learnt, learnt + MINUTE, learnt + 4 * MINUTE]) {
    // What was decided since the batch before is lost.
    const { map, beside } = whole.kept.find((each) => each.beside.now >= at) as (typeof whole.kept)[number];
    const { now, target } = beside;
    const { decisions } = await living(events, new Map(map), (clock) => target.on(clock), now);
    const rest = whole.decisions.filter(({ step }) => step >= (decisions[0]?.step ?? 0));
    expect(decisions.length).toBeGreaterThan(50);
    expect(decisions.map(told)).toEqual(rest.map(told));
  }
  expect(whole.decisions.some((decision) => ahead(decision) > 4 * MINUTE)).toBe(true);
});

test('with `learn: report` after a restart the config is gone by again', async () => {
  const map = new Map<string, Uint8Array>();
  const first = waves.filter(({ at }) => at < T0 + 400 * MINUTE);
  const go = (events: readonly UsageEvent[], leadTime: 'use' | 'report') =>
    runToEnd(fakeConfig(events, { store: use(mapStore(map)), pools: [slowPool(() => 6 * MINUTE, { learn: { leadTime } })] }));
  expect(ahead((await go(first, 'use')).decisions.at(-1) as Decision)).toBeGreaterThan(4 * MINUTE);
  expect(new Set((await go(waves, 'report')).decisions.map(ahead))).toEqual(new Set([2 * MINUTE]));
});

test('a config that says another lead time than the one that was learnt against begins from what it says', async () => {
  const map = new Map<string, Uint8Array>();
  const first = waves.filter(({ at }) => at < T0 + 300 * MINUTE);
  const go = (leadTime: string, events: readonly UsageEvent[]) =>
    runToEnd(fakeConfig(events, { store: use(mapStore(map)), pools: [slowPool(() => 6 * MINUTE, { leadTime })] }));
  expect(ahead((await go('2m', first)).decisions.at(-1) as Decision)).toBeGreaterThan(4 * MINUTE);
  const { decisions } = await go('6m', waves);
  expect(new Set(decisions.map(ahead))).toEqual(new Set([6 * MINUTE]));
});

test('full units that serve less than the config says are told, and decided by where that is allowed', async () => {
  // Three a second for four hours, of which a unit of said two serves one and a half and the other is turned away.
  const events = Array.from({ length: 4 * 3600 * 3 }, (_, i) =>
    request(T0 + Math.floor((i * 1000) / 3), 'a', { outcome: i % 2 ? 'throttled' : 'served' }),
  );
  const pools = (unitRate: 'use' | 'report') => [slowPool(() => 0, { unitRate: 2, target: 1, min: 1, max: 9, learn: { unitRate } })];
  const held = new Map([
    [
      'web',
      {
        actuate: async ({ key, pool }: Order) => ({ key, pool, status: 'applied' as const, units: 1, ready: 1 }),
        read: async () => ({ units: 1, ready: 1 }),
      },
    ],
  ]);
  const go = (unitRate: 'use' | 'report') =>
    runToEnd(fakeConfig(events, { pools: pools(unitRate) }), { host: { clock: new VirtualClock(T0), actuators: held } });
  const reported = await go('report');
  expect(reported.notices.map(({ code }) => code)).toEqual(['UNIT_RATE_DRIFT']);
  expect(reported.notices[0]?.text).toBe(
    'web: units turned demand away at 1.5 requests/s each, and decisions go by 2; `unitRate: 1.5` or `learn: { unitRate: use }` makes them go by it',
  );
  const used = await go('use');
  expect(used.notices.map(({ code }) => code)).toEqual(['UNIT_RATE_LEARNT']);
  const learnt = used.notices[0]?.step as number;
  const reference = (decisions: readonly Decision[]): number | undefined =>
    decisions.find(({ step }) => step > learnt + MINUTE)?.surge?.reference;
  // What a reactive policy has ready is in units, too.
  expect((reference(used.decisions) as number) / (reference(reported.decisions) as number)).not.toBe(1);
});

test('what fails fast is not taken for served (regression: an outage with retries made units count four times)', async () => {
  const minutes = Array.from({ length: 2 * 24 * 60 }, (_, i) => i);
  const events = minutes.flatMap((i) =>
    Array.from({ length: i % 60 < 10 ? 40 : 4 }, () => request(T0 + i * MINUTE, 'a', { outcome: i % 60 < 10 ? 'failed' : 'served' })),
  );
  const { notices } = await runToEnd(fakeConfig(events, { pools: [slowPool(() => 0, { unitRate: 0.1, target: 1, max: 1 })] }));
  expect(notices.filter(({ code }) => code.startsWith('UNIT'))).toEqual([]);
});

test('what one of a further measure counts stays as configured, whatever is learnt; where the config changes it, the pool begins anew', async () => {
  const map = new Map<string, Uint8Array>();
  const events = traffic(Array.from({ length: 40 }, () => 60)).map((event) => ({ ...event, bytes: 10_000 }));
  const go = (unitRate: number) =>
    runToEnd(
      fakeConfig(events, { store: use(mapStore(map)), pools: [{ id: 'web', unitRate, target: 1, leadTime: '2m', also: { bytes: 1000 } }] }),
    );
  expect((await go(1)).decisions.at(-1)?.demand.actual).toBe(10);
  const changed = await go(4);
  expect(changed.notices.map(({ code, text }) => `${code} ${text}`)[0]).toContain(
    'demand of web could not be read (the measures of the pool have changed)',
  );
});

test('units are the most that any measure asks for, and the decision says which', async () => {
  // Sixty requests a minute, of 100 bytes at first, later of 10,000: a unit serves one of them, or 1,000 bytes, a second.
  const events = traffic(Array.from({ length: 40 }, () => 60)).map((event) => ({
    ...event,
    bytes: event.at < T0 + 20 * MINUTE ? 100 : 10_000,
  }));
  const pools = [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m', also: { bytes: 1000 } }];
  const { decisions } = await runToEnd(fakeConfig(events, { pools }));
  const [light, heavy] = [decisions[10], decisions.at(-1)] as [Decision, Decision];
  expect([light.units, light.demand.binding, light.demand.actual]).toEqual([1, 'requests', 1]);
  expect([heavy.demand.binding, heavy.demand.actual]).toEqual(['bytes', 10]);
  expect(heavy.units).toBeGreaterThanOrEqual(10);
  const single = await runToEnd(fakeConfig(events));
  expect(single.decisions[10]?.demand).not.toHaveProperty('binding');
  expect(() => createEngine(fakeConfig([], { pools: [{ ...pools[0], also: { requests: 3 } } as never] }), { mode: 'replay' })).toThrow(
    'pools[0].also: requests is the pool',
  );
});

test('the most of sums, not the sum of each group’s most', () => {
  const pool = { measure: 'requests' as const, unitRate: 1, also: { work: 1 }, serves: () => true };
  const usage = (offered: number, work: number) => ({ group: 'g', pop: 'p', offered, work }) as never;
  expect(demandOf(pool, [usage(10, 1), usage(1, 10)])).toBe(11);
});

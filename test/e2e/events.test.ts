import { type Actuator, type CalendarEvent, defineCalendar, defineSource, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { createEngine, type JournalRecord, readForecast, use, VirtualClock } from '@auspex/core';
import { noStore } from '@auspex/evaluate';
import { SeededRandom } from '@auspex/numerics';
import { preset, seasonal } from '@auspex/preset';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const STEP = 300_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LEAD = 3 * STEP;
/** A Monday; the clocks of Berlin change on 29 March. */
const T0 = Date.UTC(2026, 2, 1, 23);
const SUMMER = Date.UTC(2026, 2, 29, 1);
const offset = (at: number): number => (at < SUMMER ? HOUR : 2 * HOUR);
/** 20:00 in Berlin, on four Thursdays; the fourth show does not take place, though it is in the calendar. */
const SHOWS = [19, 26, 33, 40].map((day) => {
  const local = Date.UTC(2026, 2, day, 20);
  return local - (local < SUMMER ? HOUR : 2 * HOUR);
});
const END = Date.UTC(2026, 3, 17);
/** Requests a second that a unit serves, and the share of them that is planned for. */
const UNIT = 1;
const TARGET = 0.7;

interface World {
  /** Shows that take place; none = a world without. */
  readonly held: readonly number[];
  /** What the calendar says. */
  readonly planned: readonly CalendarEvent[];
  readonly trust?: boolean;
}

const event = (start: number, more: Partial<CalendarEvent> = {}): CalendarEvent => ({
  id: `show@${start}`,
  name: 'Show',
  category: 'show',
  start,
  end: start + HOUR,
  ...more,
});

/** What a show makes of demand: a ramp of a quarter of an hour, an hour of three times as much, and it is over. */
function boost(at: number, held: readonly number[]): number {
  const show = held.find((start) => at >= start - 3 * STEP && at < start + HOUR);
  if (show === undefined) return 1;
  return at >= show ? 3 : 1 + 2 * ((at + STEP / 2 - (show - 3 * STEP)) / (3 * STEP));
}

function demand({ held }: Pick<World, 'held'>): number[] {
  const random = new SeededRandom(5);
  return Array.from({ length: (END - T0) / STEP }, (_, i) => {
    const at = T0 + i * STEP;
    const local = at + offset(at);
    const day = 1 - 0.6 * Math.cos((2 * Math.PI * ((local % DAY) / HOUR - 3)) / 24);
    const week = (local / DAY + 3) % 7 >= 5 ? 0.7 : 1;
    return Math.round(6000 * day * week * (1 + 0.03 * random.normal()) * boost(at, held));
  });
}

const source = (counts: readonly number[]) =>
  defineSource({
    id: 'counted',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'gap' },
    create: () => ({
      async *open(): AsyncGenerator<SourceBatch> {
        for (const [i, count] of counts.entries()) {
          const at: UsageEvent = { at: T0 + i * STEP, kind: 'request', group: 'shop', pop: 'p', outcome: 'served', count };
          yield { partition: '0', events: [at], position: String(i) };
        }
        yield { partition: '0', events: [], position: 'end', end: true };
      },
    }),
  });

const calendar = (events: readonly CalendarEvent[]) =>
  defineCalendar({
    id: 'shows',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({ between: async (from, to) => events.filter(({ start, end }) => end > from && start < to) }),
  });

interface Seen {
  readonly lines: string[];
  readonly notices: string[];
  /** By step: units ready, and the medians and .99 quantiles that were forecast for it one lead time before. */
  readonly ready: Map<number, number>;
  readonly medians: Map<number, number>;
  readonly high: Map<number, number>;
  readonly demand: (step: number) => number;
}

/** Units of an order are there a lead time later; those that go, go at once. */
class SlowFleet implements Actuator {
  readonly #clock: VirtualClock;
  #orders: { at: number; units: number }[] = [{ at: Number.NEGATIVE_INFINITY, units: 40 }];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  ready(now: number): number {
    const since = this.#orders.findLast(({ at }) => at <= now - LEAD) as { at: number; units: number };
    return Math.min(...this.#orders.filter(({ at }) => at >= since.at).map(({ units }) => units));
  }

  async read(): Promise<{ units: number; ready: number }> {
    return { units: this.#orders.at(-1)?.units as number, ready: this.ready(this.#clock.now()) };
  }

  async actuate({ key, pool, units }: Parameters<Actuator['actuate']>[0]): ReturnType<Actuator['actuate']> {
    const now = this.#clock.now();
    this.#orders = [...this.#orders.filter(({ at }) => at > now - DAY), { at: now, units }];
    return { key, pool, status: 'applied', units, ready: this.ready(now) };
  }
}

async function live(world: World): Promise<Seen> {
  const clock = new VirtualClock();
  const fleet = new SlowFleet(clock);
  const counts = demand(world);
  const lines: string[] = [];
  const seen = { ready: new Map<number, number>(), medians: new Map<number, number>(), high: new Map<number, number>() };
  const config = preset({
    sources: [use(source(counts))],
    step: '5m',
    lateness: '0s',
    zone: 'Europe/Berlin',
    predictors: [use(seasonal)],
    calendars: world.planned.length > 0 ? [use(calendar(world.planned))] : [],
    pools: [{ id: 'web', unitRate: UNIT, target: TARGET, leadTime: '15m', max: 400 }],
    store: use(noStore),
  });
  await using engine = createEngine(config, {
    mode: 'replay',
    host: { clock, actuators: new Map([['web', fleet]]) },
    trustDemand: world.trust ?? false,
    onJournal: (line) => lines.push(line),
  });
  engine.hooks.forecast.tap('test', (forecast) => {
    if (forecast.series !== 'pool:web') return;
    // What an order of now is for: the first step that it serves whole.
    const step = forecast.origin + LEAD;
    seen.medians.set(step, readForecast(forecast, LEAD / STEP + 1, 0.5));
    seen.high.set(step, readForecast(forecast, LEAD / STEP + 1, 0.99));
  });
  engine.hooks.decided.tap('test', ({ step }) => {
    seen.ready.set(step, fleet.ready(step));
  });
  await engine.start();
  await engine.run();
  const notices = lines.flatMap((line) => {
    const record = JSON.parse(line) as JournalRecord;
    return record.type === 'notice' && record.code === 'EVENT_LEARNT' ? [record.text] : [];
  });
  return { ...seen, lines, notices, demand: (step) => (counts[(step - T0) / STEP] as number) / (STEP / 1000) };
}

/** Units that the demand of a step calls for. */
const needed = (rate: number): number => Math.ceil(rate / (UNIT * TARGET));

describe.each([
  ['of which only the times are known', {}],
  ['of which the calendar says half of what they do', { impact: 1 }],
])('shows %s', (_, given) => {
  let shown: Seen;
  let without: Seen;
  const [first, second, third, fourth] = SHOWS as [number, number, number, number];
  beforeAll(async () => {
    shown = await live({ held: [first, second, third], planned: SHOWS.map((start) => event(start, given)) });
    without = await live({ held: [], planned: [] });
  });

  /** Steps of the hour that a show lasts. */
  const hour = (show: number): number[] => Array.from({ length: HOUR / STEP }, (_, i) => show + i * STEP);
  const readyAt = (seen: Seen, step: number): number => seen.ready.get(step) as number;

  it('are short of units at first', () => {
    expect(hour(first).some((step) => readyAt(shown, step) < needed(shown.demand(step)))).toBe(true);
  });

  it('have them before the first minute once two were seen, over a clock change', () => {
    expect(third - second).toBe(7 * DAY - HOUR);
    for (const step of hour(third)) expect(readyAt(shown, step)).toBeGreaterThanOrEqual(needed(shown.demand(step)));
    // As many as are needed, not as many as there are.
    expect(Math.max(...hour(third).map((step) => readyAt(shown, step)))).toBeLessThan(1.6 * needed(shown.demand(third)));
  });

  it('are forecast where they are, and nowhere else', () => {
    for (const step of hour(third)) {
      expect(Math.abs(Math.log((shown.medians.get(step) as number) / shown.demand(step)))).toBeLessThan(0.2);
    }
    expect(shown.medians.get(third + HOUR) as number).toBeLessThan(1.1 * shown.demand(third + HOUR));
    expect(shown.medians.get(third - HOUR / 2) as number).toBeLessThan(1.1 * shown.demand(third - HOUR / 2));
  });

  it('cost little where one does not take place', () => {
    const around = Array.from({ length: (3 * HOUR) / STEP }, (_, i) => fourth - HOUR + i * STEP);
    const extra = around.map((step) => readyAt(shown, step) - readyAt(without, step));
    // The units of half an hour of it: a ramp and a lead time.
    expect(extra.reduce((sum, units) => sum + Math.max(0, units), 0) * (STEP / HOUR)).toBeLessThan(Math.max(...extra) / 2);
    for (const step of around.slice((HOUR + 2 * STEP) / STEP)) expect(readyAt(shown, step)).toBeLessThan(1.3 * readyAt(without, step));
  });

  it('leave no trace in an ordinary week', () => {
    const week = [...shown.medians].filter(([step]) => step >= fourth + DAY && step < END);
    expect(week.length).toBeGreaterThan(6 * 288);
    for (const [step, median] of week) expect(Math.abs(median / (without.medians.get(step) as number) - 1)).toBeLessThan(0.02);
  });

  it('are told of in the journal', () => {
    expect(shown.notices).toHaveLength(4);
    expect(shown.notices[2]).toMatch(
      /^show "Show" at pool web: demand was (2\.[89]|3|3\.1) times the usual at its peak \(3 seen\): \+1\d\d % is expected of the next, was \+1\d\d %$/,
    );
    expect(shown.notices[3]).toMatch(/\(4 seen\): \+\d+ % is expected of the next, was \+1\d\d %$/);
    expect(without.lines.some((line) => line.includes('EVENT_LEARNT'))).toBe(false);
  });
});

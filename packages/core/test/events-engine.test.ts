import { type CalendarEvent, defineCalendar } from '@auspex/contracts';
import { type AuspexConfig, createEngine, forget, type JournalRecord, outlookOf, readEvents, use, VirtualClock } from '@auspex/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fakeConfig, listSource, MapStore, MINUTE, mapStore, T0, traffic } from './fakes.ts';

const HOUR = 60 * MINUTE;
/** Each three hours an hour of twice as much, from the second on. */
const SALES: readonly CalendarEvent[] = [2, 5, 8].map((hour) => ({
  id: `sale@${hour}`,
  name: `Sale of ${hour}:00`,
  category: 'sale',
  start: T0 + hour * HOUR,
  end: T0 + (hour + 1) * HOUR,
  groups: ['a'],
}));
const HOURS = 11;
const counts = Array.from({ length: HOURS * 60 }, (_, minute) =>
  SALES.some(({ start, end }) => T0 + minute * MINUTE >= start && T0 + minute * MINUTE < end) ? 48 : 24,
);
const events = traffic(counts);

const calendarOf = (planned: readonly CalendarEvent[], asked: [number, number][] = []) =>
  defineCalendar({
    id: 'sales',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({
      between: async (from, to) => {
        asked.push([from, to]);
        return planned.filter(({ start, end }) => end > from && start < to);
      },
    }),
  });

async function run(map: Map<string, Uint8Array>, overrides: Partial<AuspexConfig> = {}, until = events.length): Promise<string[]> {
  const lines: string[] = [];
  const engine = createEngine(
    fakeConfig(events, {
      sources: [use(listSource(events.slice(0, until), 100, { end: until === events.length }))],
      store: use(mapStore(map)),
      snapshotEvery: '1h',
      calendars: [use(calendarOf(SALES))],
      ...overrides,
    }),
    { mode: 'replay', host: { clock: new VirtualClock(T0) }, onJournal: (line) => lines.push(line) },
  );
  await engine.start();
  await engine.run();
  await engine.close();
  return lines;
}

const told = (lines: readonly string[]): string[] =>
  lines
    .map((line) => JSON.parse(line) as JournalRecord)
    .flatMap((record) => (record.type === 'notice' ? [`${record.code} ${record.text}`] : []));

test('each occurrence is learnt, at the pool and at the groups that it names, and told once', async () => {
  const notices = told(await run(new Map())).filter((text) => text.startsWith('EVENT_LEARNT'));
  expect(notices).toHaveLength(6);
  expect(notices.at(-1)).toMatch(
    /^EVENT_LEARNT sale "Sale of 8:00" at (a|pool web): demand was (1\.9|2) times the usual at its peak \(3 seen\): /,
  );
  expect(notices.filter((text) => text.includes(' at pool web: '))).toHaveLength(3);
});

test('the same trace has the same journal, and a calendar is asked once a step, for what the step needs', async () => {
  const asked: [number, number][] = [];
  const first = await run(new Map(), { calendars: [use(calendarOf(SALES, asked))] });
  expect(await run(new Map())).toEqual(first);
  expect(asked).toHaveLength(HOURS * 60);
  // Six hours back and six ahead of the lead time of two minutes and the two steps after it.
  expect(asked[0]).toEqual([T0 + MINUTE - 6 * HOUR, T0 + MINUTE + 4 * MINUTE + 6 * HOUR]);
});

test('a restart in the middle of an event goes on as if there had been none', async () => {
  const whole = new Map<string, Uint8Array>();
  const lines = await run(whole);
  const map = new Map<string, Uint8Array>();
  const minutes = 5 * 60 + 25;
  const before = await run(
    map,
    {},
    counts.slice(0, minutes).reduce((sum, count) => sum + count, 0),
  );
  const after = await run(map);
  const decisions = (all: readonly string[]): string[] => all.filter((line) => line.includes('"type":"decision"'));
  expect(decisions(before).length).toBeGreaterThan(300);
  expect([...decisions(before), ...decisions(after)]).toEqual(decisions(lines));
  expect([...told(before), ...told(after)]).toEqual(told(lines));
  expect(Buffer.compare(map.get('engine/events') as Uint8Array, whole.get('engine/events') as Uint8Array)).toBe(0);
});

test('without a calendar nothing is kept, and nothing changes what was', async () => {
  const map = new Map<string, Uint8Array>();
  const lines = await run(map, { calendars: [] });
  expect([...map.keys()].some((key) => key === 'engine/events')).toBe(false);
  // A calendar in which nothing is planned is as none, but for its place in the config.
  const bare = (all: readonly string[]): string[] => all.map((line) => line.replaceAll(/"configHash":"\w+"/g, ''));
  expect(bare(await run(new Map(), { calendars: [use(calendarOf([]))] }))).toEqual(bare(lines));
});

test('a store of a version that knew no events is read; what cannot be read begins from nothing, and says so', async () => {
  const map = new Map<string, Uint8Array>();
  const half = counts.slice(0, 4 * 60).reduce((sum, count) => sum + count, 0);
  await run(map, {}, half);
  const old = new Map(map);
  old.delete('engine/events');
  expect(told(await run(old)).filter((text) => text.startsWith('STATE'))).toEqual([]);
  map.set('engine/events', new Uint8Array([7]));
  expect(told(await run(map)).find((text) => text.startsWith('STATE'))).toMatch(
    /^STATE_UNREADABLE what was learnt of events could not be read/,
  );
});

test('a masked occurrence teaches nothing', async () => {
  const masks = SALES.map(({ start, end }) => ({ from: new Date(start).toISOString(), to: new Date(end).toISOString(), why: 'test' }));
  expect(told(await run(new Map(), { masks })).filter((text) => text.startsWith('EVENT_LEARNT'))).toEqual([]);
});

test('a group that is forgotten is forgotten here too', async () => {
  const map = new Map<string, Uint8Array>();
  const group = 'shop-anna';
  const named = traffic(counts, group);
  const planned = SALES.map((sale) => ({ ...sale, groups: [group] }));
  const overrides = { sources: [use(listSource(named, 100))], calendars: [use(calendarOf(planned))] };
  await run(map, overrides, events.length);
  expect(Buffer.from(map.get('engine/events') as Uint8Array).includes(group)).toBe(true);
  await forget(fakeConfig(named, { store: use(mapStore(map)), ...overrides }), { group });
  expect(Buffer.from(map.get('engine/events') as Uint8Array).includes(group)).toBe(false);
});

test('what is expected can be asked for', async () => {
  const map = new Map<string, Uint8Array>();
  await run(map);
  const learnt = await readEvents(new MapStore(map));
  const next = { ...(SALES[0] as CalendarEvent), id: 'next' };
  const outlook = outlookOf(next, learnt);
  expect(outlook).toMatchObject({ by: 'learnt', seen: 3 });
  expect(outlook.impact).toBeGreaterThan(0.6);
  expect(outlook.impact).toBeLessThan(1.1);
  expect(outlook.low).toBeLessThan(outlook.impact);
  expect(outlook.high).toBeGreaterThan(1);
  expect(outlookOf({ ...next, category: 'show', impact: 0.5 }, learnt)).toMatchObject({ by: 'given', impact: 0.5, seen: 0 });
  expect(outlookOf({ ...next, category: 'show' })).toMatchObject({ by: 'unknown', impact: 0, seen: 0 });
});

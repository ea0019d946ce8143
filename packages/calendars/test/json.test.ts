import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonCalendar } from '../src/index.ts';
import { between, file, make, surroundings, tell } from './tools.ts';

const YEAR = ['2026-01-01T00:00Z', '2027-01-01T00:00Z'] as const;
const of = (content: unknown, options: object = {}, context = surroundings()) =>
  make(jsonCalendar, { files: [file('plan.json', typeof content === 'string' ? content : JSON.stringify(content))], ...options }, context);

describe('events as JSON', () => {
  it('are in local time, in UTC, with an offset, or whole days', async () => {
    const plan = [
      { id: 'l', name: 'Local', start: '2026-03-29T20:00', end: '2026-03-29T22:30', zone: 'Europe/Berlin' },
      { id: 'u', name: 'UTC', start: '2026-03-30T20:00:00Z', duration: '90m' },
      { id: 'o', name: 'Offset', start: '2026-03-31 20:00-04:00', end: '2026-04-01T00:00Z' },
      { id: 'd', name: 'Day', start: '2026-07-01' },
      { id: 'e', name: 'Days', start: '2026-10-24', end: '2026-10-26', zone: 'Europe/Berlin' },
      { id: 'f', name: 'Days', start: '2026-10-27', duration: '2d', zone: 'Europe/Berlin' },
      { id: 'n', name: 'None', start: '2026-12-01T09:00', duration: '1h' },
    ];
    // The end of `o` is its start: it is left out.
    expect(await tell(of(plan, { zone: 'America/New_York' }), ...YEAR)).toEqual([
      'l 2026-03-29T18:00Z 2026-03-29T20:30Z',
      'u 2026-03-30T20:00Z 2026-03-30T21:30Z',
      'd 2026-07-01T04:00Z 2026-07-02T04:00Z',
      'e 2026-10-23T22:00Z 2026-10-25T23:00Z',
      'f 2026-10-26T23:00Z 2026-10-28T23:00Z',
      'n 2026-12-01T14:00Z 2026-12-01T15:00Z',
    ]);
  });

  it('with an offset are that very instant, in the repeated hour of a clock change too', async () => {
    const berlin = { zone: 'Europe/Berlin' };
    const plan = [
      { ...berlin, id: 'first', name: 'A', start: '2026-10-25T02:30+02:00', end: '2026-10-25T02:30+01:00' },
      { ...berlin, id: 'second', name: 'B', start: '2026-10-25T02:30+01:00', duration: '30m' },
      { ...berlin, id: 'utc', name: 'C', start: '2026-10-25T01:45Z', end: '2026-10-25T03:00' },
      // Without one it is the first of both (RFC 5545 3.3.5).
      { ...berlin, id: 'without', name: 'D', start: '2026-10-25T02:30', duration: '30m' },
      { ...berlin, id: 'left-out', name: 'E', start: '2026-03-29T02:30+01:00', duration: '30m' },
      {
        ...berlin,
        id: 'again',
        name: 'F',
        start: '2026-10-25T02:40+01:00',
        duration: '5m',
        every: 'FREQ=DAILY;COUNT=3',
        except: ['2026-10-26T01:40Z'],
      },
    ];
    expect(await tell(of(plan), ...YEAR)).toEqual([
      'left-out 2026-03-29T01:30Z 2026-03-29T02:00Z',
      'first 2026-10-25T00:30Z 2026-10-25T01:30Z',
      'without 2026-10-25T00:30Z 2026-10-25T01:00Z',
      'second 2026-10-25T01:30Z 2026-10-25T02:00Z',
      'again@2026-10-25T01:40:00.000Z 2026-10-25T01:40Z 2026-10-25T01:45Z',
      'utc 2026-10-25T01:45Z 2026-10-25T02:00Z',
      'again@2026-10-27T01:40:00.000Z 2026-10-27T01:40Z 2026-10-27T01:45Z',
    ]);
  });

  it('come again at the same local time, but for exceptions', async () => {
    const plan = [
      {
        name: 'Show',
        start: '2026-03-26T20:00',
        duration: '1h',
        zone: 'Europe/Berlin',
        every: 'FREQ=WEEKLY;BYDAY=TH;COUNT=5',
        except: ['2026-04-02', '2026-04-09T20:00', '2026-04-16T21:00'],
      },
      {
        id: 'z',
        name: 'By offset',
        start: '2026-03-27T19:00Z',
        duration: '1h',
        zone: 'Europe/Berlin',
        every: 'RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20260331',
      },
    ];
    expect(await tell(of(plan), ...YEAR)).toEqual([
      'Show/2026-03-26T20:00@2026-03-26T19:00:00.000Z 2026-03-26T19:00Z 2026-03-26T20:00Z',
      'z@2026-03-27T19:00:00.000Z 2026-03-27T19:00Z 2026-03-27T20:00Z',
      'z@2026-03-29T18:00:00.000Z 2026-03-29T18:00Z 2026-03-29T19:00Z',
      'z@2026-03-31T18:00:00.000Z 2026-03-31T18:00Z 2026-03-31T19:00Z',
      'Show/2026-03-26T20:00@2026-04-16T18:00:00.000Z 2026-04-16T18:00Z 2026-04-16T19:00Z',
      'Show/2026-03-26T20:00@2026-04-23T18:00:00.000Z 2026-04-23T18:00Z 2026-04-23T19:00Z',
    ]);
  });

  it('say what they do; what they do not say is left out', async () => {
    const plan = [
      { id: 'a', name: 'A', start: '2026-02-01', groups: ['g'], pops: ['ATL'], category: 'sale', impact: -0.25, ramp: '30m' },
      { id: 'b', name: 'B', start: '2026-02-02' },
    ];
    const [a, b] = await between(of({ events: plan }), ...YEAR);
    expect(a).toMatchObject({ groups: ['g'], pops: ['ATL'], category: 'sale', impact: -0.25, shape: { rampMs: 1_800_000, decayMs: 0 } });
    expect(Object.keys(b ?? {}).sort()).toEqual(['end', 'id', 'name', 'start']);
  });

  it('may stand in the config, where a wrong one is told at once, with its place', async () => {
    const calendar = make(jsonCalendar, { events: [{ id: 'x', name: 'X', start: '2026-02-01T00:00Z', duration: '1h' }] });
    expect(await tell(calendar, ...YEAR)).toEqual(['x 2026-02-01T00:00Z 2026-02-01T01:00Z']);
    const good = { name: 'X', start: '2026-02-01' };
    const issues = jsonCalendar.config.safeParse({ events: [good, good, { ...good, start: 'soon' }] }).error?.issues;
    expect(issues?.map(({ path }) => path.join('.'))).toEqual(['events.2.start']);
    expect(issues?.[0]?.message).toContain('"soon" is no time: write 2026-11-27T18:00');
    expect(() => make(jsonCalendar, { events: [good, { ...good, end: '2026-01-01' }] })).toThrow(
      'json-calendar.events[1].end: it ends before it has begun',
    );
    expect(jsonCalendar.config.safeParse({}).error?.issues[0]?.message).toBe('name files or events');
  });
});

describe('what cannot be read', () => {
  const GOOD = { id: 'good', name: 'Good', start: '2026-01-05T10:00Z', duration: '1h' };

  it.each([
    ['.start', { ...GOOD, id: 'b', start: '2026-02-30' }, 'is no time'],
    ['.start', { ...GOOD, id: 'b', start: '05.01.2026' }, 'is no time'],
    ['.start', { ...GOOD, id: 'b', start: '2026-01-05T10:00+99:00' }, 'is no time'],
    ['.start', { ...GOOD, id: 'b', start: 1767607200 }, 'expected string'],
    ['.name', { ...GOOD, id: 'b', name: undefined }, 'expected string'],
    ['.end', { ...GOOD, id: 'b', duration: undefined, end: '2026-01-05T09:00Z' }, 'it ends before it has begun'],
    ['.end', { ...GOOD, id: 'b', duration: undefined }, 'it is missing'],
    ['.duration', { ...GOOD, id: 'b', end: '2026-01-05T11:00Z' }, 'it has an end already'],
    ['.duration', { ...GOOD, id: 'b', duration: '0s' }, 'it has no length'],
    ['.duration', { ...GOOD, id: 'b', duration: 60 }, '60 is no duration; write a number with a unit'],
    ['.zone', { ...GOOD, id: 'b', zone: 'Mars/Olympus' }, 'must be an IANA zone'],
    ['.every', { ...GOOD, id: 'b', every: 'weekly' }, 'is no RRULE'],
    ['.every', { ...GOOD, id: 'b', every: 'FREQ=MINUTELY' }, 'more than 96 times a day'],
    ['.except[0]', { ...GOOD, id: 'b', every: 'FREQ=DAILY', except: ['never'] }, 'is no time'],
    ['.impact', { ...GOOD, id: 'b', impact: 'high' }, 'expected number'],
    ['.impact', { ...GOOD, id: 'b', impact: -1.5 }, 'expected number to be >=-1'],
    ['.groups', { ...GOOD, id: 'b', groups: 'web' }, 'expected array'],
    ['', { ...GOOD, id: 'b', grups: ['web'] }, 'Unrecognized key: "grups"'],
    ['', 'a word', 'expected object'],
    ['.id', { ...GOOD, name: 'Another' }, 'there is another event "good"'],
  ])('events[1]%s: that event alone is left out', async (field, event, says) => {
    const context = surroundings();
    expect(await tell(of([GOOD, event], {}, context), ...YEAR)).toEqual(['good 2026-01-05T10:00Z 2026-01-05T11:00Z']);
    expect(context.complaints()).toEqual([expect.stringContaining(`plan.json: events[1]${field} `)]);
    expect(context.complaints()[0]).toContain(says);
    expect(context.meter.values.get('auspex_calendar_bad_events_total{calendar=json-calendar}')).toBe(1);
  });

  it.each([
    ['an empty file', '', 'SOURCE_EMPTY', 'empty'],
    ['no JSON', '[\n{"name": "x",\n}]', 'SOURCE_FAILED', 'plan.json:3: this is no JSON'],
    ['no list', '{"event": []}', 'SOURCE_FAILED', 'it holds no list of events'],
    ['null', 'null', 'SOURCE_FAILED', 'it holds no list of events'],
    ['none that can be read', '[{"name": "x"}]', 'SOURCE_NO_VALID_RECORD', 'events[0].start'],
  ])('%s is refused as a whole', async (_, content, code, says) => {
    await expect(between(of(content), ...YEAR)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });

  it('a file that changes is read again, a damaged one leaves what it held', async () => {
    const context = surroundings();
    const at = file('plan.json', JSON.stringify([GOOD]));
    const calendar = make(jsonCalendar, { files: [at] }, context);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    const change = (text: string, seconds: number) => {
      writeFileSync(at, text);
      utimesSync(at, new Date(), new Date(statSync(at).mtimeMs + 1000 * seconds));
    };
    change('[', 1);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    expect(context.complaints()).toHaveLength(1);
    change(JSON.stringify([]), 2);
    expect(await tell(calendar, ...YEAR)).toHaveLength(0);
  });

  it('many that cannot be read are counted, and not all logged', async () => {
    const context = surroundings();
    const calendar = of([GOOD, ...Array.from({ length: 50 }, () => ({}))], {}, context);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    expect(context.complaints()).toHaveLength(21);
    expect(context.meter.values.get('auspex_calendar_bad_events_total{calendar=json-calendar}')).toBe(50);
  });
});

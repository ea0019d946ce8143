import { existsSync } from 'node:fs';
import path from 'node:path';
import { lmdb } from '@auspex/preset';
import { fakeContext } from '@auspex/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BINS } from '../../core/src/events/effect.ts';
import type { Belief } from '../../core/src/events/learn.ts';
import { beliefKey, EVERY, emptyEvents, encodeEvents } from '../../core/src/events/state.ts';
import { outlookOf } from '../../core/src/index.ts';
import { KEYS } from '../../core/src/persistence/keys.ts';
import { describeImpact } from '../src/impact.ts';
import { auspex, folder, type Ran, write, yamlConfig } from './tools.ts';

/** A Friday, 17:00 in Berlin. */
const NOW = Date.UTC(2026, 10, 27, 16);

const PLAN = [
  {
    id: 'sale',
    name: 'Black Friday',
    start: '2026-11-27',
    zone: 'America/New_York',
    category: 'sale',
    impact: 0.5,
    groups: ['web', 'app'],
    ramp: '2h',
  },
  {
    id: 'show',
    name: 'The show',
    start: '2026-11-27T20:00',
    duration: '150m',
    zone: 'Europe/Berlin',
    every: 'FREQ=WEEKLY',
    category: 'show',
    pops: ['FRA'],
  },
  { id: 'move', name: 'Data centre move', start: '2026-12-05T01:00Z', duration: '4h', groups: ['internal'], impact: -0.3 },
  { id: 'far', name: 'Far away', start: '2027-03-01', impact: 0 },
];

function project(calendars: string): string {
  const cwd = folder();
  write(cwd, 'plan.json', JSON.stringify(PLAN));
  write(cwd, 'config.yaml', yamlConfig(cwd, { extra: `zone: Europe/Berlin\n${calendars.replaceAll('CWD', cwd)}\n` }));
  return cwd;
}

const JSON_CALENDAR = "{ use: json-calendar, with: { files: ['CWD/plan.json'] } }";
const events = (cwd: string, ...args: string[]): Promise<Ran> => auspex(cwd, ['events', '--config', 'config.yaml', ...args]);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('events', () => {
  it('are told in local time, with whom they concern and what they are expected to do', async () => {
    const ran = await events(project(`calendars: [${JSON_CALENDAR}]`));
    expect(ran).toEqual({
      code: 0,
      err: '',
      out: `2026-11-27 17:00 to 2026-12-11 17:00 (Europe/Berlin): 4 events

Starts                             Lasts  Name              Category  Concerns  Expected
────────────────────  ───────────  ─────  ────────────────  ────────  ────────  ─────────────────────
Fri 2026-11-27 06:00  now          24 h   Black Friday      sale      web, app  +50 % from 2 h before
Fri 2026-11-27 20:00  in 3 h       2.5 h  The show          show      all @FRA  not known yet
Fri 2026-12-04 20:00  in 7.1 days  2.5 h  The show          show      all @FRA  not known yet
Sat 2026-12-05 02:00  in 7.4 days  4 h    Data centre move            internal  -30 %
`,
    });
  });

  it('are those of a span, a group, in a zone', async () => {
    const cwd = project(`calendars: [${JSON_CALENDAR}]`);
    const names = (ran: Ran): string[] => JSON.parse(ran.out).events.map(({ id }: { id: string }) => id);
    expect(names(await events(cwd, '--json', '--for', '4h'))).toEqual(['sale', 'show@2026-11-27T19:00:00.000Z']);
    expect(names(await events(cwd, '--json', '--from', '2026-12-05', '--to', '2026-12-06'))).toEqual(['move']);
    expect(names(await events(cwd, '--json', '--group', 'internal'))).toEqual([
      'show@2026-11-27T19:00:00.000Z',
      'show@2026-12-04T19:00:00.000Z',
      'move',
    ]);
    const ran = await events(cwd, '--from', '2026-12-05', '--for', '1d', '--zone', 'Asia/Kolkata');
    expect(ran.out).toContain('2026-12-05 05:30 to 2026-12-06 05:30 (Asia/Kolkata): 1 event\n');
    expect(ran.out).toContain('Sat 2026-12-05 06:30  in 7.4 days  4 h');
    const past = await events(cwd, '--from', '2026-11-20', '--for', '1d');
    expect(past).toMatchObject({ code: 0, out: '2026-11-20 01:00 to 2026-11-21 01:00 (Europe/Berlin): nothing is planned\n' });
  });

  it('as JSON carry what the contract carries, and the calendar', async () => {
    const ran = await events(project(`calendars: [${JSON_CALENDAR}, { use: holidays, with: { places: [US] } }]`), '--json', '--for', '30d');
    const { events: all, failures } = JSON.parse(ran.out);
    expect(failures).toEqual([]);
    expect(all[0]).toEqual({
      calendar: 'json-calendar',
      id: 'sale',
      name: 'Black Friday',
      category: 'sale',
      groups: ['web', 'app'],
      impact: 0.5,
      shape: { rampMs: 7_200_000, decayMs: 0 },
      start: Date.UTC(2026, 10, 27, 5),
      end: Date.UTC(2026, 10, 28, 5),
      startsAt: '2026-11-27T05:00:00.000Z',
      endsAt: '2026-11-28T05:00:00.000Z',
      expected: expect.objectContaining({ by: 'given', impact: 0.5, seen: 0, shape: { rampMs: 7_200_000, decayMs: 0 } }),
    });
    expect(all.find(({ calendar }: { calendar: string }) => calendar === 'holidays')).toMatchObject({
      name: 'Christmas Day',
      startsAt: '2026-12-25T05:00:00.000Z',
    });
  });

  it('of a calendar that fails are missing: that is told after those of the others, and in the exit code', async () => {
    const cwd = project(`calendars: [{ use: ical, with: { files: ['CWD/absent.ics'] } }, ${JSON_CALENDAR}]`);
    const ran = await events(cwd);
    expect(ran.code).toBe(4);
    expect(ran.out).toContain('4 events');
    expect(ran.err).toBe(
      'error SOURCE_NOT_FOUND: calendars[0](ical): absent.ics: there is no such file\n  Check the path; the engine reads it as the user that started it.\n',
    );
    const json = await events(cwd, '--json');
    expect(json.code).toBe(4);
    expect(JSON.parse(json.out).failures).toEqual([expect.stringContaining('there is no such file')]);
  });

  it('that cannot be read are told beside the others', async () => {
    const cwd = project(`calendars: [${JSON_CALENDAR}]`);
    write(cwd, 'plan.json', JSON.stringify([...PLAN, { name: 'x' }]));
    const ran = await events(cwd);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain(`${path.join(cwd, 'plan.json')}: events[4].start`);
  });

  it('without a calendar there are none, and it says what to do', async () => {
    const ran = await events(project(''));
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(
      /^error NOTHING_TO_EXPLAIN: config\.yaml: no calendar is configured, so nothing is planned\n {2}Name one under `calendars`: ical,/,
    );
  });

  it('tell wrong use as such', async () => {
    const cwd = project(`calendars: [${JSON_CALENDAR}]`);
    for (const [args, says] of [
      [['--for', 'long'], '--for: "long" is no positive duration'],
      [['--from', 'soon'], '--from: "soon" is no time'],
      [['--to', '2026-11-01'], '--to: 2026-11-01 00:00 UTC is not after 2026-11-27 16:00 UTC'],
      [['--to', '2026-12-01', '--for', '1d'], '--to: there is a --for as well'],
      [['--zone', 'Mars/Olympus'], '--zone: there is no zone "Mars/Olympus"'],
    ] as const) {
      expect(await events(cwd, ...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
    }
  });
});

describe('what the engine of the store has learnt', () => {
  const learnt = async (cwd: string, bytes: Uint8Array): Promise<void> => {
    const store = lmdb.create(lmdb.config.parse({ path: path.join(cwd, 'store') }), fakeContext());
    await store.batch([{ type: 'put', key: KEYS.events, value: bytes }]);
    await store.close();
  };
  const belief = (seen: number): Belief => ({
    mean: Math.log(2.5),
    variance: 0.01,
    occasion: 0.01,
    given: null,
    shape: new Array(BINS).fill(0),
    shapeVariance: new Array(BINS).fill(0),
    seen,
    last: 0,
  });

  it('is told with how often it was seen and what four of five lie between', async () => {
    const cwd = project(`calendars: [${JSON_CALENDAR}]`);
    const state = emptyEvents();
    state.beliefs.set(beliefKey('category:show', EVERY.pool), belief(3));
    await learnt(cwd, encodeEvents(state));
    const ran = await events(cwd);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/The show .* \+150 % \(3 seen, \+109 % to \+200 %\)/);
    const { events: told } = JSON.parse((await events(cwd, '--json')).out) as { events: { name: string; expected: object }[] };
    expect(told.find(({ name }) => name === 'The show')?.expected).toMatchObject({ by: 'learnt', seen: 3 });
    expect(told.find(({ name }) => name === 'Black Friday')?.expected).toMatchObject({ by: 'given', impact: 0.5 });
  });

  it('that cannot be read is said, and costs nothing else', async () => {
    const cwd = project(`calendars: [${JSON_CALENDAR}]`);
    await learnt(cwd, Uint8Array.of(1, 2, 3));
    const ran = await events(cwd);
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/^what was learnt of earlier events cannot be told: /);
    expect(ran.out).toContain('The show');
  });

  it('is nothing where no engine has run, and asking makes no store', async () => {
    const cwd = project(`calendars: [${JSON_CALENDAR}]`);
    expect((await events(cwd)).out).toContain('not known yet');
    expect(existsSync(path.join(cwd, 'store'))).toBe(false);
  });
});

describe('what an event is expected to do', () => {
  it.each([
    [{}, 'not known yet'],
    [{ impact: 0.5 }, '+50 %'],
    [{ impact: -0.3 }, '-30 %'],
    [{ impact: 0 }, '0 %'],
    [{ impact: 0.005 }, '+0.5 %'],
    [{ impact: 12.345 }, '+1235 %'],
    [{ shape: { rampMs: 0, decayMs: 0 } }, 'not known yet'],
    [{ impact: 1, shape: { rampMs: 1_800_000, decayMs: 3_600_000 } }, '+100 % from 30 min before until 60 min after'],
  ])('%o is %s', (event, text) => {
    expect(describeImpact(outlookOf({ id: 'a', name: 'A', start: 0, end: 3_600_000, ...event }))).toBe(text);
  });
});

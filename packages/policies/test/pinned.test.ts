import type { AllocateInput, PoolView } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinnedAllocator, pinnedConfig, type Schedule, windowsIn } from '../src/index.ts';
import { context } from './context.ts';
import { input, pool, STEP, view } from './views.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 2026-01-05 is a Monday. */
const utc = (text: string): number => Date.parse(`${text}:00Z`);
const schedule = (given: object): Schedule =>
  pinnedConfig.parse({ schedules: [{ units: 5, from: '08:00', to: '20:00', ...given }] }).schedules[0] as Schedule;
const windows = (given: object, from: string, to: string): string[] =>
  windowsIn(schedule(given), utc(from), utc(to)).map(({ begin, end }) =>
    [begin, end].map((at) => new Date(at).toISOString().slice(0, 16)).join(' '),
  );
const create = (schedules: object[], more: object = {}) => pinnedAllocator.create(pinnedConfig.parse({ schedules, ...more }), context);
const ask = (schedules: object[], at: string, over: Partial<PoolView> = {}, more: object = {}, given: Partial<AllocateInput> = {}) => {
  const allocator = create(schedules, more);
  return allocator.allocate(allocator.begin(), input([view(over)], { step: utc(at), ...given }))[0];
};

describe('windows of a schedule', () => {
  it('lie on their days, each in its zone', () => {
    expect(windows({ days: ['mon', 'wed'] }, '2026-01-05T00:00', '2026-01-12T00:00')).toEqual([
      '2026-01-05T08:00 2026-01-05T20:00',
      '2026-01-07T08:00 2026-01-07T20:00',
    ]);
    expect(windows({ days: ['mon'], zone: 'Asia/Tokyo' }, '2026-01-04T00:00', '2026-01-11T00:00')).toEqual([
      '2026-01-04T23:00 2026-01-05T11:00',
    ]);
    expect(windows({ days: ['mon'], zone: 'America/Los_Angeles' }, '2026-01-05T00:00', '2026-01-11T00:00')).toEqual([
      '2026-01-05T16:00 2026-01-06T04:00',
    ]);
  });

  it("Friday's window over midnight ends on Saturday morning, not on Sunday (regression of others: keda #4677)", () => {
    const night = { days: ['fri'], from: '22:00', to: '06:00' };
    expect(windows(night, '2026-01-05T00:00', '2026-01-19T00:00')).toEqual([
      '2026-01-09T22:00 2026-01-10T06:00',
      '2026-01-16T22:00 2026-01-17T06:00',
    ]);
    // Asked on Saturday at 05:00 it is still Friday's; on Saturday at 23:00 and Friday at 05:00 there is none.
    expect(windows(night, '2026-01-10T05:00', '2026-01-10T05:01')).toHaveLength(1);
    expect(windows(night, '2026-01-10T06:00', '2026-01-11T12:00')).toEqual([]);
    expect(windows(night, '2026-01-09T05:00', '2026-01-09T22:00')).toEqual([]);
    expect(windows({ days: ['fri'], from: '10:00', to: '20:00' }, '2026-01-10T00:00', '2026-01-12T00:00')).toEqual([]);
  });

  it('of alike times is a day long, and 24:00 is midnight', () => {
    expect(windows({ days: ['sat'], from: '06:00', to: '06:00' }, '2026-01-05T00:00', '2026-01-12T00:00')).toEqual([
      '2026-01-10T06:00 2026-01-11T06:00',
    ]);
    expect(windows({ days: ['sun'], from: '00:00', to: '24:00' }, '2026-01-05T00:00', '2026-01-13T00:00')).toEqual([
      '2026-01-11T00:00 2026-01-12T00:00',
    ]);
  });

  it('single dates stand alone or beside days, and exclusions win', () => {
    expect(windows({ dates: ['2026-01-06'] }, '2026-01-05T00:00', '2026-02-05T00:00')).toEqual(['2026-01-06T08:00 2026-01-06T20:00']);
    const both = { days: ['mon'], dates: ['2026-01-06'], except: ['2026-01-12'] };
    expect(windows(both, '2026-01-05T00:00', '2026-01-20T00:00').map((text) => text.slice(0, 10))).toEqual([
      '2026-01-05',
      '2026-01-06',
      '2026-01-19',
    ]);
    expect(windows({ except: ['2026-01-06'] }, '2026-01-05T12:00', '2026-01-07T12:00')).toHaveLength(2);
    // The date on which it begins is excluded, not that on which it ends.
    expect(windows({ from: '22:00', to: '06:00', except: ['2026-01-06'] }, '2026-01-06T00:00', '2026-01-07T12:00')).toEqual([
      '2026-01-05T22:00 2026-01-06T06:00',
    ]);
  });

  it('keep the wall clock over a clock change', () => {
    const berlin = { zone: 'Europe/Berlin' };
    expect(windows(berlin, '2026-03-28T00:00', '2026-03-30T00:00')).toEqual([
      '2026-03-28T07:00 2026-03-28T19:00',
      '2026-03-29T06:00 2026-03-29T18:00',
    ]);
    // The night is an hour shorter in spring and longer in autumn.
    const night = { ...berlin, from: '22:00', to: '06:00' };
    expect(windows(night, '2026-03-29T00:00', '2026-03-29T12:00')).toEqual(['2026-03-28T21:00 2026-03-29T04:00']);
    expect(windows(night, '2026-10-25T00:00', '2026-10-25T12:00')).toEqual(['2026-10-24T20:00 2026-10-25T05:00']);
    // 02:30 is there twice in autumn.
    expect(windows({ ...berlin, from: '02:30', to: '02:45' }, '2026-10-24T22:00', '2026-10-25T12:00')).toEqual([
      '2026-10-25T00:30 2026-10-25T01:45',
    ]);
  });

  it.each([
    ['02:30', '04:00', 'begins with the jump: the clock shows 03:00', '03-29T01:00 03-29T02:00'],
    ['02:30', '03:15', 'keeps what the clock shows of it', '03-29T01:00 03-29T01:15'],
    ['02:00', '03:30', 'begins with the jump', '03-29T01:00 03-29T01:30'],
    ['01:00', '02:30', 'ends as if the clock had not jumped', '03-29T00:00 03-29T01:30'],
    ['01:00', '03:00', 'ends with the jump', '03-29T00:00 03-29T01:00'],
    ['22:00', '02:30', 'of the day before as well', '03-28T21:00 03-29T01:30'],
    ['02:00', '03:00', 'is the hour after, not lost', '03-29T01:00 03-29T02:00'],
    ['02:30', '03:00', 'is the half-hour an hour later, not lost', '03-29T01:30 03-29T02:00'],
    ['02:10', '02:50', 'lasts as long as planned at least', '03-29T01:00 03-29T01:50'],
    ['03:00', '04:00', 'that begins after the jump is as ever', '03-29T01:00 03-29T02:00'],
    ['02:30', '02:30', 'a day long ends on the next day', '03-29T01:00 03-30T00:30'],
  ])('in the hour that a clock change leaves out, %s to %s %s', (from, to, _, expected) => {
    const given = { zone: 'Europe/Berlin', dates: from === '22:00' ? ['2026-03-28'] : ['2026-03-29'], from, to };
    expect(windows(given, '2026-03-28T00:00', '2026-03-30T12:00')).toEqual([expected.replaceAll('03-', '2026-03-')]);
  });

  it('law: a window of which the clock skips an end has its beginning, as early as the clock shows it, and no less time than the clock shows', () => {
    const minutes = fc.integer({ min: 0, max: 5 * 60 });
    const text = (m: number): string => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;
    fc.assert(
      fc.property(minutes, fc.integer({ min: 1, max: 180 }), (from, lasts) => {
        const given = schedule({ zone: 'Europe/Berlin', dates: ['2026-03-29'], from: text(from), to: text(from + lasts) });
        const [window] = windowsIn(given, utc('2026-03-28T12:00'), utc('2026-03-30T00:00'));
        expect((window?.end ?? 0) - (window?.begin ?? 0)).toBeGreaterThan(0);
        for (let at = utc('2026-03-28T23:00'); at < utc('2026-03-29T08:00'); at += 60_000) {
          const clock = (zone('Europe/Berlin').toLocal(at) % DAY) / 60_000;
          const shown = clock >= from && clock < from + lasts;
          if (shown) expect(at >= (window?.begin ?? 0) && at < (window?.end ?? 0)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('law: an instant is inside exactly where the wall clock of the zone says so (outside of clock changes)', () => {
    const minutes = fc.integer({ min: 0, max: 24 * 60 - 1 });
    const text = (m: number): string => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;
    const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
    fc.assert(
      fc.property(
        minutes,
        minutes,
        fc.subarray(names, { minLength: 1 }),
        fc.constantFrom('UTC', 'Asia/Kolkata', 'Pacific/Auckland', 'America/St_Johns', '-11:00'),
        // June: none of these zones changes its clock.
        fc.integer({ min: 0, max: 28 * 24 * 60 }),
        (from, to, days, id, minute) => {
          const at = utc('2026-06-01T00:00') + minute * 60_000;
          const local = zone(id).toLocal(at);
          const now = Math.floor((local % DAY) / 60_000);
          const today = (Math.floor(local / DAY) + 3) % 7;
          const has = (day: number): boolean => days.includes(names[(day + 7) % 7] as string);
          const expected = to > from ? has(today) && now >= from && now < to : (has(today) && now >= from) || (has(today - 1) && now < to);
          const found = windowsIn(schedule({ from: text(from), to: text(to), days, zone: id }), at, at + 1);
          expect(found.length > 0).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('pinned allocator', () => {
  const office = {
    name: 'office hours',
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    from: '08:00',
    to: '20:00',
    zone: 'Europe/Berlin',
    units: 30,
  };
  const quiet = { actual: 7, units: 10 };

  it('holds its units inside a window, says which and until when; outside the reactive policy counts', () => {
    const inside = ask([office], '2026-01-05T12:00', quiet);
    expect(inside).toMatchObject({ units: 30, tier: 'none' });
    expect(inside?.reasons.map((reason) => reason.by)).toEqual(['allocate(reactive)', 'allocate(pinned)']);
    expect(inside?.reasons.at(-1)?.text).toBe('schedule "office hours" holds 30 units until 2026-01-05 20:00 Europe/Berlin');
    const outside = ask([office], '2026-01-05T19:00', quiet);
    expect(outside?.units).toBe(2);
    expect(outside?.reasons).toHaveLength(1);
    expect(ask([office], '2026-01-10T12:00', quiet)?.units).toBe(2);
  });

  it('orders ahead by the lead time, so that the units are there when the window begins', () => {
    // 08:00 in Berlin is 07:00 UTC, the lead time 15 minutes.
    expect(ask([office], '2026-01-05T06:44', quiet)?.units).toBe(2);
    const ordered = ask([office], '2026-01-05T06:45', quiet);
    expect(ordered?.units).toBe(30);
    expect(ordered?.reasons.at(-1)?.text).toBe(
      'schedule "office hours" asks for at least 30 units from 2026-01-05 08:00 until 2026-01-05 20:00 Europe/Berlin: ordered ahead by the lead time of 15m',
    );
    // Where lead time and step do not divide: an order of 06:58 is ready at 06:59:30, one of 06:59 too late.
    const odd = { ...quiet, pool: pool({ leadTimeMs: 90_000 }) };
    expect(ask([office], '2026-01-05T06:57', odd)?.units).toBe(2);
    expect(ask([office], '2026-01-05T06:58', odd)?.units).toBe(30);
    // It holds to its end, and no step longer.
    expect(ask([office], '2026-01-05T18:59', quiet)?.units).toBe(30);
    expect(ask([office], '2026-01-05T19:00', quiet)?.units).toBe(2);
  });

  it('law: at every instant of a window an order was placed a lead time before, and none earlier than it takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 240 }), fc.constantFrom(60_000, 300_000, 900_000), (half, stepMs) => {
        const own = pool({ leadTimeMs: half * 30_000, min: 0 });
        const allocator = create([{ from: '10:00', to: '11:00', units: 9 }], { otherwise: 'min' });
        const begin = utc('2026-01-05T10:00');
        const asked: number[] = [];
        for (let step = utc('2026-01-05T06:00'); step < utc('2026-01-05T12:00'); step += stepMs) {
          const [proposal] = allocator.allocate(allocator.begin(), input([view({ pool: own })], { step, stepMs }));
          if (proposal?.units === 9) asked.push(step);
        }
        expect((asked[0] as number) + own.leadTimeMs).toBeLessThanOrEqual(begin);
        expect((asked[0] as number) + own.leadTimeMs).toBeGreaterThan(begin - stepMs);
        expect(asked.at(-1)).toBe(utc('2026-01-05T11:00') - stepMs);
      }),
      { numRuns: 60 },
    );
  });

  it('takes nothing away ahead of a window: fewer units and a maximum begin with it', () => {
    const night = { from: '22:00', to: '06:00', units: 2 };
    const busy = { actual: 42, units: 12 };
    expect(ask([night], '2026-01-05T21:50', busy)?.units).toBe(12);
    expect(ask([night], '2026-01-05T22:00', busy)?.units).toBe(2);
    const capped = { from: '22:00', to: '06:00', max: 4 };
    expect(ask([capped], '2026-01-05T21:50', busy)?.units).toBe(12);
    const inside = ask([capped], '2026-01-05T22:00', busy);
    expect(inside?.units).toBe(4);
    expect(inside?.reasons.at(-1)?.text).toBe('schedule "22:00-06:00" leaves at most 4 units until 2026-01-06 06:00 UTC');
    expect(ask([capped], '2026-01-05T22:00', { actual: 7, units: 3 })?.units).toBe(2);
  });

  it('a floor covers every step that it touches, a ceiling only those that lie inside its windows as a whole', () => {
    const given = { stepMs: 5 * STEP };
    const busy = { actual: 42, units: 12, pool: pool({ leadTimeMs: 0 }) };
    const units = (schedules: object[]) =>
      ['09:55', '10:00', '10:05', '10:10', '10:15'].map((at) => ask(schedules, `2026-01-05T${at}`, busy, {}, given)?.units);
    // 42/s need 12 units, 10:02 and 10:12 lie inside of steps.
    const window = { from: '10:02', to: '10:12' };
    expect(units([{ ...window, min: 30 }])).toEqual([12, 30, 30, 30, 12]);
    expect(units([{ ...window, max: 5 }])).toEqual([12, 12, 5, 12, 12]);
    expect(units([{ ...window, units: 30 }])).toEqual([12, 30, 30, 30, 12]);
    expect(units([{ ...window, units: 5 }])).toEqual([12, 12, 5, 12, 12]);
    // A ceiling that another takes over from inside of a step goes on through it: the looser of both.
    expect(
      units([
        { ...window, max: 5 },
        { from: '10:12', to: '10:20', max: 7 },
      ]),
    ).toEqual([12, 12, 5, 7, 7]);
    expect(
      units([
        { ...window, units: 5 },
        { from: '10:12', to: '10:20', units: 4 },
      ]),
    ).toEqual([12, 12, 5, 5, 4]);
    // Each day's ceiling ends where the next one's begins, at midnight in Kolkata, half past an hour of UTC.
    const always = { from: '00:00', to: '24:00', zone: 'Asia/Kolkata', max: 4 };
    expect(ask([always], '2026-01-05T18:00', busy, {}, { stepMs: 60 * STEP })?.units).toBe(4);
  });

  it('in spring a ceiling from 02:30 and a floor from 02:30 count with the jump of the clock', () => {
    const berlin = { zone: 'Europe/Berlin', from: '02:30', to: '06:00' };
    const busy = { actual: 42, units: 12, pool: pool({ leadTimeMs: 0 }) };
    const units = (held: object) =>
      ['00:59', '01:00', '03:59', '04:00'].map((at) => ask([{ ...berlin, ...held }], `2026-03-29T${at}`, busy)?.units);
    expect(units({ min: 30 })).toEqual([12, 30, 30, 12]);
    expect(units({ max: 5 })).toEqual([12, 5, 5, 12]);
  });

  it('of a minimum more is by demand', () => {
    const least = { from: '08:00', to: '20:00', min: 8 };
    expect(ask([least], '2026-01-05T12:00', quiet)?.units).toBe(8);
    const busy = ask([least], '2026-01-05T12:00', { actual: 70 });
    expect(busy?.units).toBe(20);
    expect(busy?.reasons).toHaveLength(1);
  });

  it('of several the highest units, the highest minimum and the lowest maximum count, and floors win', () => {
    const day = { from: '08:00', to: '20:00', units: 10 };
    const night = { from: '20:00', to: '08:00', units: 4 };
    expect(ask([day, night], '2026-01-05T07:50', quiet)?.units).toBe(10);
    expect(ask([day, night], '2026-01-05T19:50', quiet)?.units).toBe(10);
    expect(ask([day, night], '2026-01-05T20:00', quiet)?.units).toBe(4);
    expect(ask([day, { ...day, units: 12 }], '2026-01-05T12:00', quiet)?.units).toBe(12);
    const launch = { name: 'launch', dates: ['2026-01-05'], from: '11:00', to: '13:00', min: 25 };
    const freeze = { name: 'freeze', from: '00:00', to: '24:00', max: 20 };
    const both = ask([freeze, launch], '2026-01-05T12:00', { actual: 140 });
    expect(both?.units).toBe(25);
    expect(both?.reasons.map((reason) => reason.units)).toEqual([40, 20, 25]);
    expect(ask([freeze, launch], '2026-01-06T12:00', { actual: 140 })?.units).toBe(20);
  });

  it('holds for the pools that it names', () => {
    const allocator = create([{ pools: ['web-*', 'api'], from: '00:00', to: '24:00', units: 7 }], { otherwise: 'min' });
    const pools = ['web-1', 'api', 'api-2', 'my-web-1'].map((id) => view({ pool: pool({ id }) }));
    expect(allocator.allocate(allocator.begin(), input(pools)).map((proposal) => proposal.units)).toEqual([7, 7, 1, 1]);
  });

  it('stays inside bounds, POP limits and the budget, and says so', () => {
    const held = ask([office], '2026-01-05T12:00', { pool: pool({ max: 20 }), groups: [] }, {}, { budget: { units: 12 } });
    expect(held?.units).toBe(12);
    expect(held?.reasons.map((reason) => reason.text).slice(-2)).toEqual([
      "capped by the pool's maximum: 20 of 30",
      'capped by the budget of 12 units: 12 of 20',
    ]);
  });

  it('keeps the memory of its reactive policy over a restart, with its options', () => {
    const allocator = create([office], { reactive: { stabilisation: '10m' } });
    const at = (t: number) => utc('2026-01-05T21:00') + t * STEP;
    let state = allocator.begin();
    expect(allocator.allocate(state, input([view({ actual: 70 })], { step: at(0) }))[0]?.units).toBe(20);
    state = allocator.decode(allocator.encode(state));
    expect(allocator.allocate(state, input([view({ actual: 7, units: 20 })], { step: at(9) }))[0]?.units).toBe(20);
    expect(allocator.allocate(state, input([view({ actual: 7, units: 20 })], { step: at(10) }))[0]?.units).toBe(2);
  });

  it.each([
    [{ units: 1, min: 1 }, 'give either `units`'],
    [{}, 'give either `units`'],
    [{ min: 3, max: 2 }, '`min` is above `max`'],
    [{ units: 1, from: '8:00' }, 'write a time of day'],
    [{ units: 1, from: '24:00' }, 'write a time of day'],
    [{ units: 1, to: '24:01' }, 'write a time of day'],
    [{ units: 1, zone: 'Europe/Berlim' }, 'not a known time zone'],
    [{ units: 1, days: ['monday'] }, ''],
    [{ units: 1, dates: ['2026-02-30'] }, ''],
    [{ units: 1, day: 'mon' }, ''],
  ])('refuses %j', (given, message) => {
    const parsed = pinnedConfig.safeParse({ schedules: [{ from: '08:00', to: '20:00', ...given }] });
    expect(parsed.success).toBe(false);
    expect(parsed.error?.message).toContain(message);
  });
});

import { describe, expect, it } from 'vitest';
import { HolidaysCalendar } from '../src/holidays/calendar.ts';
import { openPlaces } from '../src/holidays/package.ts';
import { holidays, holidaysConfig } from '../src/index.ts';
import { between, make, tell } from './tools.ts';

const YEAR = ['2026-01-01T00:00Z', '2027-01-01T00:00Z'] as const;

describe('holidays', () => {
  it('of Bavaria are days of Berlin’s clock', async () => {
    const calendar = make(holidays, { places: ['DE-BY'] });
    const days = await between(calendar, '2025-12-31T23:00Z', '2026-12-31T23:00Z');
    // From the law (BayFTG, Easter is 5 April 2026), but for 15 August, which depends on the municipality.
    expect(days.map(({ id }) => id.split('/')[1])).toEqual([
      '2026-01-01',
      '2026-01-06',
      '2026-04-03',
      '2026-04-06',
      '2026-05-01',
      '2026-05-14',
      '2026-05-25',
      '2026-06-04',
      '2026-10-03',
      '2026-11-01',
      '2026-12-25',
      '2026-12-26',
    ]);
    expect(await tell(calendar, '2026-04-03T12:00Z', '2026-04-03T13:00Z')).toEqual([
      'DE-BY/2026-04-03/karfreitag 2026-04-02T22:00Z 2026-04-03T22:00Z',
    ]);
    expect(days[0]).toEqual({
      id: 'DE-BY/2026-01-01/neujahr',
      name: 'Neujahr',
      category: 'holiday',
      start: Date.UTC(2025, 11, 31, 23),
      end: Date.UTC(2026, 0, 1, 23),
    });
  });

  it('of the United States have their substitute, and names in another language where there are some', async () => {
    const calendar = make(holidays, { places: ['US'], zone: 'America/Los_Angeles' });
    expect(await tell(calendar, '2026-07-01T00:00Z', '2026-07-06T00:00Z')).toEqual([
      'US/2026-07-03/independence-day-substitute-day 2026-07-03T07:00Z 2026-07-04T07:00Z',
      'US/2026-07-04/independence-day 2026-07-04T07:00Z 2026-07-05T07:00Z',
    ]);
    const english = make(holidays, { places: ['DE'], language: 'en' });
    expect((await between(english, '2026-04-03T12:00Z', '2026-04-03T13:00Z'))[0]?.name).toBe('Good Friday');
  });

  it('differ by place as they are told to', async () => {
    const calendar = make(holidays, {
      places: ['DE', 'US'],
      groups: ['all'],
      impact: -0.2,
      byPlace: { US: { groups: ['usa'], pops: ['ATL'], zone: 'America/Chicago', decay: '2h' } },
    });
    const christmas = await between(calendar, '2026-12-25T12:00Z', '2026-12-25T13:00Z');
    expect(christmas.map(({ start, end, name, ...rest }) => rest)).toEqual([
      { id: 'DE/2026-12-25/1-weihnachtstag', category: 'holiday', groups: ['all'], impact: -0.2 },
      {
        id: 'US/2026-12-25/christmas-day',
        category: 'holiday',
        groups: ['usa'],
        pops: ['ATL'],
        impact: -0.2,
        shape: { rampMs: 0, decayMs: 7_200_000 },
      },
    ]);
    expect(christmas[1]?.start).toBe(Date.UTC(2026, 11, 25, 6));
  });

  it('have types: half a day of the banks begins at two', async () => {
    const calendar = make(holidays, { places: ['DE'], types: ['bank'] });
    expect(await tell(calendar, ...YEAR)).toEqual([
      'DE/2026-12-24/heiliger-abend 2026-12-24T13:00Z 2026-12-24T23:00Z',
      'DE/2026-12-31/silvester 2026-12-31T13:00Z 2026-12-31T23:00Z',
    ]);
  });

  it('of several days that a year’s end cuts are there in both years', async () => {
    const long = { getCountries: () => ({}), getStates: () => ({}), getRegions: () => ({}), getTimezones: () => ['UTC'] };
    const getHolidays = (year: number) =>
      [year - 1, year, year + 1].map((each) => ({
        date: `${each}-12-30 00:00:00`,
        start: new Date(Date.UTC(each, 11, 30)),
        end: new Date(Date.UTC(each + 1, 0, 3)),
        name: each === year ? 'Long' : 'Told too early',
      }));
    const calendar = new HolidaysCalendar(holidaysConfig.parse({ places: ['DE'] }), () => ({ ...long, getHolidays }));
    expect(await tell(calendar, '2027-01-02T00:00Z', '2027-01-02T01:00Z')).toEqual([
      'DE/2026-12-30/long 2026-12-30T00:00Z 2027-01-03T00:00Z',
    ]);
    expect(await tell(calendar, '2026-12-30T00:00Z', '2026-12-31T01:00Z')).toHaveLength(1);
  });
});

describe('places', () => {
  it('that nobody knows are told, with those that there are', () => {
    expect(() => make(holidays, { places: ['XX'] })).toThrow('"XX": date-holidays knows no country "XX"');
    expect(() => make(holidays, { places: ['DE-XX'] })).toThrow('"DE-XX": date-holidays knows no state of DE "XX"');
    expect(() => make(holidays, { places: ['DE-BY-XX'] })).toThrow('knows no region of DE-BY "XX"');
    const wrong = (options: object) => holidaysConfig.safeParse(options).error?.issues[0]?.message;
    expect(wrong({ places: ['Germany'] })).toContain('must be country, state and region codes');
    expect(wrong({ places: ['DE'], byPlace: { FR: {} } })).toBe('names a place that is none of places');
    expect(wrong({ places: [] })).toContain('Too small');
  });

  it('need a package: without it, that says what to install', () => {
    const absent = () => {
      throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    };
    expect(() => openPlaces(absent)).toThrowError(
      expect.objectContaining({
        code: 'PLUGIN_NOT_FOUND',
        message: expect.stringContaining('date-holidays is not installed'),
        remedy: 'Run: npm install date-holidays',
      }),
    );
    const broken = () => {
      throw new SyntaxError('broken');
    };
    expect(() => openPlaces(broken)).toThrowError(expect.objectContaining({ code: 'PLUGIN_FAILED' }));
  });
});

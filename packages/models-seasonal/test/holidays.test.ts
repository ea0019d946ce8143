import { AuspexError, LEVELS, type Observation } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { dayOf, holidaysOf } from '../src/holidays.ts';
import { seasonalConfig } from '../src/index.ts';
import { ask, create, DAY, demand, fold, HOUR, MONDAY, medians, observations, series } from './world.ts';

/** Public holidays of the United States on working days of the world below; each as its day's number. */
const HOLIDAYS = ['2026-01-19', '2026-02-16', '2026-05-25', '2026-06-19', '2026-07-03', '2026-09-07'];
const DAYS = new Set(HOLIDAYS.map((date) => dayOf(date) as number));
const ZONE = 'Asia/Tokyo';
const OFFSET = 9 * HOUR;
/** Sundays have a quarter of the demand of a working day. */
const QUIET = 0.25;

/** Forty weeks by the hour whose holidays and Sundays are alike; local time is Tokyo's. */
function world(): Observation[] {
  const random = new SeededRandom(3);
  return Array.from({ length: 40 * 168 }, (_, i) => {
    const step = MONDAY - OFFSET + i * HOUR;
    const day = Math.floor((step + OFFSET) / DAY);
    const isRest = DAYS.has(day) || (day + 3) % 7 === 6;
    const value = (isRest ? QUIET : 1) * demand(MONDAY + ((step + OFFSET) % DAY)) * Math.exp(0.05 * random.normal());
    return { step, value, truth: 'observed' };
  });
}

const seen = world();

/** Mean absolute relative errors of the medians 1, 6 and 12 hours ahead, on holidays, on the days after, and on all others. */
function errors(options: Parameters<typeof create>[0], zone = ZONE): { holiday: number; after: number; other: number } {
  const predictor = create(options);
  let state = predictor.begin(series(HOUR, zone));
  const sums = { holiday: 0, after: 0, other: 0 };
  const counts = { holiday: 0, after: 0, other: 0 };
  seen.forEach((one, i) => {
    state = predictor.observe(state, one);
    if (i < 10 * 24) return;
    medians(ask(predictor, state, one, [1, 6, 12])).forEach((median, k) => {
      const outcome = seen[i + ([1, 6, 12][k] as number)];
      if (!outcome) return;
      const day = Math.floor((outcome.step + OFFSET) / DAY);
      const kind = DAYS.has(day) ? 'holiday' : DAYS.has(day - 1) ? 'after' : 'other';
      sums[kind] += Math.abs(median / outcome.value - 1);
      counts[kind]++;
    });
  });
  return { holiday: sums.holiday / counts.holiday, after: sums.after / counts.after, other: sums.other / counts.other };
}

const without = errors({});
const withDates = errors({ holidays: HOLIDAYS });

test('holidays that are like Sundays are forecast as such, the day after is not disturbed, and other days gain', () => {
  expect(withDates.holiday).toBeLessThan(0.35 * without.holiday);
  expect(withDates.after).toBeLessThan(without.after);
  expect(withDates.other).toBeLessThan(without.other);
});

test('a holiday begins and ends at local midnight', () => {
  // Days of UTC begin nine hours late: the first nine hours of a holiday, and of the day after, are taken for the wrong one.
  expect(withDates.holiday).toBeLessThan(0.5 * errors({ holidays: HOLIDAYS }, 'UTC').holiday);
});

test('a place gives its public holidays: the same days, the same forecasts', () => {
  const few = seen.slice(0, 60 * 24);
  const last = few.at(-1) as Observation;
  const answerOf = (holidays: string | string[]): Float64Array => {
    const predictor = create({ holidays });
    return ask(predictor, fold(predictor, predictor.begin(series(HOUR, ZONE)), few), last).quantiles;
  };
  const dates = answerOf(['2026-01-01', '2026-01-19', '2026-02-16']);
  expect(answerOf('US')).toEqual(dates);
  expect(answerOf(['US', '2026-02-03'])).toEqual(answerOf(['2026-01-01', '2026-01-19', '2026-02-16', '2026-02-03']));
  expect(answerOf(['2026-01-19'])).not.toEqual(dates);
});

test('states and regions have days of their own; days of several days, half days and Sundays', () => {
  const bavaria = holidaysOf(['DE-BY']);
  const augsburg = holidaysOf(['DE-BY-A']);
  const berlin = holidaysOf(['DE-BE']);
  const epiphany = dayOf('2026-01-06') as number;
  expect([bavaria, augsburg, berlin].map((each) => each?.has(epiphany))).toEqual([true, true, false]);
  const peace = dayOf('2025-08-08') as number;
  expect([bavaria, augsburg].map((each) => each?.has(peace))).toEqual([false, true]);
  const arabia = holidaysOf(['SA']);
  const fitr = dayOf('2023-04-21') as number;
  // Its third day is a Sunday.
  expect([-1, 0, 1, 2, 3, 4].map((k) => arabia?.has(fitr + k))).toEqual([false, true, true, false, true, false]);
  expect(holidaysOf(['CN'])?.has(dayOf('2024-03-08') as number)).toBe(false);
  expect(holidaysOf(['2026-01-01'])?.mask((dayOf('2026-01-01') as number) + 3)).toBe(8);
});

test('the answer does not depend on what was asked before', () => {
  const asked = holidaysOf(['US']);
  const days = [dayOf('2027-01-01'), dayOf('2026-07-03'), dayOf('2021-12-31'), dayOf('2022-01-01')].map(Number);
  const forth = days.map((day) => asked?.mask(day));
  expect(days.map((day) => holidaysOf(['US'])?.mask(day))).toEqual(forth);
  expect(days.toReversed().map((day) => asked?.mask(day))).toEqual(forth.toReversed());
});

test('what is neither place nor date is refused, with what would do', () => {
  for (const entry of ['Christmas', '24.12.2026', '2026-02-30', 'US-DC-A-B', '']) {
    expect(() => seasonalConfig.parse({ holidays: entry })).toThrow(/neither a place/);
  }
  const refusal = (place: string): AuspexError => {
    try {
      create({ holidays: place });
    } catch (error) {
      return error as AuspexError;
    }
    throw new Error(`${place} was taken`);
  };
  expect(refusal('XX')).toMatchObject({ code: 'CONFIG_INVALID', path: 'seasonal.holidays' });
  expect(refusal('XX').message).toContain('knows no country "XX"');
  expect(refusal('DE-BX').message).toContain('no state of DE "BX"');
  expect(refusal('DE-BX').remedy).toContain('BY');
  expect(refusal('DE-BY-ZZ').remedy).toContain('KATH');
});

test('without the package a place says what to install, and dates go on', () => {
  const absent = (): never => {
    throw Object.assign(new Error("Cannot find module 'date-holidays'"), { code: 'MODULE_NOT_FOUND' });
  };
  const refused = (): unknown => holidaysOf(['2026-01-01', 'DE-BY'], absent);
  expect(refused).toThrow(AuspexError);
  expect(refused).toThrow('the package date-holidays is not installed');
  try {
    refused();
  } catch (error) {
    expect((error as AuspexError).code).toBe('CONFIG_INVALID');
    expect((error as AuspexError).remedy).toContain('npm install date-holidays');
  }
  expect(holidaysOf(['2026-01-01'], absent)?.has(dayOf('2026-01-01') as number)).toBe(true);
  expect(holidaysOf([], absent)).toBeUndefined();
});

test('a state read back in the midst of a holiday goes on the same', () => {
  const holidays = HOLIDAYS;
  const at = seen.findIndex(({ step }) => step + OFFSET >= Date.parse('2026-02-16T12:00Z'));
  const predictor = create({ holidays });
  const state = fold(predictor, predictor.begin(series(HOUR, ZONE)), seen.slice(0, at));
  const other = create({ holidays });
  const twin = other.decode(predictor.encode(state));
  const more = seen.slice(at, at + 40);
  const last = more.at(-1) as Observation;
  const onward = fold(predictor, state, more);
  expect(ask(other, fold(other, twin, more), last)).toEqual(ask(predictor, onward, last));
  expect(other.encode(twin)).toEqual(predictor.encode(onward));
});

test('days that are never met change no byte', () => {
  const few = observations(HOUR, 500, { noise: 0.2 });
  const last = few.at(-1) as Observation;
  const run = (options: Parameters<typeof create>[0]): { bytes: Uint8Array; answer: Float64Array } => {
    const predictor = create(options);
    const state = fold(predictor, predictor.begin(series(HOUR)), few);
    const { quantiles } = ask(predictor, state, last);
    expect(quantiles).toHaveLength(8 * LEVELS.length);
    return { bytes: predictor.encode(state), answer: quantiles };
  };
  expect(run({ holidays: [] })).toEqual(run({}));
  expect(run({ holidays: ['2031-05-01'] })).toEqual(run({}));
});

test('nothing known but holidays: they have to do', () => {
  const predictor = create({ holidays: ['2026-01-05', '2026-01-06'] });
  const few = observations(HOUR, 54);
  const [answer] = medians(ask(predictor, fold(predictor, predictor.begin(series(HOUR)), few), few.at(-1) as Observation, [1]));
  expect(Math.abs((answer as number) / demand(MONDAY + 54 * HOUR) - 1)).toBeLessThan(0.2);
});

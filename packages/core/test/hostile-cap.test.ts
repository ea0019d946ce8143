import type { Pool } from '@auspex/contracts';
import { expect, test } from 'vitest';
import { hostile } from '../src/guards/hostile.ts';
import { beginCap, type CapState, capAt, learnPeak, usualPeak } from '../src/hostile/cap.ts';
import { MINUTE, T0 } from './fakes.ts';

const DAY = 24 * 60 * MINUTE;
const pool = { unitRate: 10, target: 0.5 } as Pool;
const attack = { probability: 0.95, contributions: [], text: 'few sources' };

/** Days with a peak each, and a first step of the day after. */
function lived(...rates: readonly number[]): CapState {
  let state: CapState = beginCap;
  for (const [day, rate] of rates.entries()) {
    state = learnPeak(state, T0 + day * DAY, 1, 'observed', undefined);
    state = learnPeak(state, T0 + day * DAY + 60 * MINUTE, rate, 'observed', undefined);
  }
  return learnPeak(state, T0 + rates.length * DAY, 1, 'observed', undefined);
}
const today = T0 + 3 * DAY;

test('the usual peak is the highest of the days that are over, and unknown before there are three', () => {
  expect(usualPeak(lived(20, 31), T0 + 2 * DAY)).toBeUndefined();
  expect(usualPeak(lived(20, 31, 25), today)).toBe(31);
  // Today's is not one of them, however it began: an attack from midnight on leaves no step of its day.
  expect(usualPeak(learnPeak(lived(20, 31, 25), today + MINUTE, 90, 'observed', undefined), today + MINUTE)).toBe(31);
  expect(usualPeak(lived(20, 31, 60), today + DAY)).toBe(60);
  expect(learnPeak(lived(...Array.from({ length: 40 }, () => 5)), T0 + 50 * DAY, 5, 'observed', undefined).peaks.length).toBe(14);
});

test('what an attack asked for makes no peak, nor what nobody saw', () => {
  const state = lived(20, 31, 25);
  expect(learnPeak(state, today, 500, 'observed', attack)).toBe(state);
  expect(learnPeak(state, today, 500, 'missing', undefined)).toBe(state);
  expect(learnPeak(state, today, 500, 'masked', undefined)).toBe(state);
  expect(learnPeak(state, today, 500, 'observed', { ...attack, probability: 0.4 })).not.toBe(state);
});

test('rises end at the units of the usual peak, for 15 minutes; an hour of calm later the next attack is capped anew', () => {
  let state = lived(20, 31, 25);
  const at = (minute: number, hostility: typeof attack | undefined) => {
    const step = capAt(state, pool, 0.9, today + minute * MINUTE, hostility);
    state = step.state;
    return step.cap;
  };
  expect(at(0, attack)).toEqual({ units: 7, until: today + 15 * MINUTE, probability: 0.95, text: 'few sources' });
  expect(at(14, attack)?.until).toBe(today + 15 * MINUTE);
  expect(at(15, attack)).toBeUndefined();
  // It goes on: no new cap.
  expect(at(70, attack)).toBeUndefined();
  expect(at(71, undefined)).toBeUndefined();
  expect(at(130, attack)).toBeUndefined();
  expect(at(191, attack)?.until).toBe(today + 206 * MINUTE);
});

test('a chance below what the config asks for caps nothing, nor does a judge who abstains', () => {
  const state = lived(20, 31, 25);
  expect(capAt(state, pool, 0.96, today, attack).cap).toBeUndefined();
  expect(capAt(state, pool, 0.9, today, { contributions: [], text: 'too few requests' }).cap).toBeUndefined();
  expect(capAt(lived(20, 31), pool, 0.9, T0 + 2 * DAY, attack).cap).toBeUndefined();
});

test('a cap takes nothing away, and holds a rise at the usual peak', () => {
  const cap = { units: 7, until: today, probability: 0.95, text: 'few sources' };
  const guard = (units: number, previous: number) => hostile(units, { cap, previous } as never, {} as never);
  expect(guard(12, 4)).toMatchObject({ units: 7, text: expect.stringContaining('95 % for an attack: few sources') });
  expect(guard(12, 9).units).toBe(9);
  expect(guard(6, 9)).toEqual({ units: 6 });
});

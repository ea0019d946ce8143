import { describe, expect, it } from 'vitest';
import { clockChange, coldStart, daily, events, gap, outage, retries, steady, WORLDS } from '../src/worlds/index.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const MINUTE = 60_000;

describe.each(Object.entries(WORLDS))('the world %s', (_, make) => {
  it('is as long as asked, in steps of the asked length, and the same for one seed', () => {
    const world = make({ steps: 300, stepMs: 5 * MINUTE, scale: 10, seed: 'a' });
    expect(world).toHaveLength(300);
    world.forEach((one, i) => {
      expect(one.step).toBe((world[0]?.step ?? 0) + i * 5 * MINUTE);
      expect(one.demand).toBeGreaterThanOrEqual(0);
      expect(one.value).toBeLessThanOrEqual(one.demand);
    });
    expect(make({ steps: 300, stepMs: 5 * MINUTE, scale: 10, seed: 'a' })).toEqual(world);
    expect(make({ steps: 300, stepMs: 5 * MINUTE, scale: 10, seed: 'b' })).not.toEqual(world);
  });

  it('is in proportion to its scale', () => {
    const [one, ten] = [make(), make({ scale: 1000 })];
    one.forEach((step, i) => void expect(ten[i]?.demand).toBeCloseTo(10 * step.demand, 6));
  });
});

it('a steady world is at its scale, a daily one around it', () => {
  expect(mean(steady().map((one) => one.value))).toBeCloseTo(100, 0);
  expect(mean(daily({ steps: 960 }).map((one) => one.value))).toBeGreaterThan(80);
});

it('what was not recorded is missing and has no value, what capacity hid is a bound', () => {
  expect(gap().filter((one) => one.truth === 'missing').length).toBeGreaterThan(100);
  expect(gap().filter((one) => one.truth === 'missing' && one.value !== 0)).toEqual([]);
  for (const world of [outage(), retries()]) {
    const hidden = world.filter((one) => one.truth === 'censored');
    expect(hidden).toHaveLength(45);
    for (const one of hidden) expect(one.value).toBeLessThan(one.demand);
  }
});

it('nobody comes to a cold start before its middle', () => {
  expect(
    coldStart()
      .map((one) => one.value > 0)
      .indexOf(true),
  ).toBe(450);
});

it('the clocks of Berlin go forward in the middle of a clock change', () => {
  const world = clockChange({ steps: 101 });
  expect(world[50]?.step).toBe(Date.UTC(2026, 2, 29, 1));
});

describe('events', () => {
  const options = { stepMs: 15 * MINUTE, steps: 90, scale: 0.5 };

  it('are as many as users asked for, in order, and the same for one seed', () => {
    const world = daily(options);
    const made = events(world, options.stepMs);
    const asked = world.reduce((sum, one) => sum + one.demand * 900, 0);
    expect(Math.abs(made.length - asked)).toBeLessThan(5 * Math.sqrt(asked));
    expect(made.every((one, i) => i === 0 || one.at >= (made[i - 1]?.at ?? 0))).toBe(true);
    expect(events(world, options.stepMs)).toEqual(made);
    expect(events(world, options.stepMs, { seed: 'other' })).not.toEqual(made);
  });

  it('are of the groups that were named, the first the largest', () => {
    const made = events(daily(options), options.stepMs, { groups: ['a', 'b'], pops: ['ams', 'fra'] });
    const of = (group: string): number => made.filter((one) => one.group === group).length;
    expect(of('a') + of('b')).toBe(made.length);
    expect(of('a') / of('b')).toBeCloseTo(2, 0);
    expect(new Set(made.map((one) => one.pop))).toEqual(new Set(['ams', 'fra']));
  });

  it('fail in an outage, are throttled under retries, and come again; in a gap there are none', () => {
    for (const [world, outcome] of [
      [outage(options), 'failed'],
      [retries(options), 'throttled'],
    ] as const) {
      const made = events(world, options.stepMs);
      const refused = made.filter((one) => one.outcome !== 'served');
      expect(new Set(refused.map((one) => one.outcome))).toEqual(new Set([outcome]));
      expect(made.some((one) => one.attempt === 3)).toBe(true);
      const first = made.filter((one) => one.attempt === 1).length;
      expect(first).toBeLessThan(made.length);
      expect(made.filter((one) => one.attempt === 2).length).toBe(refused.filter((one) => one.attempt === 1).length);
    }
    const quiet = gap(options).filter((one) => one.truth === 'missing');
    const made = events(gap(options), options.stepMs);
    expect(made.some(({ at }) => quiet.some(({ step }) => at >= step && at < step + options.stepMs))).toBe(false);
  });
});

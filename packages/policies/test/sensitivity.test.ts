import type { StepOutcome, Truth } from '@auspex/contracts';
import { sensitivity, sensitivityConfig } from '@auspex/policies';
import { expect, test } from 'vitest';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 5);
const learner = sensitivity.create(sensitivityConfig.parse({}), {} as never);

function surge(day: number, said: number, came: number, truth: Truth = 'observed', group = 'free'): StepOutcome {
  const step = START + day * DAY;
  return { pool: 'web', step, truth: 'observed', demand: 1, ready: 1, needed: 1, surges: [{ group, truth, said, came }] };
}
function after(days: number, outcome: (day: number) => StepOutcome, times = 4, state = learner.begin()): unknown {
  for (let day = 0; day < days; day++) for (let i = 0; i < times; i++) state = learner.learn(state, [outcome(day)]);
  return state;
}
const said = (state: unknown, group = 'free'): number | undefined => learner.sensitivity?.(state, group);

test('surges that come twice as large as they were seen make a group more sensitive, those that do not come less; each in days', () => {
  const more = after(60, (day) => surge(day, 0.5, 1));
  expect(said(more)).toBeGreaterThan(1.6);
  expect(said(more)).toBeLessThanOrEqual(2);
  const less = after(60, (day) => surge(day, 0.5, 0.1));
  expect(said(less)).toBeLessThan(0.6);
  expect(said(less)).toBeGreaterThanOrEqual(0.5);
  const same = after(60, (day) => surge(day, 0.5, 0.5));
  expect(said(same)).toBeCloseTo(1, 9);
  expect(said(same, 'paid')).toBeUndefined();
});

test('one bad day moves a group by no more than a twentieth, on that day or after it', () => {
  const before = after(30, (day) => surge(day, 0.5, 0.5));
  let state = before;
  for (let i = 0; i < 1440; i++) state = learner.learn(state, [surge(30, 0.9, 50)]);
  expect(said(state)).toBeLessThanOrEqual(1.05 + 1e-12);
  for (let day = 31; day < 60; day++) {
    state = learner.learn(state, [surge(day, 0.5, 0.5)]);
    expect(said(state)).toBeLessThanOrEqual(1.05 + 1e-12);
  }
});

test('what is noise, hidden or not known teaches nothing; a bound does where it is above what was thought', () => {
  const fresh = learner.encode(learner.begin());
  const untaught = [
    surge(0, 0.05, 3),
    surge(0, 0.5, 3, 'masked'),
    surge(0, 0.5, 3, 'missing'),
    surge(0, 0.5, 0.4, 'censored'),
    surge(0, -0.5, -0.9, 'censored'),
    surge(0, 0.5, Number.NaN),
  ];
  for (const outcome of untaught) expect(learner.encode(learner.learn(learner.begin(), [outcome]))).toEqual(fresh);
  expect(said(learner.learn(learner.begin(), [surge(0, 0.5, 1, 'censored')]))).toBeGreaterThan(1);
});

test('a group that comes back is not held to what is long past', () => {
  const state = after(60, (day) => surge(day, 0.5, 1));
  const much = said(state) as number;
  const later = learner.learn(learner.learn(state, [surge(400, 0.5, 0.5)]), [surge(401, 0.5, 0.5)]);
  expect(said(later)).toBeLessThan((1 + much) / 2);
});

test('of more groups than it keeps, the one without a surge for longest goes', () => {
  const small = sensitivity.create(sensitivityConfig.parse({ groups: 2 }), {} as never);
  let state = small.begin();
  for (const group of ['a', 'b', 'a', 'c']) state = small.learn(state, [surge(0, 0.5, 1, 'observed', group)]);
  expect(['a', 'b', 'c'].map((group) => small.sensitivity?.(state, group) !== undefined)).toEqual([true, false, true]);
});

import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { beginEvidence, isProven, MONTH_DAYS, weighDay } from '../src/rollout/evidence.ts';
import { beginFleet, orderedUnits, orderUnits, readyUnits } from '../src/rollout/lead-fleet.ts';
import { type ReactiveShadow, reactiveReady, reactiveUnits, stepReactive } from '../src/rollout/reactive-shadow.ts';
import { beginRollout, type RolloutOptions, type RolloutState, stepRollout } from '../src/rollout/rollout.ts';
import { beginSeen, see, seenQuantile } from '../src/rollout/seen.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const T0 = Date.UTC(2026, 0, 5);

test('a fleet that is thought: units come after the lead time, what is on its way is cancelled first', () => {
  const grown = orderUnits(orderUnits(beginFleet(4), 0, 6, 300_000), 60_000, 9, 300_000);
  expect([orderedUnits(grown), readyUnits(grown, 60_000), readyUnits(grown, 300_000), readyUnits(grown, 360_000)]).toEqual([9, 4, 6, 9]);
  const cut = orderUnits(grown, 120_000, 5, 300_000);
  expect([orderedUnits(cut), readyUnits(cut, 120_000), readyUnits(cut, 300_000)]).toEqual([5, 4, 5]);
  expect(orderUnits(cut, 180_000, 2, 300_000)).toEqual({ ready: 2, pending: [] });
  expect(orderUnits(beginFleet(1), 0, 3, 0)).toEqual({ ready: 3, pending: [] });
});

test('the reactive shadow does as the HPA does: tolerance, at once up, after its window down', () => {
  const pool = { unitRate: 10, target: 0.5, min: 2, max: 30, leadTimeMs: 3 * MINUTE };
  let shadow: ReactiveShadow | undefined = stepReactive(undefined, 0, undefined, pool);
  expect(shadow).toBeUndefined();
  const rates = [50, 54, 100, 100, undefined, 100, 20, 20, 20, 20, 20, 20];
  const units: number[] = [];
  const ready: number[] = [];
  rates.forEach((rate, minute) => {
    shadow = stepReactive(shadow, minute * MINUTE, rate, pool);
    units.push(reactiveUnits(shadow as ReactiveShadow));
    ready.push(reactiveReady(shadow as ReactiveShadow, minute * MINUTE));
  });
  expect(units).toEqual([10, 10, 20, 20, 20, 20, 20, 20, 20, 20, 4, 4]);
  expect(ready).toEqual([10, 10, 10, 10, 10, 20, 20, 20, 20, 20, 4, 4]);
  expect(reactiveUnits(stepReactive(shadow, 12 * MINUTE, 1e9, pool) as ReactiveShadow)).toBe(30);
});

test('a quantile of what was seen is right to a bin, and old demand fades', () => {
  let seen = beginSeen();
  for (let i = 1; i <= 1000; i++) seen = see(seen, i);
  expect(seenQuantile(seen, 0.9) / 900).toBeGreaterThan(0.94);
  expect(seenQuantile(seen, 0.9) / 900).toBeLessThanOrEqual(1.01);
  for (let i = 0; i < 200_000; i++) seen = see(seen, 5000);
  expect(seen.count).toBeLessThan(40_320);
  expect(seenQuantile(seen, 0.5)).toBeGreaterThan(4700);
});

/** Standard Student t with 3 degrees of freedom: its fourth moment is infinite. */
function student(random: SeededRandom): number {
  const chi = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
  return random.normal() / Math.sqrt(chi / 3) / Math.sqrt(3);
}

/** Hourly differences of cost: seasonal in the day, autocorrelated, heavy-tailed; summed over days. Share of months that end in an alarm. */
function alarms(months: number, mean: number, size: number, draw: (random: SeededRandom) => number, seed: number, fresh = false): number {
  const random = new SeededRandom(seed);
  let evidence = beginEvidence();
  let found = 0;
  let noise = 0;
  for (let month = 0; month < months; month++) {
    let alarm = false;
    for (let day = 0; day < MONTH_DAYS; day++) {
      let [ours, reference] = [0, 0];
      for (let hour = 0; hour < 24; hour++) {
        noise = 0.8 * noise + 0.6 * draw(random);
        const daily = Math.sin((2 * Math.PI * hour) / 24);
        const cost = 10 + 6 * daily;
        reference += cost;
        ours += cost + 10 * (mean + 0.3 * daily + size * noise);
      }
      evidence = weighDay(evidence, ours, reference, 0.01);
      alarm ||= isProven(evidence, 0.01);
    }
    if (alarm) found++;
    // As after an alarm: each month is tried anew.
    evidence = fresh ? beginEvidence() : { ...evidence, log: 0, days: 0 };
  }
  return found / months;
}

test.each([
  ['normal', (random: SeededRandom) => random.normal(), 0.5],
  ['heavy tails', student, 0.5],
  ['heavy tails, as large as the cost itself', student, 1.5],
  ['rare disasters of ours, which good hours pay for', (random: SeededRandom) => (random.next() < 0.002 ? 40 : 0) - 0.08, 0.5],
  ['rare disasters that we prevent, which cost a little each hour', (random: SeededRandom) => 0.08 - (random.next() < 0.002 ? 40 : 0), 0.5],
])('a policy that is no dearer is demoted in at most one month of a hundred: %s', (_name, draw, size) => {
  expect(alarms(4000, 0, size, draw, 7)).toBeLessThanOrEqual(0.01);
  // In a first month, too, of which only the prior knows how large differences are.
  expect(alarms(4000, 0, size, draw, 8, true)).toBeLessThanOrEqual(0.01);
});

test('one that is dearer is found', () => {
  expect(alarms(400, 0.3, 0.3, student, 3)).toBeGreaterThan(0.9);
  expect(alarms(400, 1, 0.5, student, 4)).toBeGreaterThan(0.95);
});

const options: RolloutOptions = {
  unitRate: 10,
  target: 0.5,
  price: 1,
  shortPrice: 10,
  days: 7,
  canaryDays: 3,
  peaks: 3,
  falseDemotions: 0.01,
  trip: 0.05,
  tripWindow: 15 * MINUTE,
};

/** Days of a wave, with units by its rate. */
function live(
  begin: RolloutState,
  from: number,
  days: number,
  ours: (rate: number, step: number) => number,
  reference: (rate: number) => number,
  known: (step: number) => boolean = () => true,
) {
  let state = begin;
  const changes: { day: number; code: string; text: string }[] = [];
  for (let step = from; step < from + days * DAY; step += MINUTE) {
    const rate = 100 - 60 * Math.cos((2 * Math.PI * (step % DAY)) / DAY);
    const outcome = { step, stepMs: MINUTE, ours: ours(rate, step), reference: reference(rate) };
    const next = stepRollout(state, { ...outcome, rate: known(step) ? rate : undefined }, options);
    state = next.state;
    if (next.change) changes.push({ day: (step - from) / DAY, ...next.change });
  }
  return { state, changes };
}
const needed = (rate: number): number => Math.ceil(rate / 5);

test('a rollout is promoted after its days and peaks where it is no dearer', () => {
  const { state, changes } = live(beginRollout(), T0, 12, needed, (rate) => needed(rate) + 2);
  expect(state.stage).toBe('full');
  expect(changes).toEqual([
    { day: 7, code: 'ROLLOUT_PROMOTED', text: expect.stringMatching(/^shadow -> canary: cost .* in 7 days with 7 peaks$/) },
    { day: 10, code: 'ROLLOUT_PROMOTED', text: expect.stringMatching(/^canary -> full: cost .* in 3 days with 3 peaks$/) },
  ]);
  expect(live(beginRollout(), T0, 20, (rate) => needed(rate) + 3, needed).state.stage).toBe('shadow');
});

test('days of which little is known do not count', () => {
  const nights = (step: number): boolean => step % DAY < DAY / 3;
  expect(live(beginRollout(), T0, 30, needed, (rate) => needed(rate) + 2, nights).state.stage).toBe('shadow');
});

test('one that becomes dearer is demoted stage by stage, and begins again', () => {
  const { changes } = live(beginRollout('full'), T0, 40, (rate) => needed(rate) + 20, needed);
  expect(changes.map(({ code, text }) => [code, text.slice(0, text.indexOf(':'))])).toEqual([
    ['ROLLOUT_DEMOTED', 'full -> canary'],
    ['ROLLOUT_DEMOTED', 'canary -> shadow'],
  ]);
  expect(changes[1]?.day).toBeLessThan(30);
});

test('an outage that a reactive policy would not have had trips at once, on fresh data alone', () => {
  const broken = (rate: number, step: number): number => (step > T0 + DAY / 2 ? 3 : needed(rate));
  const { state, changes } = live(beginRollout('full'), T0, 1, broken, needed);
  expect(state.stage).toBe('shadow');
  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatchObject({ code: 'ROLLOUT_DEMOTED', text: expect.stringContaining('of the demand was unserved') });
  expect((changes[0]?.day as number) - 0.5).toBeLessThan(16 / 1440);
  // Every tenth minute is unknown: there is never a whole window.
  const known = (step: number): boolean => (step / MINUTE) % 10 !== 0;
  expect(live(beginRollout('full'), T0, 1, broken, needed, known).changes).toEqual([]);
  // An overload that a reactive policy has too is nobody's fault.
  expect(
    live(
      beginRollout('full'),
      T0,
      1,
      () => 3,
      () => 3,
    ).changes,
  ).toEqual([]);
});

test('state is data: a copy goes on as the original does', () => {
  const { state } = live(beginRollout(), T0, 8, needed, (rate) => needed(rate) + 2);
  const again = live(JSON.parse(JSON.stringify(state)), T0 + 8 * DAY, 3, needed, (rate) => needed(rate) + 2);
  expect(again).toEqual(live(state, T0 + 8 * DAY, 3, needed, (rate) => needed(rate) + 2));
});

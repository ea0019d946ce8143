import { type Decision, defineLearner, type Learner, type StepOutcome, type UsageEvent, use, VirtualClock } from '@auspex/core';
import { pack, unpack } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fakeConfig, KeepingStore, lastValue, listSource, MINUTE, mapStore, request, runToEnd, T0, traffic } from './fakes.ts';

/** Says 1 + a tenth of the surges that it has seen; keeps every outcome that it was handed. */
function counting(handed: StepOutcome[] = [], change: Partial<Learner<{ n: number }>> = {}) {
  return defineLearner({
    id: 'counting',
    summary: 'test',
    config: z.strictObject({}),
    create: (): Learner<{ n: number }> => ({
      begin: () => ({ n: 0 }),
      learn: ({ n }, outcomes) => {
        handed.push(...outcomes);
        return { n: n + outcomes.reduce((sum, { surges = [] }) => sum + surges.length, 0) };
      },
      sensitivity: ({ n }) => 1 + n / 10,
      encode: (state) => pack(state),
      decode: (bytes) => {
        const state = unpack<{ n: number }>(bytes);
        if (typeof state?.n !== 'number') throw new Error('no count');
        return state;
      },
      ...change,
    }),
  });
}

/** Sixty a minute, then twice that. */
const doubling = traffic(Array.from({ length: 20 }, (_, i) => (i < 10 ? 60 : 120)));

test('what came of each decided step is joined to its forecast and decision one lead time before, journaled, and handed to the learners', async () => {
  const handed: StepOutcome[] = [];
  const { of } = await runToEnd(fakeConfig(doubling, { learners: [use(counting(handed))] }));
  const decisions = of('decision').map(({ decision }) => decision);
  const outcomes = of('outcome').map(({ outcome }) => outcome);
  expect(outcomes.map(({ step }) => (step - T0) / MINUTE)).toEqual(Array.from({ length: 17 }, (_, i) => i + 3));
  for (const outcome of outcomes) {
    const decision = decisions.find(({ key }) => key === outcome.decision?.key);
    expect(decision?.demand.at).toBe(outcome.step);
    const { expected, low, high } = (decision as Decision).demand;
    expect(outcome).toMatchObject({ forecast: { expected, low, high }, decision: { units: decision?.units } });
  }
  // Minute 10 was decided for at the end of minute 7: one a second was expected, two came, and two units of work were needed.
  const jump = outcomes.find(({ step }) => step === T0 + 10 * MINUTE) as StepOutcome;
  expect(jump).toMatchObject({ demand: 2, needed: 2, ready: 1, truth: 'observed' });
  expect(jump.surges).toEqual([{ group: 'a', truth: 'observed', said: 0, came: 1 }]);
  // Minute 12: at its decision twice the usual was seen, and relative to what is expected by now it came, nearly.
  const after = outcomes.find(({ step }) => step === T0 + 13 * MINUTE) as StepOutcome;
  expect(after.surges?.[0]?.said).toBeGreaterThan(0.8);
  expect(after.surges?.[0]?.came).toBeGreaterThan(0.5);
  expect(handed).toHaveLength(outcomes.length);
});

test('what a learner says of a group replaces what its profile says, and the journal tells when it moves', async () => {
  const { of, profile } = await runToEnd(fakeConfig(doubling, { learners: [use(counting())] }));
  const [surge] = of('decision')[13]?.decision.surges ?? [];
  const sensitivity = (surge?.score ?? 0) / (surge?.deviation ?? 0);
  expect(sensitivity).toBeGreaterThan(1.5);
  expect(profile?.sensitivity).toBeCloseTo(2.7, 9);
  const told = of('notice').filter(({ code }) => code === 'SENSITIVITY_LEARNT');
  expect(told[0]?.text).toBe('counting: what came of surges of group a moves its sensitivity from 1.0 to 1.1');
  const plain = await runToEnd(fakeConfig(doubling));
  expect(plain.profile?.sensitivity).toBe(1);
  expect(plain.of('outcome')).toHaveLength(17);
});

test('a learner that throws, hangs on a promise or says nonsense is told once, and the engine goes on without it', async () => {
  const wrong: Partial<Learner<{ n: number }>>[] = [
    {
      learn: () => {
        throw new Error('cannot learn');
      },
    },
    { learn: (async () => ({ n: 1 })) as never },
    { sensitivity: () => -1 },
    {
      begin: () => {
        throw new Error('cannot begin');
      },
    },
  ];
  for (const change of wrong) {
    const { of } = await runToEnd(fakeConfig(doubling, { learners: [use(counting([], change))] }));
    const failures = of('failure').map(({ failure }) => failure);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(2);
    expect(failures[0]).toMatchObject({ stage: 'learn', plugin: 'counting' });
    // Deviation times the profile's own sensitivity, which is one.
    const [surge] = of('decision')[13]?.decision.surges ?? [];
    expect(surge?.score).toBe(surge?.deviation);
    expect(of('decision')).toHaveLength(20);
  }
  await expect(
    runToEnd(fakeConfig(doubling, { learners: [use(counting([], wrong[0]))], onFailure: { learn: 'fail' } })),
  ).rejects.toMatchObject({
    code: 'PLUGIN_FAILED',
  });
});

/** Of an engine that acts in the present, until all events are read. */
async function living(map: Map<string, Uint8Array>, now = T0) {
  const clock = new VirtualClock(now);
  const store = new KeepingStore(map, () => clock.now());
  const onBatch = (index: number): void => clock.advance(Math.max(clock.now(), (doubling[index] as UsageEvent).at));
  const config = fakeConfig(doubling, {
    sources: [use(listSource(doubling, 60, { onBatch }))],
    learners: [use(counting())],
    snapshotEvery: '5m',
  });
  return { ...(await runToEnd(config, { mode: 'live', host: { clock, store } })), kept: store.kept };
}

test('killed between a decision and its outcome, an engine joins them all the same, once, and its learner goes on', async () => {
  const whole = await living(new Map());
  const all = whole.of('outcome').map(({ outcome }) => outcome);
  expect(all.length).toBeGreaterThan(14);
  for (const { map, beside } of whole.kept.slice(4, 18)) {
    const { of, profile } = await living(new Map(map), beside);
    const rest = of('outcome').map(({ outcome }) => outcome);
    expect(rest).toEqual(all.slice(all.length - rest.length));
    // What was decided before the kill is joined, too.
    expect(rest[0]?.step).toBeLessThan(of('decision')[0]?.decision.demand.at ?? 0);
    expect(profile?.sensitivity).toBe(whole.profile?.sensitivity);
  }
});

test('a learner whose state cannot be read begins anew, and that is told', async () => {
  const map = new Map<string, Uint8Array>();
  const go = () => runToEnd(fakeConfig(doubling, { store: use(mapStore(map)), learners: [use(counting())] }));
  await go();
  map.set('learner/counting', pack({ state: pack('nonsense'), told: [] }));
  expect((await go()).of('notice').map(({ code, text }) => `${code} ${text}`)[0]).toMatch(
    /^STATE_UNREADABLE what counting learnt could not be read/,
  );
});

test('an outcome that nothing is known of, or that is a bound, says so', async () => {
  const gap = doubling.filter((event) => event.at < T0 + 8 * MINUTE || event.at >= T0 + 9 * MINUTE);
  const masks = [{ from: '2026-01-05T00:05:00Z', to: '2026-01-05T00:06:00Z', why: 'load test' }];
  const throttled = gap.map((event) =>
    event.at >= T0 + 12 * MINUTE && event.at < T0 + 13 * MINUTE ? { ...event, outcome: 'throttled' as const } : event,
  );
  const sources = [use(listSource(throttled, 10, { silence: 'gap' }))];
  const { of } = await runToEnd(fakeConfig(throttled, { masks, sources, learners: [use(counting())] }));
  const truths = new Map(of('outcome').map(({ outcome }) => [(outcome.step - T0) / MINUTE, outcome]));
  expect([5, 8, 12, 13].map((minute) => truths.get(minute)?.truth)).toEqual(['masked', 'missing', 'censored', 'observed']);
  expect(truths.get(12)?.surges?.[0]?.truth).toBe('censored');
});

test('once a day the journal says what is believed of a pool, from the outcomes of that day', async () => {
  // One request a quarter of an hour, and of each twelfth two, of each fifth none: too many for the 80 % of a last value that is sure of itself.
  const events = Array.from({ length: 3 * 96 }, (_, i) =>
    Array.from({ length: i % 12 === 0 ? 2 : i % 5 === 0 ? 0 : 1 }, () => request(T0 + i * 15 * MINUTE)),
  ).flat();
  const predictors = [use(lastValue, { spread: 1 })];
  const { of } = await runToEnd(
    fakeConfig(events, { step: '15m', predictors, minSkill: null, pools: [{ id: 'web', unitRate: 1, leadTime: '15m' }] }),
  );
  const told = of('notice').filter(({ code }) => code === 'LEARNT');
  expect(told.map(({ step }) => new Date(step).toISOString())).toEqual([
    '2026-01-06T00:00:00.000Z',
    '2026-01-07T00:00:00.000Z',
    '2026-01-08T00:00:00.000Z',
  ]);
  const day = of('outcome')
    .map(({ outcome }) => outcome)
    .filter(({ step }) => step >= T0 + 24 * 60 * MINUTE && step < T0 + 48 * 60 * MINUTE);
  const share = (is: (outcome: StepOutcome) => boolean): number => Math.round((100 * day.filter(is).length) / day.length);
  const below = share(({ demand, forecast }) => demand < (forecast?.low ?? 0));
  const above = share(({ demand, forecast }) => demand > (forecast?.high ?? 0));
  expect([below, above].every((percent) => percent > 0)).toBe(true);
  expect(below).not.toBe(above);
  expect(told[1]?.text).toContain(
    `web, until 2026-01-07T00:00:00Z: of 96 outcomes ${below} % were below and ${above} % above the 80 % that was forecast; predictors weigh last 100 %; `,
  );
});

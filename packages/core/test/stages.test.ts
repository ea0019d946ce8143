import { LEVELS, NOT_READY, type Predictor, type SeriesInfo } from '@auspex/contracts';
import { MemoryMeter } from '@auspex/core';
import { expect, test } from 'vitest';
import { engineConfig } from '../src/config/schema.ts';
import { Groups } from '../src/cycle/groups.ts';
import { ActuateStage } from '../src/stages/actuate.ts';
import { Failures } from '../src/stages/failures.ts';
import { PredictStage } from '../src/stages/predict.ts';
import { ProfileStage } from '../src/stages/profile.ts';
import { fakeConfig, MINUTE, RecordingActuator, T0 } from './fakes.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const failures = (): Failures => new Failures({}, quiet, new MemoryMeter());
const info: SeriesInfo = { id: 's', scope: 'pool', name: 's', pop: 'p', measure: 'requests', zone: 'UTC', stepMs: MINUTE };
const signal = new AbortController().signal;

function batching(answer: Predictor['forecastBatch']): Predictor {
  return {
    begin: () => ({}),
    observe: (state) => state,
    forecast: () => NOT_READY,
    forecastBatch: answer as NonNullable<Predictor['forecastBatch']>,
    encode: () => new Uint8Array(0),
    decode: () => ({}),
  };
}

test('a batch that throws or answers too few series fails each of its series, and persistence stands in', async () => {
  const answers: NonNullable<Predictor['forecastBatch']>[] = [
    () => {
      throw new Error('out of memory');
    },
    () => [NOT_READY],
  ];
  for (const answer of answers) {
    const told = failures();
    const stage = new PredictStage([{ name: 'b', predictor: batching(answer), batch: true, for: 'all' }], told, 1000, signal);
    const series = [stage.begin(info, [1]), stage.begin({ ...info, id: 't' }, [1])];
    const forecasts = await stage.forecast(series, T0);
    expect(forecasts.map((forecast) => forecast.by)).toEqual(['persistence', 'persistence']);
    expect(told.take().map((failure) => failure.subject)).toEqual(['s', 't']);
  }
});

test('a slot for groups is not asked for pools, and the other way round', async () => {
  const asked: number[] = [];
  const predictor = batching((states) => {
    asked.push(states.length);
    return states.map(() => ({ quantiles: new Float64Array(LEVELS.length).fill(1) }));
  });
  const stage = new PredictStage(
    [
      { name: 'g', predictor, batch: true, for: 'groups' },
      { name: 'p', predictor, batch: true, for: 'pools' },
    ],
    failures(),
    1000,
    signal,
  );
  const pool = stage.begin(info, [1]);
  expect((await stage.forecast([pool], T0))[0]?.weights).toEqual({ p: 1 });
  const group = stage.begin({ ...info, scope: 'group', id: 'g' }, [1]);
  expect((await stage.forecast([pool, group], T0)).map((forecast) => forecast.weights)).toEqual([{ p: 1 }, { g: 1 }]);
  expect(asked).toEqual([1, 1, 1]);
});

test('a predictor that tells regimes apart is kept by itself, until its horizon has passed', async () => {
  const saying = (rate: number) => batching((states) => states.map(() => ({ quantiles: new Float64Array(2 * LEVELS.length).fill(rate) })));
  const slots = [
    { name: 'plain', predictor: saying(2), batch: true, for: 'all' as const },
    { name: 'regimes', predictor: saying(4), batch: true, regimes: true, for: 'pools' as const },
  ];
  const stage = new PredictStage(slots, failures(), 1000, signal);
  const pool = stage.begin(info, [1, 2]);
  expect(stage.regime(pool, T0)).toBeUndefined();
  await stage.forecast([pool], T0);
  expect(stage.regime(pool, T0)?.by).toBe('regimes');
  expect(Array.from(stage.regime(pool, T0)?.quantiles ?? [])).toEqual(new Array(2 * LEVELS.length).fill(4));
  const group = stage.begin({ ...info, scope: 'group', id: 'g' }, [1, 2]);
  await stage.forecast([group], T0);
  expect(stage.regime(group, T0)).toBeUndefined();
  const none = new PredictStage(slots.slice(0, 1), failures(), 1000, signal);
  const other = none.begin(info, [1, 2]);
  await none.forecast([other], T0);
  expect(none.regime(other, T0)).toBeUndefined();
});

test('a step that was seen already is not learnt twice, and a bound above the last value is news for persistence only', async () => {
  const stage = new PredictStage([], failures(), 1000, signal);
  const series = stage.begin(info, [1]);
  stage.observe(series, { step: T0, value: 5, truth: 'observed' });
  stage.observe(series, { step: T0, value: 50, truth: 'observed' });
  expect(series.last).toBe(5);
  stage.observe(series, { step: T0 + MINUTE, value: 9, truth: 'censored' });
  stage.observe(series, { step: T0 + 2 * MINUTE, value: 3, truth: 'censored' });
  stage.observe(series, { step: T0 + 3 * MINUTE, value: 77, truth: 'masked' });
  expect(series.last).toBe(9);
  expect(series.level).toBe(5);
});

test('an order outside its bounds is refused before any target sees it', async () => {
  const actuator = new RecordingActuator();
  const stage = new ActuateStage(new Map([['web', { name: 'r', target: actuator }]]), failures(), 1000);
  const order = { key: 'k', pool: 'web', pop: 'p', min: 1, max: 5, epoch: 0, shadow: false, step: T0 };
  for (const units of [0, 6, 2.5, Number.NaN])
    expect(await stage.actuate({ ...order, units }, signal)).toMatchObject({ status: 'refused' });
  expect(actuator.orders).toEqual([]);
  expect(await stage.actuate({ ...order, units: 5 }, signal)).toMatchObject({ status: 'applied', units: 5 });
});

test('an actuator that hangs is given up after its time limit, by name', async () => {
  const actuator = new RecordingActuator();
  actuator.fail = 'hang';
  const told = failures();
  const stage = new ActuateStage(new Map([['web', { name: 'slow', target: actuator }]]), told, 10);
  const receipt = await stage.actuate(
    { key: 'k', pool: 'web', pop: 'p', units: 1, min: 1, max: 5, epoch: 0, shadow: false, step: T0 },
    signal,
  );
  expect(receipt).toMatchObject({ status: 'refused', detail: 'actuate(slow): no answer within 10 ms' });
  expect(told.take()).toHaveLength(1);
});

test('a profiler that throws costs one group its answers, and what it answers wrongly is no answer', async () => {
  const told = failures();
  const stage = new ProfileStage(
    'p',
    {
      begin: ({ id }) => ({ id }),
      fold: (state) => {
        if ((state as { id: string }).id === 'bad') throw new Error('cannot fold');
        return state;
      },
      expected: (state) => ((state as { id: string }).id === 'bad' ? Number.NaN : 3),
      sensitivity: () => {
        throw new Error('no idea');
      },
      profile: () => {
        throw new Error('no profile');
      },
      encode: () => new Uint8Array(0),
      decode: () => ({}),
    },
    told,
  );
  for (const id of ['good', 'bad']) stage.begin({ id, zone: 'UTC', stepMs: MINUTE });
  for (const id of ['good', 'bad']) stage.fold(id, { step: T0, truth: 'observed', usage: [] });
  expect(told.take().map((failure) => failure.subject)).toEqual(['bad']);
  expect([stage.expected('good', T0), stage.expected('bad', T0)]).toEqual([3, undefined]);
  expect(stage.sensitivity('good')).toBe(1);
  expect(stage.profile('good')).toBeUndefined();
  expect(stage.relate()).toEqual(new Map());
});

test('a failure that stands is told once, and again after it had gone', async () => {
  const told = failures();
  const fail = (): void => told.report('predict', 'x', 's', 'text instead of an error', 'fallback');
  fail();
  fail();
  expect(told.take()).toMatchObject([{ message: 'text instead of an error' }]);
  told.recovered('predict', 'x', 's');
  fail();
  expect(told.take()).toHaveLength(1);
});

test('groups live in the zone of their name, else of the POP where they were first seen', async () => {
  const settings = engineConfig.parse(
    fakeConfig([], { zone: { default: 'UTC', pops: { fra: 'Europe/Berlin' }, groups: { vip: 'Asia/Tokyo' } }, maxGroups: 2 }),
  );
  const groups = new Groups(settings);
  expect([groups.zoneOf('vip', 'fra'), groups.zoneOf('a', 'fra'), groups.zoneOf('a', 'x')]).toEqual(['Asia/Tokyo', 'Europe/Berlin', 'UTC']);
  for (const name of ['a', 'b']) groups.at(groups.admit(name), 'fra');
  expect(groups.overflowed).toBe(false);
  expect(groups.admit('c')).toBe('other');
  expect(groups.overflowed).toBe(true);
  expect(groups.admit('a')).toBe('a');
});

import { defineActuator, definePredictor, type Plugin } from '@auspex/contracts';
import { AuspexError, describeOptions, describePlugin, engineConfig, nearest, parseConfig, use } from '@auspex/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { glob } from '../src/config/glob.ts';
import { fakeConfig, lastValue, listSource, meanProfiler, plainAllocator, RecordingActuator, recording } from './fakes.ts';

function refused(config: unknown, catalogue: Plugin[] = []): AuspexError {
  try {
    parseConfig(config, catalogue);
  } catch (error) {
    expect(error).toBeInstanceOf(AuspexError);
    return error as AuspexError;
  }
  throw new Error('the config was accepted');
}

test('an unknown key names its path and the nearest known one', () => {
  const error = refused({ ...fakeConfig([]), stpe: '1m' });
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', path: 'stpe', message: 'stpe: unknown key; did you mean "step"?' });
  expect(error.remedy).toMatch(/auspex describe/);
});

test('a nested unknown key and a missing one name their path', () => {
  expect(refused({ ...fakeConfig([]), pools: [{ id: 'web', unitRate: 1, leadTme: '1m' }] }).message).toBe('pools[0].leadTme: unknown key');
  expect(refused({ ...fakeConfig([]), pools: [{ id: 'web' }] }).message).toBe('pools[0].unitRate: is missing');
});

test('a wrong option of a plugin names plugin and option', () => {
  const error = refused(fakeConfig([], { predictors: [{ use: lastValue as never, with: { factor: 'two' } }] }));
  expect(error.path).toBe('predictors[0](last).factor');
  expect(refused(fakeConfig([], { predictors: [{ use: lastValue as never, with: { factr: 2 } }] })).message).toBe(
    'predictors[0](last).factr: unknown key; did you mean "factor"?',
  );
  const pools = [{ id: 'web', unitRate: 1, actuator: { use: recording(new RecordingActuator()) as never, with: { namespace: 'x' } } }];
  expect(refused(fakeConfig([], { pools })).path).toBe('pools[0].actuator(recording).namespace');
});

test('an unknown plugin lists what there is', () => {
  const error = refused(fakeConfig([], { predictors: [{ use: 'lst' }] }), [lastValue, meanProfiler] as never);
  expect(error).toMatchObject({ code: 'PLUGIN_UNKNOWN', path: 'predictors[0]' });
  expect(error.message).toContain('did you mean "last"? There are: last');
  expect(refused(fakeConfig([], { store: { use: 'redis' } })).message).toContain('There are: none');
});

test('names are resolved from the catalogue', () => {
  const config = parseConfig(fakeConfig([], { predictors: [{ use: 'last', with: { factor: 3 } }] }), [lastValue as never]);
  expect(config.predictors[0]?.options).toEqual({ factor: 3, spread: 0.1, mode: 'ok' });
  expect(Object.isFrozen(config.predictors[0]?.options)).toBe(true);
});

test('a plugin of another kind, of another contract, or none at all is refused', () => {
  expect(refused(fakeConfig([], { allocate: { use: lastValue as never } })).message).toContain(
    '"last" is a predictor, and a allocator is needed here',
  );
  expect(refused(fakeConfig([], { allocate: { use: { ...plainAllocator, contract: 99 } as never } })).message).toContain(
    'built for contract 99',
  );
  expect(refused(fakeConfig([], { allocate: { use: {} as never } })).message).toContain('as defineAllocator returns it');
  expect(refused(fakeConfig([], { predictors: [{ ...use(lastValue), for: 'everyone' } as never] })).message).toContain(
    'none of all, pools, groups',
  );
  expect(refused({ ...fakeConfig([]), store: 'lmdb' }).path).toBe('store');
});

test('everything that is wrong is reported at once', () => {
  const error = refused(
    fakeConfig([], {
      step: '7m',
      zone: { default: 'Mars/Olympus', pops: { a: 'UTC', b: 'Nowhere' }, groups: { c: '+99:00' } },
      pools: [
        { id: 'a', unitRate: 1, min: 5, max: 2 },
        { id: 'a', unitRate: 1 },
      ],
      predictors: [{ use: 'gone' }],
    }),
  );
  expect(error.message).toContain('7 things are wrong');
  for (const part of ['step: a step of 7m', 'zone.default', 'zone.pops.b', 'zone.groups.c', 'pools[0].min', 'pools[1].id', 'predictors[0]'])
    expect(error.message).toContain(part);
});

test('a step must divide an hour, a duration must have a unit, a zone must exist', () => {
  expect(refused(fakeConfig([], { step: '7m' }))).toMatchObject({ code: 'STEP_INVALID', path: 'step' });
  expect(refused(fakeConfig([], { step: '500ms' })).code).toBe('STEP_INVALID');
  expect(refused(fakeConfig([], { step: '5' })).message).toContain('write a number with a unit');
  expect(refused(fakeConfig([], { zone: 'Europe/Nowhere' }))).toMatchObject({ code: 'ZONE_UNKNOWN', path: 'zone' });
  expect(refused(fakeConfig([], { masks: [{ from: 'yesterday', to: '2026-01-01T00:00:00Z', why: 'x' }] })).path).toBe('masks[0].from');
});

test('a budget is of units or of money', () => {
  expect(parseConfig(fakeConfig([], { budget: { units: 40 } })).settings.budget).toEqual({ units: 40 });
  expect(parseConfig(fakeConfig([], { budget: { money: 12.5 } })).settings.budget).toEqual({ money: 12.5 });
  for (const budget of [{}, { units: 40, money: 12.5 }])
    expect(refused(fakeConfig([], { budget })).message).toContain('budget: give either `units` or `money`');
  expect(refused(fakeConfig([], { budget: { units: 1.5 } })).path).toBe('budget.units');
  expect(refused(fakeConfig([], { budget: { money: 0 } })).path).toBe('budget.money');
  expect(refused({ ...fakeConfig([]), budget: { unit: 40 } }).message).toContain('budget.unit: unknown key');
});

test('the hash is that of what decides: not of where input and store lie', () => {
  const base = parseConfig(fakeConfig([])).hash;
  expect(parseConfig(fakeConfig([])).hash).toBe(base);
  expect(parseConfig(fakeConfig([], { seed: 2 })).hash).not.toBe(base);
  expect(parseConfig(fakeConfig([], { predictors: [use(lastValue, { factor: 2 })] })).hash).not.toBe(base);
  expect(parseConfig(fakeConfig([], { sources: [use(listSource([], 99))] })).hash).toBe(base);
});

test('options are described from their schema', () => {
  const rows = describeOptions(engineConfig);
  expect(rows.find((row) => row.name === 'step')).toMatchObject({ default: '"1m"', required: false });
  expect(rows.find((row) => row.name === 'pools[].unitRate')).toMatchObject({ type: 'number', required: true });
  expect(rows.find((row) => row.name === 'guards.cooldown')?.default).toBe('"0s"');
  const rich = definePredictor({
    id: 'rich',
    summary: 'All kinds of options.',
    config: z.strictObject({
      a: z.enum(['x', 'y']).default('x').describe('A.'),
      b: z.literal(3),
      c: z.union([z.string(), z.number()]),
      d: z.array(z.string()),
      e: z.any(),
    }),
    capabilities: { batch: false, trains: false },
    create: () => ({}) as never,
  });
  expect(describePlugin(rich)).toMatchObject({
    id: 'rich',
    kind: 'predictor',
    summary: 'All kinds of options.',
    capabilities: { batch: false },
  });
  expect(describePlugin(rich).options.map((row) => row.type)).toEqual(['"x" | "y"', '3', 'string | number', 'string[]', 'any']);
});

test('options of records and of one thing or another are described, too', () => {
  const either = z.union([
    z.strictObject({ group: z.string(), set: z.string() }),
    z.strictObject({ service: z.string(), set: z.string() }),
    z.number(),
  ]);
  const rows = describeOptions(z.strictObject({ pools: z.record(z.string(), either), list: z.array(either) }));
  expect(rows.map(({ name, required }) => `${name}${required ? '' : '?'}`)).toEqual([
    ...['pools', 'pools.*.group?', 'pools.*.set', 'pools.*.service?'],
    ...['list', 'list[].group?', 'list[].set', 'list[].service?'],
  ]);
});

test('the nearest word is found only when it is near', () => {
  expect(nearest('leadtime', ['leadTime', 'price'])).toBe('leadTime');
  expect(nearest('zzz', ['leadTime', 'price'])).toBeUndefined();
});

test('globs: a star stands for any text, all else for itself', () => {
  const matches = glob(['/api/*', 'exact.name', 'a*c']);
  expect(['/api/', '/api/v1/x', 'exact.name', 'abc', 'ac'].every(matches)).toBe(true);
  expect(['/web', 'exactXname', 'abcd', 'xabc'].some(matches)).toBe(false);
});

test('an actuator that cannot be made is named', async () => {
  const broken = defineActuator({
    id: 'broken',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { lease: 'none' },
    create: () => {
      throw new Error('no credentials');
    },
  });
  const { createEngine } = await import('@auspex/core');
  const engine = createEngine(fakeConfig([], { pools: [{ id: 'web', unitRate: 1, actuator: use(broken) }] }), { mode: 'replay' });
  await expect(engine.start()).rejects.toMatchObject({
    code: 'PLUGIN_FAILED',
    message: 'pools[0].actuator(broken): could not be made: no credentials',
  });
});

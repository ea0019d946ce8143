import { defineActuator, defineDetector, definePredictor, type Plugin } from '@auspex/contracts';
import { AuspexError, configWarnings, describeOptions, describePlugin, engineConfig, nearest, parseConfig, use } from '@auspex/core';
import { describe, expect, it, test } from 'vitest';
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
  expect(refused({ ...fakeConfig([]), pools: [{ id: 'web', unitRate: 1, leadTme: '1m' }] }).message).toBe(
    'pools[0].leadTme: unknown key; did you mean "leadTime"?',
  );
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
    '"last" is a predictor, and an allocator is needed here',
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

describe('warnings', () => {
  const watcher = defineDetector({ id: 'watcher', summary: 'test', config: z.strictObject({}), create: () => ({}) as never });
  const ofPools = { ...use(watcher), for: 'pools' as const };
  const all = use(watcher);
  const texts = (over: object) => configWarnings(parseConfig(fakeConfig([], over))).map(({ path, text }) => `${path}: ${text}`);
  const ofRules = (rules: object, detectors: readonly object[] = [ofPools]) => texts({ detectors, alerts: { rules } });

  it('name rules that can never fire, and patterns that match nothing', () => {
    expect(ofRules({ n5: { when: 'surge', pools: ['nosuch'] } })).toEqual([
      'alerts.rules.n5.pools: rule n5 can never fire: no pool is called nosuch; there are: web',
    ]);
    expect(ofRules({ 'no-data': { pools: ['we*', 'nosuch'] } })).toEqual([
      'alerts.rules.no-data.pools: rule no-data: no pool is called nosuch; there are: web',
    ]);
    expect(ofRules({ anomaly: { by: ['watchr'] } })).toEqual([
      'alerts.rules.anomaly.by: rule anomaly can never fire: no detector is called watchr; there are: watcher',
    ]);
    expect(ofRules({ mine: { when: 'hostile' } }, [])).toEqual([
      'alerts.rules.mine: rule mine can never fire: the config has no detector, so that nothing is scored',
    ]);
    // The second one of an id.
    expect(ofRules({ anomaly: { by: ['watcher#1'], pools: ['web'] } }, [ofPools, all])).toEqual([]);
    expect(ofRules({ n5: { when: 'surge', pools: ['nosuch'], severity: 'off' }, failing: { by: ['nosuch'] } })).toEqual([]);
  });

  it('name rules of groups where no detector is for groups', () => {
    const checkout = { checkout: { when: 'anomaly', groups: ['/checkout'] } };
    expect(ofRules(checkout)).toEqual([
      'alerts.rules.checkout.groups: rule checkout can never fire: no detector that it looks at is for groups: watcher is for pools',
    ]);
    expect(ofRules(checkout, [all])).toEqual([]);
    const both = { checkout: { when: 'anomaly', groups: ['/checkout'], pools: ['web'] } };
    expect(ofRules(both)).toEqual([
      'alerts.rules.checkout.groups: rule checkout: no detector that it looks at is for groups: watcher is for pools',
    ]);
    const byPools = { checkout: { when: 'anomaly', groups: ['/checkout'], by: ['watcher'] } };
    expect(ofRules(byPools, [ofPools, all])).toHaveLength(1);
  });

  it('name a cap that nobody can ask for', () => {
    const pools = [{ id: 'web', unitRate: 1, capHostile: 0.9 }];
    expect(texts({ pools, detectors: [] })).toEqual([
      expect.stringMatching(/^pools\[0\]\.capHostile: the units of pool web are never capped/),
    ]);
    expect(texts({ pools, detectors: [{ ...use(watcher), for: 'groups' }] })).toHaveLength(1);
    expect(texts({ pools, detectors: [ofPools] })).toEqual([]);
  });
});

describe('of alerts', () => {
  const message = (alerts: object) => refused({ ...fakeConfig([]), alerts }).message;

  it('an unknown key says which is near, however deep it stands', () => {
    expect(message({ silence: [] })).toBe('alerts.silence: unknown key; did you mean "silences"?');
    expect(message({ groupby: ['pool'] })).toBe('alerts.groupby: unknown key; did you mean "groupBy"?');
    expect(message({ rules: { x: { when: 'surge', abov: 0.9 } } })).toBe('alerts.rules.x.abov: unknown key; did you mean "above"?');
    expect(message({ silences: [{ match: { rule: 'x' }, whi: 'works', why: 'works' }] })).toBe(
      'alerts.silences[0].whi: unknown key; did you mean "why"?',
    );
  });

  it('a sink says which of its keys is wrong, and how', () => {
    const sink = (over: object) => message({ sinks: [{ use: 'log', ...over }] });
    const unknown = 'alerts.sinks[0]: no alertSink is called "log"';
    expect(sink({ atLeast: 'critical' })).toContain('alerts.sinks[0].atLeast: "critical" is none of info, warning, page\n');
    expect(sink({ atLeast: 'warnin' })).toContain('none of info, warning, page; did you mean "warning"?');
    expect(sink({ nam: 'x' })).toContain('alerts.sinks[0].nam: unknown key; did you mean "name"?');
    expect(sink({ name: 'Of Night' })).toContain('alerts.sinks[0].name: "Of Night" is no lower-case kebab text');
    expect(sink({ name: 'night', atLeast: 'page' })).toContain(unknown);
    expect(message({ sinks: ['log'] })).toContain('alerts.sinks[0]: expected { use: plugin or name, with: options, name');
    expect(refused({ ...fakeConfig([]), predictors: [{ use: lastValue, wiht: {} }] }).message).toBe(
      'predictors[0].wiht: unknown key; did you mean "with"?',
    );
  });

  it('a label that no alert has is refused, in silences and in groupBy', () => {
    const there = 'here are: rule, pool, group, pop, measure, plugin, stage, code';
    expect(message({ silences: [{ match: { rulle: 'x' }, why: 'works' }] })).toBe(
      `alerts.silences[0].match.rulle: no alert has a label "rulle"; did you mean "rule"? T${there}`,
    );
    expect(message({ groupBy: ['pool', 'datacenter'] })).toBe(`alerts.groupBy[1]: no alert has a label "datacenter"; t${there}`);
    expect(message({ silences: [{ match: {}, why: 'works' }] })).toContain('alerts.silences[0].match: names a label');
  });

  it('a value that is none of a few names those, and the nearest', () => {
    expect(message({ rules: { x: { when: 'surges' } } })).toMatch(
      /^alerts\.rules\.x\.when: "surges" is none of anomaly, .*; did you mean "surge"\?$/,
    );
    expect(refused(fakeConfig([], { pools: [{ id: 'web', unitRate: 1, also: { byte: 1 } }] as never })).message).toBe(
      'pools[0].also.byte: unknown key; did you mean "bytes"?',
    );
  });

  it('all rules that are wrong are told at once, with what was meant', () => {
    const text = message({ rules: { anomali: { above: 0.9 }, mine: {}, failing: { above: 0.5, pools: ['web'] } } });
    expect(text).toContain('4 things are wrong');
    expect(text).toContain('alerts.rules.anomali.when: a rule of your own must say `when`; did you mean "anomaly"?');
    for (const path of ['alerts.rules.mine.when', 'alerts.rules.failing.above', 'alerts.rules.failing.pools']) expect(text).toContain(path);
  });

  it('a duration without a unit gets the same words as a number and as a text', () => {
    for (const [given, shown] of [
      [10, '10'],
      ['10', '"10"'],
    ])
      expect(message({ rules: { x: { when: 'surge', for: given } } })).toBe(
        `alerts.rules.x.for: ${shown} is no duration; write a number with a unit: 90s, 15m, 1h30m, 7d`,
      );
  });
});

test('a kind has its article', () => {
  expect(refused(fakeConfig([], { predictors: [{ use: recording(new RecordingActuator()) as never }] })).message).toContain(
    '"recording" is an actuator, and a predictor is needed here',
  );
  expect(refused(fakeConfig([], { alerts: { sinks: [{ use: {} as never }] } })).message).toContain('expected an alertSink, as');
});

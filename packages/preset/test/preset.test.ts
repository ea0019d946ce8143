import { definePredictor, parseConfig, use } from '@auspex/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import * as face from '../src/index.ts';
import { accessLog, behavior, catalogue, groupEnricher, memory, preset, reactiveAllocator, seasonal, seedAssessor } from '../src/index.ts';

const minimal = { sources: [use(accessLog, { files: ['access.log'] })], pools: [{ id: 'web', unitRate: 50 }] };

test('ids are unique in their kind, lower-case kebab, and every plugin says what it is', () => {
  const ids = catalogue.map((plugin) => `${plugin.kind}/${plugin.id}`);
  expect(new Set(ids).size).toBe(ids.length);
  for (const plugin of catalogue) {
    expect(plugin.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(plugin.summary).toMatch(/^\S.*\.$/);
  }
});

test('every bundled plugin is exported too, and every exported one is bundled', () => {
  const exported = Object.values(face).filter((value) => typeof value === 'object' && 'kind' in value);
  expect(new Set(exported)).toEqual(new Set(catalogue));
});

/** The fewest options of plugins that need some. */
const NEEDED: Readonly<Record<string, object>> = {
  'access-log': { files: ['a.log'] },
  csv: { files: ['a.csv'] },
  ndjson: { files: ['a.ndjson'] },
  lmdb: { path: 'store' },
  auth: { files: ['auth.log'], format: 'sshd' },
  kafka: { topic: 'events' },
  prometheus: { url: 'http://127.0.0.1:9090', query: 'up' },
  pinned: { schedules: [{ from: '08:00', to: '20:00', units: 1 }] },
  ical: { files: ['plan.ics'] },
  'json-calendar': { files: ['plan.json'] },
  'http-calendar': { url: 'http://127.0.0.1/plan' },
  holidays: { places: ['US'] },
  alertmanager: { urls: ['http://127.0.0.1:9093'] },
  slack: { urlEnv: 'SLACK_URL' },
  pagerduty: { routingKeyEnv: 'PAGERDUTY_KEY' },
  smtp: { host: 'smtp.example', from: 'auspex@example.org', to: ['ops@example.org'] },
  remote: { command: ['./plugin'] },
  kubernetes: { pools: { web: { hpa: 'web' } } },
  keda: { pools: { web: { scaledObject: 'web' } } },
  'external-metrics': { tls: { certificate: 'crt', key: 'key' }, pools: { web: { hpa: 'web' } } },
  aws: { pools: { web: { autoScalingGroup: 'web' } } },
  haproxy: { socket: '/run/haproxy.sock', pools: { web: { backend: 'web' } } },
  redfish: { pools: { web: { hosts: [{ system: 'https://bmc/redfish/v1/Systems/1' }] } } },
  process: { pools: { web: { command: ['node', 'worker.js'] } } },
  systemd: { pools: { web: { unit: 'web@.service' } } },
  'traffic-control': { pools: { uplink: { dev: 'eth0', classid: '1:10', unit: '10mbit' } } },
  webhook: { url: 'https://fleet.example', secretEnv: 'SECRET' },
};

test.each(catalogue.map((plugin) => [`${plugin.kind} ${plugin.id}`, plugin] as const))('%s parses its defaults', (_name, plugin) => {
  const schema = plugin.config as z.ZodType;
  if (plugin.id in NEEDED) expect(schema.safeParse({}).success).toBe(false);
  expect(schema.safeParse(NEEDED[plugin.id] ?? {}).error?.issues ?? []).toEqual([]);
  expect(schema.safeParse({ ...NEEDED[plugin.id], optionThatNobodyHas: 1 }).success).toBe(false);
});

test('the preset of a minimal config parses: the default engine', () => {
  const config = parseConfig(preset(minimal));
  expect(config.profiler.plugin.id).toBe('behavior');
  expect(config.predictors.map(({ plugin, for: series }) => `${plugin.id} ${series}`)).toEqual([
    'seasonal all',
    'hmm-regime pools',
    'rnn pools',
    'boosted-trees pools',
  ]);
  expect(config.assess.plugin.id).toBe('seed');
  expect(config.allocate).toMatchObject({
    plugin: { id: 'quantile' },
    options: { price: 10, floor: 'reactive', reactive: { scaleOutTolerance: 0 } },
  });
  expect(config.store).toMatchObject({ plugin: { id: 'lmdb' }, options: { path: '.auspex/store' } });
  expect(config.sources.map(({ plugin }) => plugin.id)).toEqual(['access-log']);
});

const custom = definePredictor({
  id: 'custom',
  summary: 'Made for a test.',
  config: z.strictObject({}),
  capabilities: { batch: false, trains: false },
  create: () => {
    throw new Error('not made in this test');
  },
});

test.each([
  ['profiler', { profiler: use(behavior, { sensitivity: 2 }) }, { profiler: { options: { sensitivity: 2 } } }],
  ['predictors', { predictors: [use(custom)] }, { predictors: [{ plugin: custom }] }],
  ['assess', { assess: use(seedAssessor) }, { assess: { plugin: seedAssessor } }],
  ['allocate', { allocate: use(reactiveAllocator) }, { allocate: { plugin: { id: 'reactive' } } }],
  ['store', { store: use(memory) }, { store: { plugin: { id: 'memory' } } }],
  ['enrich', { enrich: [use(groupEnricher)] }, { enrich: [{ plugin: { id: 'group' } }] }],
  ['step', { step: '5m' }, { settings: { step: 300_000 } }],
] as const)('%s replaces the slot as it is', (slot, change, expected) => {
  const config = parseConfig(preset({ ...minimal, ...(change as object) }));
  expect(config).toMatchObject(expected);
  const others = parseConfig(preset(minimal));
  for (const key of ['profiler', 'assess', 'allocate', 'store'] as const) {
    if (key !== slot) expect(config[key]).toEqual(others[key]);
  }
  if (slot === 'predictors') expect(config.predictors).toHaveLength(1);
});

test('a slot is replaced whole: nothing of the default is merged in', () => {
  const { allocate } = parseConfig(preset({ ...minimal, allocate: { use: 'tiered', with: {} } }), catalogue);
  expect(allocate.options).toMatchObject({ floor: 'none', leadQuantile: 0.5 });
  const bare = parseConfig(preset({ ...minimal, allocate: { use: 'quantile', with: {} } }), catalogue);
  expect(bare.allocate.options).toMatchObject({ price: 10, floor: 'none' });
});

test('plugins are found by id in the catalogue', () => {
  const config = parseConfig(
    preset({
      ...minimal,
      sources: [{ use: 'access-log', with: { files: ['a'] } }],
      predictors: [{ use: 'seasonal' }],
      store: { use: 'memory' },
    }),
    catalogue,
  );
  expect(config.predictors[0]?.plugin).toBe(seasonal);
});

test('who changed a rule lost the log, and was told of nothing', () => {
  const given = preset({ ...minimal, alerts: { rules: { hostile: { severity: 'off' } } } });
  expect(parseConfig(given).sinks.map(({ plugin }) => plugin.id)).toEqual(['log']);
  expect(parseConfig(preset({ ...minimal, alerts: { sinks: [] } })).sinks).toEqual([]);
});

test('two presets share nothing that the first could change', () => {
  const first = preset(minimal);
  (first.predictors as unknown[]).length = 0;
  expect(preset(minimal).predictors).toHaveLength(4);
});

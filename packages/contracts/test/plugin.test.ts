import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  CONTRACT_VERSION,
  defineActuator,
  defineAlertSink,
  defineAllocator,
  defineAssessor,
  defineCalendar,
  defineDetector,
  defineEnricher,
  defineLearner,
  definePredictor,
  defineProfiler,
  defineSource,
  defineStore,
  NOT_READY,
  type Plugin,
  type PluginKind,
  type Predictor,
  use,
} from '../src/index.ts';

const config = z.strictObject({ files: z.array(z.string()), batch: z.number().default(10) });
const none = z.strictObject({ limit: z.number().default(1) });
const nothing = (): never => {
  throw new Error('not made in this test');
};
const common = { id: 'made', summary: 'Made for a test.', config: none, create: nothing };

const source = defineSource({
  id: 'lines',
  summary: 'Lines of files.',
  config,
  capabilities: { replayable: true, silence: 'zero' },
  create: (options) => {
    expectTypeOf(options).toEqualTypeOf<{ files: string[]; batch: number }>();
    return { async *open() {} };
  },
});

const predictor = definePredictor({
  ...common,
  capabilities: { batch: false, trains: false },
  create: (): Predictor<{ last: number }> => ({
    begin: () => ({ last: 0 }),
    observe: (state, { value }) => {
      state.last = value;
      return state;
    },
    forecast: () => NOT_READY,
    encode: () => new Uint8Array(),
    decode: () => ({ last: 0 }),
  }),
});

const all: { readonly [K in PluginKind]: Plugin<K> } = {
  source: source as unknown as Plugin<'source'>,
  enricher: defineEnricher(common),
  profiler: defineProfiler(common),
  predictor,
  assessor: defineAssessor(common),
  allocator: defineAllocator(common),
  actuator: defineActuator({ ...common, capabilities: { lease: 'none' } }),
  learner: defineLearner(common),
  detector: defineDetector(common),
  alertSink: defineAlertSink(common),
  calendar: defineCalendar(common),
  store: defineStore({ ...common, capabilities: { durable: false } }),
} as never;

test.each(Object.entries(all))('define %s: its kind, the contract version, frozen', (kind, plugin) => {
  expect(plugin.kind).toBe(kind);
  expect(plugin.contract).toBe(CONTRACT_VERSION);
  expect(Object.isFrozen(plugin)).toBe(true);
  expect(plugin.capabilities).toBeTypeOf('object');
  expect(plugin.summary).toMatch(/\.$/);
});

test('what was declared is kept as it is', () => {
  expect(source).toMatchObject({ id: 'lines', config, capabilities: { replayable: true, silence: 'zero' } });
  expect(all.calendar.capabilities).toEqual({});
  expectTypeOf(source).toExtend<Plugin<'source', typeof config>>();
});

test('use: the plugin with its options', () => {
  expect(use(source, { files: ['a'] })).toEqual({ use: source, with: { files: ['a'] } });
  expect(use(predictor)).toEqual({ use: predictor, with: {} });
  expect(use(predictor, { limit: 3 }).with).toEqual({ limit: 3 });
});

test('what is wrong does not compile', () => {
  const wrong = () => {
    // @ts-expect-error a needed option is missing
    use(source);
    // @ts-expect-error a wrong type
    use(source, { files: 'a' });
    // @ts-expect-error an option that does not exist
    use(source, { files: ['a'], bathc: 1 });
    // @ts-expect-error a wrong option of a plugin that needs none
    use(predictor, { limit: 'all' });
    // @ts-expect-error a source says whether it is replayable and what silence means
    defineSource({ id: 's', summary: 'S.', config, create: () => ({ async *open() {} }) });
    // @ts-expect-error a source's capabilities are whole
    defineSource({ id: 's', summary: 'S.', config, capabilities: { replayable: true }, create: () => ({ async *open() {} }) });
    // @ts-expect-error a predictor says whether it answers in batches and trains
    definePredictor({ id: 'p', summary: 'P.', config: none, create: nothing as () => Predictor });
    // @ts-expect-error a store says whether it is durable
    defineStore({ id: 's', summary: 'S.', config: none, create: nothing });
    // @ts-expect-error an assessor assesses
    defineAssessor({ id: 'a', summary: 'A.', config: none, create: () => ({}) });
    // @ts-expect-error a plugin has an id
    defineCalendar({ summary: 'C.', config: none, create: () => ({ between: () => [] }) });
  };
  expect(wrong).toBeTypeOf('function');
});

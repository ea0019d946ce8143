import { type Assessor, defineAssessor, defineProfiler, defineStore, type Profiler, type Store } from '@auspex/contracts';
import { z } from 'zod';

const noOptions = z.strictObject({});
const empty = new Uint8Array(0);

/** A profiler that believes nothing: baselines have no use for profiles. */
export const noProfiler = defineProfiler({
  id: 'none',
  summary: 'Believes nothing.',
  config: noOptions,
  create: (): Profiler<null> => ({
    begin: () => null,
    fold: () => null,
    expected: () => undefined,
    sensitivity: () => 1,
    profile: () => {
      throw new Error('this profiler has no profiles');
    },
    encode: () => empty,
    decode: () => null,
  }),
});

/** An assessor that sees no surge. */
export const noAssessor = defineAssessor({
  id: 'none',
  summary: 'Sees no surge.',
  config: noOptions,
  create: (): Assessor => ({
    assess: ({ group, pop, expected, actual }) => ({
      group,
      pop,
      score: 0,
      probability: 0,
      expected: expected ?? 0,
      actual: actual ?? 0,
      deviation: 0,
      eventImpact: 0,
      contributions: [],
    }),
  }),
});

/** A store that keeps nothing: a replay begins from nothing and leaves its report. */
export const noStore = defineStore({
  id: 'none',
  summary: 'Keeps nothing.',
  config: noOptions,
  capabilities: { durable: false },
  create: (): Store => ({
    get: async () => undefined,
    batch: async () => undefined,
    async *scan() {},
    compareAndSet: async () => true,
    close: async () => undefined,
  }),
});

import { duration, type PluginKind, type PluginUse } from '@auspex/contracts';
import { z } from 'zod';
import { alerts } from './alerts.ts';
import { freeze, leases, rollout } from './safety.ts';
import { useOf } from './use.ts';

/** A plugin by value or by name; resolved and checked by `parseConfig`. In TypeScript one of another kind does not compile. */
const pluginUse = <K extends PluginKind>() =>
  useOf<PluginUse<K>>(['use', 'with', 'for', 'isolation'], '{ use: plugin or name, with: options, isolation: inline or process }');

const policy = z.enum(['skip', 'fallback', 'fail']);

const zone = z.union([
  z.string(),
  z.strictObject({
    default: z.string().default('UTC'),
    pops: z.record(z.string(), z.string()).default({}).describe('Zone by POP.'),
    groups: z.record(z.string(), z.string()).default({}).describe('Zone by group; wins over the POP.'),
  }),
]);

const measure = z.enum(['requests', 'work', 'bytes', 'sessions']);

const pool = z
  .strictObject({
    id: z.string().min(1).max(100).describe('Unique name.'),
    pop: z.string().default('*').describe('The POP whose demand it serves; * = all together.'),
    groups: z.array(z.string()).min(1).default(['*']).describe('Groups that load it; * in a name stands for any text.'),
    measure: measure.default('requests').describe('What of the usage loads it.'),
    unitRate: z.number().positive().describe('What one unit serves at 100 % use, in the measure, a second.'),
    also: z
      .partialRecord(measure, z.number().positive())
      .optional()
      .describe('Further measures that load it, and what one unit serves of each a second: units are the most that any of them asks for.'),
    learn: z
      .strictObject({
        leadTime: z
          .enum(['use', 'report'])
          .default('use')
          .describe('What orders are seen to take, where it differs by more than 10 %: decide by it, or report it only.'),
        unitRate: z
          .enum(['use', 'report'])
          .default('report')
          .describe(
            'What units are seen to serve, likewise. Throttling that is not for lack of units is taken for it: look before you use it.',
          ),
      })
      .prefault({})
      .describe('What is learnt of the pool beside its demand; at most a factor of 4 from what is written here.'),
    target: z.number().gt(0).lte(1).default(0.7).describe('Share of unitRate that is planned for.'),
    min: z.int().nonnegative().default(1).describe('Fewest units.'),
    max: z.int().positive().default(1000).describe('Most units.'),
    leadTime: duration().prefault('5m').describe('p90 of the time from order to ready.'),
    price: z.number().nonnegative().default(1).describe('Price of a unit for an hour, in any one currency.'),
    importance: z.number().positive().default(1).describe('Weight when units are short.'),
    importances: z
      .record(z.string(), z.number().positive())
      .default({})
      .describe('Weight by group inside the pool; * in a name stands for any text.'),
    control: z.enum(['floor', 'full']).default('floor').describe('floor: raise a floor under another autoscaler; full: decide alone.'),
    actuator: pluginUse<'actuator'>()
      .optional()
      .describe('What carries its decisions out; absent = simulated by nothing: decisions are journaled only.'),
    capHostile: z
      .number()
      .gte(0.5)
      .lt(1)
      .optional()
      .describe(
        'Chance of an attack from which on its units do not rise above the usual peak, for at most 15 minutes; a detector such as audience tells it. Absent = never.',
      ),
    rollout: rollout.optional().describe('From watching to acting by stages; absent = the mode of the engine decides.'),
  })
  .superRefine(({ control, rollout }, context) => {
    if (control !== 'full' || rollout?.stage !== 'auto') return;
    // Back to shadow would leave the pool as it is, in the very shortage that sent it back: under a floor another autoscaler takes over.
    const message = 'auto is for control: floor: in full control nobody takes over when it goes back to shadow; set shadow, canary or full';
    context.addIssue({ code: 'custom', path: ['rollout', 'stage'], message });
  });

const budget = z
  .strictObject({
    units: z.int().positive().optional().describe('Most units of all pools together.'),
    money: z.number().positive().optional().describe('Most that all pools cost an hour, by their price and in its currency.'),
  })
  .refine(({ units, money }) => (units === undefined) !== (money === undefined), { error: 'give either `units` or `money`' });

const guards = z.strictObject({
  stabilisation: duration()
    .optional()
    .describe('Scale in only to the highest proposal of this window. Default: the lead time of the pool and a step, at least 5m.'),
  cooldown: duration().prefault('0s').describe('No scale-in within this time after any change.'),
  maxUp: z.int().positive().optional().describe('Most units to add in a cycle; absent = any.'),
  maxDown: z.int().positive().optional().describe('Most units to remove in a cycle; absent = any.'),
  maxDownShare: z
    .number()
    .gt(0)
    .lte(1)
    .optional()
    .describe('In full control: largest share of the units to remove in a cycle; one unit may always go. Default: 0.1.'),
});

/** The engine's config. One object, strict: an unknown key is an error with its path. */
export const engineConfig = z.strictObject({
  step: duration().prefault('1m').describe('Length of a step; divides an hour.'),
  zone: zone.default('UTC').describe('Where groups live: a zone for all, or by POP and group.'),
  seed: z.int().default(1).describe('Seed of all randomness.'),
  lateness: duration().prefault('5s').describe('How long a step waits for stragglers after its end, in event time.'),
  maxGroups: z.int().positive().default(1000).describe('Most groups; further ones are counted as "other".'),
  forgetAfter: duration().prefault('35d').describe('A group without usage for this long is forgotten.'),
  sources: z.array(pluginUse<'source'>()).min(1).describe('Where usage events come from.'),
  shared: z
    .boolean()
    .default(false)
    .describe(
      'Several instances share the one source, which deals its partitions out to them; each learns what its partitions say, and decides nothing yet. false = one instance reads all partitions, and decides.',
    ),
  enrich: z.array(pluginUse<'enricher'>()).default([]).describe('What completes events, in order.'),
  profiler: pluginUse<'profiler'>().describe('What folds usage into behaviour profiles.'),
  predictors: z.array(pluginUse<'predictor'>()).default([]).describe('What forecasts; `for: pools | groups | all` says which series.'),
  minSkill: z
    .number()
    .max(0.5)
    .nullable()
    .default(-0.15)
    .describe(
      'Where forecasts have been worse than this, 1 - their mean absolute error over the horizon / that of the last value going on, the last value takes over. null = never.',
    ),
  assess: pluginUse<'assessor'>().describe('What turns deviation and events into a surge.'),
  allocate: pluginUse<'allocator'>().describe('What turns surges and forecasts into units.'),
  learners: z
    .array(pluginUse<'learner'>())
    .default([])
    .describe('What learns from outcomes: what came of forecasts, surges and decisions.'),
  calendars: z.array(pluginUse<'calendar'>()).default([]).describe('What is planned.'),
  detectors: z
    .array(pluginUse<'detector'>())
    .default([])
    .describe('What scores how unlike the expected a step is; `for: pools | groups | all` says of which series.'),
  alerts: alerts.prefault({}).describe('Who is told of what.'),
  store: pluginUse<'store'>().describe('Where state is kept.'),
  extensions: z.array(pluginUse<'extension'>()).default([]).describe('What taps the boundaries of the stages, in order.'),
  pools: z.array(pool).min(1).describe('What can be scaled.'),
  popLimits: z.record(z.string(), z.int().positive()).default({}).describe('Most units of all pools of a POP together.'),
  budget: budget
    .optional()
    .describe('What all pools may use together: units, or money an hour. What is short goes where it serves most, weighted by importance.'),
  guards: guards.prefault({}).describe('How fast units may move.'),
  freezes: z.array(freeze).optional().describe('Windows in which units are not taken away: a launch, a holiday, the night of a batch.'),
  leases: leases.optional().describe('How long the floor of a pool holds when Auspex is silent.'),
  saturation: z.number().gt(0).lte(1).default(0.95).describe('Use of the ready units above which a step is a lower bound of demand.'),
  throttled: z.number().gte(0).lte(1).default(0.005).describe('Share of throttled requests above which a step is a lower bound of demand.'),
  masks: z
    .array(
      z.strictObject({
        from: z.iso.datetime({ offset: true }).describe('Begin, ISO 8601 with offset.'),
        to: z.iso.datetime({ offset: true }).describe('End, exclusive.'),
        why: z.string().describe('What happened, for the reader of the config.'),
      }),
    )
    .default([])
    .describe('Incidents, rollouts, load tests: steps inside are not learnt from.'),
  training: z
    .strictObject({
      every: duration()
        .prefault('7d')
        .describe(
          'How often weights are trained anew. A training that failed is tried again after a seventh of it, at the earliest a step after `within`.',
        ),
      after: duration().prefault('14d').describe('History that the first training waits for.'),
      history: duration().prefault('56d').describe('History that a training sees; at most historyKeep, and at most 20,000 steps.'),
      within: duration()
        .prefault('15m')
        .describe(
          'Event time from the start of a training to the use of its weights, at least a step. Late ones follow once they are ready; a replay and a backlog wait for them.',
        ),
      timeLimit: duration().prefault('10m').describe('Longest that one predictor may train; a replay has no limit.'),
    })
    .prefault({})
    .describe('Training of predictors that have weights.'),
  snapshotEvery: duration().prefault('15m').describe('Event time between snapshots of all states.'),
  historyKeep: duration().prefault('56d').describe('How long closed usage is kept.'),
  journalKeep: duration().prefault('35d').describe('How long the journal is kept.'),
  timeLimit: duration()
    .prefault('10s')
    .describe('Longest wait for an actuator, a calendar, a batch of forecasts, a hook tap, or a plugin to close.'),
  onFailure: z
    .strictObject({
      enrich: policy.default('skip').describe('The event goes on as it was.'),
      profile: policy.default('skip').describe('The profile stays as it was.'),
      predict: policy.default('fallback').describe('The others forecast without it; persistence when none is left.'),
      assess: policy.default('fallback').describe('No surge.'),
      allocate: policy.default('fallback').describe('The pool keeps its units.'),
      actuate: policy.default('skip').describe('The order is repeated with the next decision.'),
      learn: policy.default('skip').describe('Its state stays as it was.'),
      calendar: policy.default('skip').describe('Its events are not known for the step.'),
      detect: policy.default('skip').describe('The step has no score of it.'),
      hook: policy.default('skip').describe('The tap has no opinion.'),
    })
    .prefault({})
    .describe('What a failing stage means: skip or fallback go on, fail stops the engine.'),
});

/** What a user writes. */
export type AuspexConfig = z.input<typeof engineConfig>;
export type EngineSettings = z.output<typeof engineConfig>;

/** Types a config file; returns it as it is. */
export function defineConfig(config: AuspexConfig): AuspexConfig {
  return config;
}

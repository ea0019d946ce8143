import { duration, type PluginUse } from '@auspex/contracts';
import { z } from 'zod';
import { didYouMean } from './suggest.ts';
import { useOf } from './use.ts';
import { shown } from './words.ts';

export const SEVERITIES = ['info', 'warning', 'page'] as const;

/** What a rule looks at. */
export const CONDITIONS = [
  'anomaly',
  'hostile',
  'surge',
  'exposure',
  'unsafe',
  'refused',
  'left-alone',
  'no-capacity',
  'no-data',
  'no-demand',
  'failing',
  'notice',
] as const;

export type Condition = (typeof CONDITIONS)[number];

/** What alerts are told apart by. No alert has another label, so that one that is mistyped can be refused: it would cover nothing, unnoticed. */
export const LABELS = ['rule', 'pool', 'group', 'pop', 'measure', 'plugin', 'stage', 'code'] as const;

/** What is wrong with the name of a label; undefined = nothing. */
export function labelProblem(name: string): string | undefined {
  if (LABELS.some((label) => label === name)) return undefined;
  const hint = didYouMean(name, LABELS);
  return `no alert has a label "${name}"${hint === '' ? '; there are' : `${hint} There are`}: ${LABELS.join(', ')}`;
}

type Label = (typeof LABELS)[number];

const error = ({ input }: { readonly input?: unknown }): string | undefined => labelProblem(String(input));
const label = z.enum(LABELS, { error });
/** As the key of a record: of an enum's zod tells the name only, and not what there is. */
const labelKey = z.custom<Label>((value) => LABELS.some((label) => label === value), { error });

/** An alert sink, and what it is told of. */
export type SinkUse = PluginUse<'alertSink'> & { readonly name?: string; readonly atLeast?: (typeof SEVERITIES)[number] };

const sink = useOf<SinkUse>(
  ['use', 'with', 'isolation', 'name', 'atLeast'],
  `{ use: plugin or name, with: options, name: lower-case kebab, atLeast: ${SEVERITIES.join(', ')} }`,
).superRefine((value, context) => {
  const { name, atLeast }: { readonly name?: unknown; readonly atLeast?: unknown } = value ?? {};
  const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
  if (name !== undefined && !(typeof name === 'string' && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)))
    refuse('name', `${shown(name)} is no lower-case kebab text such as alertmanager-eu`);
  if (atLeast !== undefined && !SEVERITIES.some((severity) => severity === atLeast))
    refuse('atLeast', `${shown(atLeast)} is none of ${SEVERITIES.join(', ')}${didYouMean(String(atLeast), SEVERITIES)}`);
});

const patterns = (what: string) =>
  z.array(z.string()).min(1).optional().describe(`${what}; * in a name stands for any text. Default: all.`);

const rule = z.strictObject({
  when: z
    .enum(CONDITIONS)
    .optional()
    .describe(
      'What it looks at. anomaly, hostile, surge, exposure: a score or chance; unsafe: a live pool that cannot be read or ordered; refused: an order that its target refuses; left-alone: a target that somebody else has set, so that orders wait; no-capacity: a live pool that needs more than it may or can have; no-data: nothing is known of the demand; no-demand: nobody comes, although that was not expected; failing: a stage that fails; notice: a line of the journal. Only for rules that do not come with Auspex.',
    ),
  above: z.number().gt(0).lt(1).optional().describe('anomaly, hostile, surge, exposure: score or chance from which on it holds.'),
  by: patterns('anomaly, hostile: detectors whose scores count; failing: plugins'),
  codes: patterns('notice: codes that count'),
  pools: patterns('All but failing and notice: pools that it is about; with `groups` alone: none'),
  groups: patterns('anomaly, hostile: groups that it is about, beside the pools that are named'),
  for: duration().optional().describe('How long it must hold before anybody is told. Default: at once.'),
  keep: duration().optional().describe('How long it must be over before that is told. Default 5m.'),
  severity: z
    .enum([...SEVERITIES, 'off'])
    .optional()
    .describe('How loud; off = not at all. Default: warning.'),
});

export type RuleSettings = z.output<typeof rule>;

const silence = z.strictObject({
  match: z
    .partialRecord(labelKey, z.string())
    .refine((match) => Object.keys(match).length > 0, 'names a label')
    .describe('Labels of the alerts that it covers: rule, pool, group, pop, measure, plugin, stage, code; * stands for any text.'),
  from: z.iso.datetime({ offset: true }).optional().describe('Begin, ISO 8601 with offset. Default: always.'),
  to: z.iso.datetime({ offset: true }).optional().describe('End, exclusive. Default: never.'),
  why: z.string().min(1).describe('What it is for, for the reader of the config.'),
});

export const alerts = z.strictObject({
  sinks: z
    .array(sink)
    .default([])
    .describe(
      'Who is told: alert sinks, each with `atLeast`, the lowest severity that it is told of (default: info), and `name`, under which what waits for it is kept (default: the id of the plugin).',
    ),
  rules: z
    .record(z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case kebab'), rule)
    .default({})
    .describe('By name: rules of yours, or changes to those that come with Auspex.'),
  silences: z.array(silence).default([]).describe('What nobody is told of, though it is still seen.'),
  groupBy: z
    .array(label)
    .default(['pool'])
    .describe('Labels by which alerts that wait are put together: those that agree in them go out in one message.'),
  repeat: duration().prefault('1h').describe('How often what lasts is told again.'),
  limit: z
    .int()
    .positive()
    .default(60)
    .describe('Most alerts an hour, pages not counted; what is beyond is held back, and that it is, is told once.'),
  giveUp: duration().prefault('1d').describe('How long an alert that no sink takes is tried.'),
});

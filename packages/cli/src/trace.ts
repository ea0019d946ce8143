import path from 'node:path';
import { formatDuration } from '@auspex/contracts';
import { type AuspexConfig, use } from '@auspex/core';
import { accessLog, csv, groupEnricher, inspectCsv, ndjson, sessionEnricher } from '@auspex/preset';
import type { z } from 'zod';
import { FORMATS, type Format, guessFormats } from './format.ts';
import { durationOf, numberOf, oneOf, wrongUse } from './values.ts';

type GroupRule = NonNullable<z.input<(typeof groupEnricher)['config']>['rule']>;

/** What a user says of a trace on the command line; everything else is found out. */
export interface TraceFlags {
  readonly format?: string;
  readonly time?: string;
  readonly value?: string;
  readonly group?: string;
  readonly groupBy?: string;
  readonly pop?: string;
  readonly zone?: string;
  readonly step?: string;
  readonly seed?: string;
  readonly order?: string;
}

/** Everything but pools: what to read and how. */
export type TraceConfig = Pick<AuspexConfig, 'sources' | 'enrich' | 'step' | 'zone' | 'lateness' | 'seed'> & { readonly format: Format };

/** Sources, enrichers and step for trace files: the format from their first bytes, columns and period from their header. */
export async function traceConfig(files: readonly string[], flags: TraceFlags, cwd: string): Promise<TraceConfig> {
  const step = flags.step === undefined ? undefined : formatDuration(durationOf(flags.step, '--step', 1));
  const seed = numberOf(flags.seed, '--seed', { least: 0, whole: true }, 'a whole number such as 1');
  const order = flags.order === undefined ? undefined : oneOf(flags.order, '--order', ['strict', 'sort'] as const);
  const named = flags.format === undefined ? undefined : oneOf(flags.format, '--format', FORMATS);
  const rule = groupRule(flags.groupBy);
  const full = files.map((file) => path.resolve(cwd, file));
  // Also where the format is named: a missing file or a folder is found here.
  const format = named ?? guessFormats(full);
  const common = { format, zone: flags.zone ?? 'UTC', lateness: format === 'csv' ? '0s' : '5s', ...(seed === undefined ? {} : { seed }) };
  if (format === 'csv') return { ...common, ...(await csvConfig(full, flags, order, step)) };
  const source =
    format === 'ndjson' ? use(ndjson, { files: full, ...(flags.zone ? { zone: flags.zone } : {}) }) : use(accessLog, { files: full });
  const grouping = rule ?? (format === 'access-log' ? { pathPrefix: 1 } : undefined);
  return {
    ...common,
    step: step ?? '1m',
    sources: [source],
    enrich: [...(grouping ? [use(groupEnricher, { rule: grouping })] : []), use(sessionEnricher)],
  };
}

async function csvConfig(
  files: readonly string[],
  flags: TraceFlags,
  order: 'strict' | 'sort' | undefined,
  step: string | undefined,
): Promise<Pick<TraceConfig, 'sources' | 'enrich' | 'step'>> {
  const common = {
    files: [...files],
    ...(flags.time ? { time: flags.time } : {}),
    ...(flags.zone ? { zone: flags.zone } : {}),
    ...(order ? { order } : {}),
  };
  const { header, every } = await inspectCsv(csv.config.parse(common));
  const pick = (given: string | undefined, names: readonly string[]): string | undefined =>
    given ?? names.find((name) => header.includes(name));
  const value = pick(flags.value, ['value', 'count', 'requests']);
  const group = pick(flags.group, ['group', 'tenant', 'segment']);
  const pop = pick(flags.pop, ['pop', 'region', 'site']);
  const source = use(csv, { ...common, ...(value ? { value } : {}), ...(group ? { group } : {}), ...(pop ? { pop } : {}) });
  return { step: step ?? formatDuration(stepFor(every)), sources: [source], enrich: [] };
}

/** The shortest step that divides an hour and holds at least one row a group. */
function stepFor(every: number): number {
  const minutes = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60].map((minute) => minute * 60_000);
  return minutes.find((step) => step >= every) ?? 3_600_000;
}

const FIELDS = ['user', 'accessLevel', 'country', 'feature', 'pop', 'resource'] as const;

/** `path:2`, `host:1`, `user`, `country`, … as a rule of the group enricher. */
function groupRule(text: string | undefined): GroupRule | undefined {
  if (text === undefined) return undefined;
  const [kind, count, ...rest] = text.split(':');
  const segments = Number(count ?? 1);
  const counts = Number.isInteger(segments) && segments > 0 && rest.length === 0;
  if (kind === 'path' && counts) return { pathPrefix: segments };
  if (kind === 'host' && counts) return { hostSuffix: segments };
  const field = FIELDS.find((name) => name === text);
  if (field) return { field };
  throw wrongUse('--group-by', `"${text}" is no rule`, `Use path:N, host:N (N from 1 on), or one of ${FIELDS.join(', ')}.`);
}

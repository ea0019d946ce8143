import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { AuspexError, formatDuration } from '@auspex/contracts';
import { type AuspexConfig, createEngine, parseDuration, use, VirtualClock } from '@auspex/core';
import { noAssessor, noProfiler, noStore } from '@auspex/evaluate';
import { accessLog, csv, groupEnricher, inspectCsv, ndjson, preset, sessionEnricher, staticPeakAllocator } from '@auspex/preset';
import type { z } from 'zod';

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
export type TraceConfig = Pick<AuspexConfig, 'sources' | 'enrich' | 'step' | 'zone' | 'lateness' | 'seed'>;

/** What a first pass over a trace tells. */
export interface TraceFacts {
  readonly first: number;
  readonly end: number;
  readonly stepMs: number;
  /** Rate a second of each step from `first` on; NaN = missing. */
  readonly rates: Float64Array;
  readonly groups: number;
  readonly events: number;
  readonly malformed: number;
}

/** Sources, enrichers and step for trace files: the format from their first bytes, columns and period from their header. */
export async function traceConfig(files: readonly string[], flags: TraceFlags, cwd: string): Promise<TraceConfig> {
  const [first] = files;
  if (first === undefined)
    throw new AuspexError('SOURCE_NOT_FOUND', 'no trace was given', { remedy: 'Name one or more files: auspex backtest access.log' });
  const full = files.map((file) => path.resolve(cwd, file));
  const format = flags.format ?? guessFormat(full[0] as string, first);
  const common = { lateness: format === 'csv' ? '0s' : '5s', ...(flags.seed ? { seed: Number(flags.seed) } : {}) };
  const zone = flags.zone ?? 'UTC';
  if (format === 'csv') return { ...common, ...(await csvConfig(full, flags)), zone };
  if (format !== 'access-log' && format !== 'ndjson') {
    throw new AuspexError('SUPPORT', `"${format}" is no format`, { path: '--format', remedy: 'Use access-log, csv or ndjson.' });
  }
  const source = format === 'ndjson' ? use(ndjson, { files: full }) : use(accessLog, { files: full });
  const rule = groupRule(flags.groupBy ?? (format === 'ndjson' ? undefined : 'path:1'));
  return {
    ...common,
    zone,
    step: flags.step ?? '1m',
    sources: [source],
    enrich: [...(rule ? [use(groupEnricher, { rule })] : []), use(sessionEnricher)],
  };
}

async function csvConfig(files: readonly string[], flags: TraceFlags): Promise<Pick<TraceConfig, 'sources' | 'enrich' | 'step'>> {
  const { header, every } = await inspectCsv(
    csv.config.parse({
      files: [...files],
      ...(flags.time ? { time: flags.time } : {}),
      ...(flags.zone ? { zone: flags.zone } : {}),
      ...(flags.order === 'sort' ? { order: 'sort' } : {}),
    }),
  );
  const pick = (given: string | undefined, names: readonly string[]): string | undefined =>
    given ?? names.find((name) => header.includes(name));
  const value = pick(flags.value, ['value', 'count', 'requests']);
  const group = pick(flags.group, ['group', 'tenant', 'segment']);
  const pop = pick(flags.pop, ['pop', 'region', 'site']);
  const source = use(csv, {
    files: [...files],
    ...(flags.time ? { time: flags.time } : {}),
    ...(value ? { value } : {}),
    ...(group ? { group } : {}),
    ...(pop ? { pop } : {}),
    ...(flags.zone ? { zone: flags.zone } : {}),
    ...(flags.order === 'sort' ? { order: 'sort' as const } : {}),
  });
  return { step: flags.step ?? formatDuration(stepFor(every)), sources: [source], enrich: [] };
}

/** The shortest step that divides an hour and holds at least one row a group. */
function stepFor(every: number): number {
  const minutes = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60].map((minute) => minute * 60_000);
  return minutes.find((step) => step >= every) ?? 3_600_000;
}

/** `path:2`, `host:1`, `user`, `country`, … as a rule of the group enricher. */
function groupRule(text: string | undefined): GroupRule | undefined {
  if (text === undefined) return undefined;
  const [kind, count] = text.split(':');
  if (kind === 'path') return { pathPrefix: Number(count ?? 1) };
  if (kind === 'host') return { hostSuffix: Number(count ?? 1) };
  return { field: text } as GroupRule;
}

/** The format of a file from its first bytes. */
function guessFormat(file: string, shown: string): 'access-log' | 'csv' | 'ndjson' {
  if (!existsSync(file)) throw new AuspexError('SOURCE_NOT_FOUND', 'there is no such file', { path: shown });
  const head = Buffer.alloc(8192);
  const descriptor = openSync(file, 'r');
  let bytes = head.subarray(0, readSync(descriptor, head, 0, head.length, 0));
  closeSync(descriptor);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  const text = bytes.toString('latin1').trimStart();
  if (text.startsWith('{')) return 'ndjson';
  if (/\[\d{2}\/[A-Z][a-z]{2}\/\d{4}:/.test(text) || /\.(log|clf)(\.gz)?$/.test(file)) return 'access-log';
  return 'csv';
}

/** Reads the whole trace once, without models: how long, how much, how many groups. */
export async function inspectTrace(config: TraceConfig, onStep: (step: number) => void): Promise<TraceFacts> {
  const rates: number[] = [];
  let first = Number.NaN;
  const stepMs = parseDuration(config.step ?? '1m') as number;
  const engine = createEngine(
    {
      ...preset({ ...config, pools: [{ id: 'all', unitRate: 1 }] } as never),
      profiler: use(noProfiler),
      predictors: [],
      assess: use(noAssessor),
      allocate: use(staticPeakAllocator),
      store: use(noStore),
    },
    {
      mode: 'replay',
      host: { clock: new VirtualClock() },
      decideFrom: Number.POSITIVE_INFINITY,
      onStep: (step, missing) => {
        if (missing) rates[rates.length - 1] = Number.NaN;
        onStep(step);
      },
    },
  );
  engine.hooks.usage.tap('inspect', (usage, step) => {
    if (Number.isNaN(first)) first = step;
    rates.push(usage.reduce((sum, each) => sum + each.offered, 0) / (stepMs / 1000));
    return usage;
  });
  try {
    await engine.start();
    await engine.run();
    const { events, malformed } = engine.counts();
    return {
      first,
      end: first + rates.length * stepMs,
      stepMs,
      rates: Float64Array.from(rates),
      groups: engine.groups().length,
      events,
      malformed,
    };
  } finally {
    await engine.close();
  }
}

import path from 'node:path';
import { AuspexError, formatDuration } from '@auspex/contracts';
import { type AuspexConfig, type PluginUse, parseConfig, use } from '@auspex/core';
import { quantileSorted } from '@auspex/numerics';
import { catalogue, memory, preset } from '@auspex/preset';
import { inspectTrace, type TraceFacts } from './inspect.ts';
import type { Io } from './io.ts';
import { findConfig, loadConfig } from './load-config.ts';
import { Progress } from './progress.ts';
import { withFlagRemedies } from './remedies.ts';
import { measuredSpan, type SpanFlags } from './span.ts';
import { instant, plural, span } from './text.ts';
import { type TraceFlags, traceConfig } from './trace.ts';
import { durationOf, numberOf, wrongUse } from './values.ts';

/** What a user says of the replay; the pool's flags hold only without a config. */
export interface PlanFlags extends TraceFlags, SpanFlags {
  readonly config?: string;
  readonly unitRate?: string;
  readonly target?: string;
  readonly leadTime?: string;
  readonly min?: string;
  readonly max?: string;
}

/** What one backtest replays: the engine's config and where the measured span lies. */
export interface Plan {
  readonly config: AuspexConfig;
  readonly facts: TraceFacts;
  readonly from: number;
  readonly to: number;
  readonly title: string;
  readonly source: string;
  readonly notes: readonly string[];
}

/** Units that the busiest minutes of the history are taken to need when nobody says what a unit serves. */
export const BUSIEST_UNITS = 20;
const NAMES = { 'access-log': 'access log', csv: 'CSV file', ndjson: 'NDJSON file' } as const;
/** Use up to which a unit meets its latency goal, as the replay has it. */
const GOAL = 0.85;
const HOUR_MS = 3_600_000;

/** Looks at flags first, then at files: what is mistyped is told at once. */
export async function makePlan(files: readonly string[], flags: PlanFlags, io: Io): Promise<Plan> {
  return flags.config !== undefined || files.length === 0 ? planFromConfig(files, flags, io) : planFromTrace(files, flags, io);
}

async function planFromTrace(files: readonly string[], flags: PlanFlags, io: Io): Promise<Plan> {
  const pool = poolOf(flags);
  return withFlagRemedies(async () => {
    const { format, ...trace } = await traceConfig(files, flags, io.cwd);
    const facts = await look(trace, io, files[0]);
    const { from, to } = measuredSpan(flags, facts);
    const unitRate = pool.unitRate ?? guessUnitRate(facts, from);
    const leadTime = pool.leadTime ?? formatDuration(Math.max(300_000, facts.stepMs));
    const config = preset({ ...trace, store: use(memory), pools: [{ id: 'all', ...pool, unitRate, leadTime }] });
    const notes = [...traceNotes(facts, from, io.cwd)];
    if (pool.unitRate === undefined) {
      notes.push(
        `A unit is taken to serve ${unitRate.toPrecision(3)} requests a second, so that the busiest steps of the history need ${BUSIEST_UNITS} units: say what yours serves with --unit-rate.`,
      );
    }
    if (pool.leadTime === undefined)
      notes.push(`A unit is taken to need ${leadTime} from order to ready: say what yours needs with --lead-time.`);
    if (!flags.zone) notes.push('Zone not given: days and weeks are taken in UTC; say where users live with --zone.');
    const names = files.map((file) => path.basename(file));
    return { config, facts, from, to, title: `Backtest of ${listed(names)}`, source: plural(files.length, NAMES[format]), notes };
  });
}

async function planFromConfig(files: readonly string[], flags: PlanFlags, io: Io): Promise<Plan> {
  const useless = (['unitRate', 'target', 'leadTime', 'min', 'max'] as const).find((name) => flags[name] !== undefined);
  const file = configFile(flags, io);
  if (useless) {
    const option = `--${useless.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw wrongUse(option, 'has no effect beside a config, which has pools of its own', `Set ${useless} in ${path.basename(file)}.`);
  }
  const loaded = await loadConfig(file);
  const zone = flags.zone === undefined ? {} : { zone: flags.zone };
  const config: AuspexConfig = { ...loaded, ...zone, ...(await sourcesOf(files, loaded, flags, io)), store: use(memory) };
  readableTwice(config);
  const facts = await look(config, io);
  const names = files.map((each) => path.basename(each));
  return {
    config,
    facts,
    ...measuredSpan(flags, facts),
    title: `Backtest of ${files.length > 0 ? `${listed(names)} with ` : ''}${path.basename(file)}`,
    source: files.length > 0 ? plural(files.length, 'file') : 'sources of the config',
    notes: [],
  };
}

function configFile(flags: PlanFlags, io: Io): string {
  try {
    return findConfig(io.cwd, flags.config);
  } catch (cause) {
    if (flags.config !== undefined) throw cause;
    throw new AuspexError('CONFIG_NOT_FOUND', 'neither a trace nor a config was given', {
      cause,
      remedy: 'Name a trace: auspex backtest access.log. Or run `auspex init` first.',
    });
  }
}

/** Given files stand in for the sources of the config, and flags for what they name; all else is the config's. */
async function sourcesOf(
  files: readonly string[],
  loaded: AuspexConfig,
  flags: PlanFlags,
  io: Io,
): Promise<Pick<AuspexConfig, 'sources' | 'enrich' | 'step' | 'seed' | 'lateness'>> {
  const seed = numberOf(flags.seed, '--seed', { least: 0, whole: true }, 'a whole number such as 1');
  const own = {
    ...(seed === undefined ? {} : { seed }),
    ...(flags.step === undefined ? {} : { step: formatDuration(durationOf(flags.step, '--step', 1)) }),
  };
  if (files.length === 0) return { ...own, sources: loaded.sources.map(withoutFollow) };
  const trace = await withFlagRemedies(() => traceConfig(files, flags, io.cwd));
  return {
    ...own,
    sources: trace.sources,
    // Groups are cut as in production, unless they are columns of a table.
    enrich: flags.groupBy !== undefined || trace.format === 'csv' ? trace.enrich : loaded.enrich,
    ...(trace.format === 'csv' ? { lateness: '0s' } : {}),
  } as Pick<AuspexConfig, 'sources' | 'enrich' | 'step' | 'seed' | 'lateness'>;
}

/** A replay ends where the file does now. */
function withoutFollow(source: PluginUse<'source'>): PluginUse<'source'> {
  const options = source.with as { follow?: unknown } | undefined;
  return options?.follow === true ? ({ ...source, with: { ...options, follow: false } } as PluginUse<'source'>) : source;
}

/** A trace is read twice: to learn its span, and to be replayed. */
function readableTwice(config: AuspexConfig): void {
  for (const { plugin, path: at } of parseConfig(config, catalogue).sources) {
    if (plugin.capabilities.replayable) continue;
    throw new AuspexError('SUPPORT', 'this source cannot be read again, and a backtest reads its trace twice', {
      path: at,
      remedy: 'Name files instead: auspex backtest access.log.',
    });
  }
}

async function look(config: Parameters<typeof inspectTrace>[0], io: Io, name = 'sources'): Promise<TraceFacts> {
  const progress = new Progress(io);
  try {
    return await inspectTrace(config, catalogue, name, (step) => {
      io.signal.throwIfAborted();
      progress.step('reading', step);
    });
  } finally {
    progress.done();
  }
}

/** The pool that flags describe; absent = found out later. */
function poolOf(flags: PlanFlags): Omit<Partial<AuspexConfig['pools'][number]>, 'id'> {
  const unitRate = numberOf(flags.unitRate, '--unit-rate', { above: 0 }, 'a number of requests a second, such as 50');
  const target = numberOf(flags.target, '--target', { above: 0, most: 1 }, 'a share, such as 0.7');
  const min = numberOf(flags.min, '--min', { least: 0, whole: true }, 'a whole number of units, such as 2');
  const max = numberOf(flags.max, '--max', { least: 1, whole: true }, 'a whole number of units, such as 100');
  if (min !== undefined && min > (max ?? 1000))
    throw wrongUse('--min', `${min} is above --max ${max ?? 1000}`, 'Raise --max, or lower --min.');
  return {
    ...(unitRate === undefined ? {} : { unitRate }),
    ...(flags.leadTime === undefined ? {} : { leadTime: formatDuration(durationOf(flags.leadTime, '--lead-time', 0)) }),
    ...(target === undefined ? {} : { target }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

function guessUnitRate(facts: TraceFacts, from: number): number {
  const steps = Math.max(1, Math.round((from - facts.first) / facts.stepMs));
  const history = facts.rates.slice(0, steps).filter((rate) => !Number.isNaN(rate));
  return Math.max(quantileSorted(history.sort(), 0.999), 1e-6) / (BUSIEST_UNITS * GOAL);
}

/** What a reader has to know of the trace before believing the result. */
function traceNotes(facts: TraceFacts, from: number, cwd: string): string[] {
  const notes: string[] = [];
  const history = from - facts.first;
  if (history < 48 * HOUR_MS) {
    notes.push(`The history before ${instant(from)} is ${span(history)} long: with less than two days, no daily rhythm can be learnt.`);
  }
  const quiet = facts.rates.reduce((sum, rate) => sum + (rate === 0 ? 1 : 0), 0) / facts.rates.length;
  if (quiet > 0.5) {
    notes.push(
      `${Math.round(100 * quiet)} % of the steps hold no request: the demand comes in bursts, and rates a step say little. Try a longer --step.`,
    );
  }
  if (facts.malformed > 0) {
    const first = facts.firstMalformed ? `; the first: ${facts.firstMalformed.replaceAll(`${cwd}/`, '')}` : '';
    notes.push(`${plural(facts.malformed, 'record')} could not be read and ${facts.malformed === 1 ? 'was' : 'were'} skipped${first}.`);
  }
  return notes;
}

function listed(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more files`;
}

import { AuspexError, type PluginContext, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { encodePosition, expandFiles, type Position } from '../lines/index.ts';
import { Malformed, Passes, TimeReader } from '../records/index.ts';
import type { CsvOptions } from './config.ts';
import { RowReader } from './event.ts';
import { inspectFile } from './inspect.ts';
import { readRows } from './rows.ts';

/**
 * Reads all files whole, sorts their rows by time and gives them out. A position counts the rows given: the sort is
 * stable, so the same files give the same order again.
 */
export async function* sortedBatches(
  options: CsvOptions,
  context: PluginContext,
  partition: string,
  saved: Position | undefined,
  signal: AbortSignal,
): AsyncGenerator<SourceBatch> {
  const malformed = new Malformed(context.logger);
  const events: UsageEvent[] = [];
  let every: number | undefined;
  for (const file of await expandFiles(options.files)) {
    const inspection = await inspectFile(file, options, signal);
    every ??= inspection.every;
    await readAll(file, inspection, options, malformed, events, signal);
    if (signal.aborted) return;
  }
  events.sort((a, b) => a.at - b.at);
  let index = saved?.offset ?? 0;
  if (index > events.length) {
    throw new AuspexError('SOURCE_POSITION_LOST', `the files hold ${events.length} rows, but reading stopped at row ${index}`, {
      path: partition,
    });
  }
  let bad = saved ? 0 : malformed.take();
  const last = events.at(-1);
  do {
    const chunk = events.slice(index, index + options.batch);
    const gaps = gapsIn(events, index, index + chunk.length, every as number);
    index += chunk.length;
    const end = index >= events.length;
    yield {
      partition,
      events: chunk,
      position: encodePosition({ file: partition, offset: index, line: index, head: 0 }),
      ...(gaps.length > 0 && { gaps }),
      ...(bad > 0 && { malformed: bad }),
      ...(end && last && { watermark: last.at + (every as number) }),
      ...(end && { end }),
    };
    bad = 0;
    if (signal.aborted) return;
  } while (index < events.length);
}

async function readAll(
  file: string,
  { header, columns }: Awaited<ReturnType<typeof inspectFile>>,
  options: CsvOptions,
  malformed: Malformed,
  into: UsageEvent[],
  signal: AbortSignal,
): Promise<void> {
  const reader = new RowReader(columns, options);
  const times = new TimeReader(options.zone, options.unit);
  // A table may list one group after another: each has its own course of time.
  const passes = new Map<string, Passes>();
  for await (const piece of readRows(file, header, undefined, signal)) {
    for (const { line, text, reason } of piece.bad) malformed.add(file, line, text, reason);
    for (let i = 0; i < piece.rows.length; i++) {
      const row = piece.rows[i] as readonly string[];
      const line = piece.lines[i] as number;
      const instants = times.read(reader.time(row), () => `${file}:${line}`);
      const count = reader.count(row);
      if (typeof instants === 'string' || typeof count === 'string') {
        malformed.add(file, line, row.join(','), typeof instants === 'string' ? instants : (count as string));
        continue;
      }
      const key = reader.key(row);
      let own = passes.get(key);
      if (!own) {
        own = new Passes();
        passes.set(key, own);
      }
      into.push(reader.event(row, own.resolve(instants, ''), count));
    }
  }
}

/** Spans without rows before the events [from, to). */
function gapsIn(events: readonly UsageEvent[], from: number, to: number, every: number): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  for (let i = Math.max(from, 1); i < to; i++) {
    const before = (events[i - 1] as UsageEvent).at;
    const at = (events[i] as UsageEvent).at;
    if (at - before > every) gaps.push({ from: before + every, to: at });
  }
  return gaps;
}

import type { Source, SourceBatch, UsageEvent } from '@auspex/contracts';
import { broken } from '../../law.ts';
import { within } from '../../run/limit.ts';

/** Longest that a source may keep silent while events are still to come, milliseconds. */
const SILENT = 2_000;
/** Silence after the last event that is taken for the end: a live source goes on waiting. */
const QUIET = 60;

/** All that a source says until its input ends, or until it has given `enough` events and falls silent. */
export async function readAll(source: Source, enough: number, from: Readonly<Record<string, string>> = {}): Promise<SourceBatch[]> {
  const stop = new AbortController();
  const batches: SourceBatch[] = [];
  let count = 0;
  const iterator = source.open(from, stop.signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextOf(iterator, count >= enough ? QUIET : SILENT, count < enough ? `${count} events, then nothing` : undefined);
      if (next === undefined || next.done) return batches;
      batches.push(next.value);
      count += next.value.events.length;
    }
  } finally {
    stop.abort(new Error('read'));
    void iterator.return?.()?.catch(() => undefined);
  }
}

/** The next batch; undefined, or a broken law where `late` says so, when none comes in time. */
async function nextOf(
  iterator: AsyncIterator<SourceBatch>,
  ms: number,
  late: string | undefined,
): Promise<IteratorResult<SourceBatch> | undefined> {
  const next = iterator.next().then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  const came = await within(next, ms, 'too late').catch(() => undefined);
  if (came === undefined && late !== undefined) broken(`${late} for ${ms} ms`);
  if (came && 'error' in came) throw came.error;
  return came?.result;
}

export const eventsOf = (batches: readonly SourceBatch[]): UsageEvent[] => batches.flatMap((batch) => [...batch.events]);

/** Events by partition, in the order in which they came. */
export function byPartition(batches: readonly SourceBatch[]): Map<string, UsageEvent[]> {
  const partitions = new Map<string, UsageEvent[]>();
  for (const { partition, events } of batches) partitions.set(partition, [...(partitions.get(partition) ?? []), ...events]);
  return partitions;
}

/** Where each partition stands after `batches`. */
export function positionsAfter(batches: readonly SourceBatch[]): Record<string, string> {
  return Object.fromEntries(batches.map(({ partition, position }) => [partition, position]));
}

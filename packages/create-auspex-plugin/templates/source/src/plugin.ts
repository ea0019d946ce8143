import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AuspexError, defineSource, type Outcome, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  file: z.string().min(1).describe('File of JSON objects, one a line.'),
  batch: z.int().positive().default(1_000).describe('Most events a batch. Default 1000.'),
});

const OUTCOMES: readonly string[] = ['served', 'throttled', 'failed', 'timed-out'] satisfies Outcome[];

/** Reads a file once, from where a checkpoint left off. The position is the number of bytes that were read. */
class LinesSource implements Source {
  readonly #options: z.output<typeof options>;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  async *open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const { file, batch } = this.#options;
    // One partition is one shard. A source of several files has one for each.
    const partition = file;
    const start = await this.#startOf(from[partition]);
    let events: UsageEvent[] = [];
    let malformed = 0;
    let position = start;
    const take = (end: boolean): SourceBatch => {
      const taken = { partition, events, position: String(position), malformed, ...(end ? { end } : {}) };
      events = [];
      malformed = 0;
      return taken;
    };
    try {
      for await (const { text, next } of linesOf(file, start, signal)) {
        const event = text.trim() === '' ? 'nothing' : eventOf(text);
        // What cannot be read is counted and skipped: one broken line must not stop a source.
        if (event === undefined) malformed++;
        else if (event !== 'nothing') events.push(event);
        position = next;
        if (events.length < batch) continue;
        // It MUST NOT yield after an abort.
        if (signal.aborted) return;
        yield take(false);
      }
    } catch (error) {
      if (signal.aborted) return;
      throw new AuspexError('SOURCE_FAILED', (error as Error).message, { path: file, cause: error });
    }
    // A live source goes on here: it waits with `context.clock.sleep(ms, signal)`, and says `watermark` while it is healthy and silent.
    if (!signal.aborted) yield take(true);
  }

  /** Down is reported, never shown as silence. */
  async #startOf(position: string | undefined): Promise<number> {
    const { file } = this.#options;
    const size = await stat(file).then(
      (found) => found.size,
      (cause) => {
        throw new AuspexError('SOURCE_NOT_FOUND', 'there is no such file', { path: file, cause });
      },
    );
    const start = Number(position ?? 0);
    if (Number.isInteger(start) && start >= 0 && start <= size) return start;
    throw new AuspexError('SOURCE_POSITION_LOST', `it has ${size} bytes, and ${position} were read`, { path: file });
  }
}

/** The lines from a byte on, each with the byte at which the next begins. */
async function* linesOf(file: string, start: number, signal: AbortSignal): AsyncGenerator<{ text: string; next: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let at = start;
  for await (const chunk of createReadStream(file, { start, signal })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
      yield { text: rest.toString('utf8', from, end), next: at + end + 1 };
      from = end + 1;
    }
    at += from;
    rest = rest.subarray(from);
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), next: at + rest.length };
}

/** The event of a line, an object of its own that enrichers may complete; undefined where it cannot be read. */
function eventOf(text: string): UsageEvent | undefined {
  let record: Record<string, unknown> | null;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null) return undefined;
  const at = typeof record['at'] === 'string' ? Date.parse(record['at']) : record['at'];
  const outcome = record['outcome'] ?? 'served';
  const count = record['count'] ?? 1;
  if (typeof at !== 'number' || !Number.isFinite(at)) return undefined;
  if (typeof outcome !== 'string' || !OUTCOMES.includes(outcome)) return undefined;
  if (typeof count !== 'number' || !(count >= 0)) return undefined;
  return {
    at,
    kind: textOf(record['kind']) || 'request',
    // What is not known is ''; what was not given is left out.
    group: textOf(record['group']),
    pop: textOf(record['pop']),
    outcome: outcome as Outcome,
    count,
    ...(record['user'] === undefined ? {} : { user: textOf(record['user']) }),
    ...(record['resource'] === undefined ? {} : { resource: textOf(record['resource']) }),
  };
}

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

/** The source `__ID__`. */
export const __VALUE__ = defineSource({
  id: '__ID__',
  summary: 'Reads usage events from a file of JSON lines.',
  config: options,
  // It can go back to any position; a step without a line is a step without demand.
  capabilities: { replayable: true, silence: 'zero' },
  // The file is opened by `open`.
  create: (given) => new LinesSource(given),
});

import { AuspexError, type PluginContext, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { decodePosition, encodePosition, expandFiles, type Position, partitionName } from '../lines/index.ts';
import { type Instants, iso, Malformed, Passes, TimeReader } from '../records/index.ts';
import type { CsvOptions } from './config.ts';
import { RowReader } from './event.ts';
import { inspectFile } from './inspect.ts';
import { type Rows, readRows } from './rows.ts';
import { sortedBatches } from './sorted.ts';

/** Reads tables of counts over time. */
export class CsvSource implements Source {
  readonly #options: CsvOptions;
  readonly #context: PluginContext;

  constructor(options: CsvOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
  }

  open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<SourceBatch> {
    const partition = partitionName(this.#options.files);
    const saved = from[partition] ? decodePosition(from[partition], partition) : undefined;
    if (this.#options.order === 'sort') return sortedBatches(this.#options, this.#context, partition, saved, signal);
    return new Reading(this.#options, this.#context, partition, saved, signal).batches();
  }
}

/** One run through files whose rows are in the order of time. */
class Reading {
  readonly #options: CsvOptions;
  readonly #partition: string;
  readonly #signal: AbortSignal;
  readonly #malformed: Malformed;
  readonly #times: TimeReader;
  readonly #passes: Passes;
  #position: Position | undefined;
  #events: UsageEvent[] = [];
  #gaps: { from: number; to: number }[] = [];
  /** Time of the row before, epoch ms. */
  #previous: number | undefined;
  /** The row before was in a repeated hour, at this text. */
  #repeated: string | undefined;
  #every = 0;

  constructor(options: CsvOptions, context: PluginContext, partition: string, saved: Position | undefined, signal: AbortSignal) {
    this.#options = options;
    this.#partition = partition;
    this.#signal = signal;
    this.#malformed = new Malformed(context.logger);
    this.#times = new TimeReader(options.zone, options.unit);
    this.#position = saved;
    this.#previous = saved?.at;
    this.#passes = new Passes(saved?.at);
  }

  async *batches(): AsyncGenerator<SourceBatch> {
    const files = await expandFiles(this.#options.files);
    const saved = this.#position;
    const start = saved ? files.indexOf(saved.file) : 0;
    if (start < 0) {
      throw new AuspexError('SOURCE_POSITION_LOST', `reading stopped in ${saved?.file}, which is no longer among the files`, {
        path: this.#partition,
      });
    }
    // Of the first file, also after a restart: the period must not depend on where reading began.
    const { every } = await inspectFile(files[0] as string, this.#options, this.#signal);
    this.#every = every;
    for (let i = start; i < files.length; i++) {
      const file = files[i] as string;
      const { header, columns } = await inspectFile(file, this.#options, this.#signal);
      const reader = new RowReader(columns, this.#options);
      try {
        for await (const rows of readRows(file, header, i === start ? saved : undefined, this.#signal)) {
          for (const batch of this.#rows(rows, reader)) {
            if (this.#signal.aborted) return;
            yield batch;
          }
          if (this.#signal.aborted) return;
        }
      } catch (error) {
        const readable = error instanceof AuspexError && error.code === 'SOURCE_FAILED' && this.#events.length > 0;
        if (readable && !this.#signal.aborted) yield this.#take();
        throw error;
      }
      if (this.#signal.aborted) return;
    }
    const last = this.#take();
    yield this.#previous === undefined ? { ...last, end: true } : { ...last, watermark: this.#previous + every, end: true };
  }

  *#rows(piece: Rows, reader: RowReader): Generator<SourceBatch> {
    const { file } = piece;
    for (const { line, text, reason } of piece.bad) this.#malformed.add(file, line, text, reason);
    for (let i = 0; i < piece.rows.length; i++) {
      const row = piece.rows[i] as readonly string[];
      const line = piece.lines[i] as number;
      const text = reader.time(row);
      // Between rows of one repeated time a restart could not tell the passes apart.
      if (this.#events.length >= this.#options.batch && text !== this.#repeated) yield this.#take();
      const instants = this.#times.read(text, () => `${file}:${line}`);
      const count = reader.count(row);
      if (typeof instants === 'string' || typeof count === 'string') {
        const reason = typeof instants === 'string' ? instants : (count as string);
        this.#malformed.add(file, line, row.join(','), reason);
      } else {
        this.#add(row, instants, count, reader, file, line);
        this.#repeated = typeof instants === 'number' ? undefined : text;
      }
      const offset = piece.ends[i] as number;
      this.#position = { file, offset, line: piece.endLines[i] as number, head: piece.head.hash(offset) };
    }
  }

  #add(row: readonly string[], instants: Exclude<Instants, string>, count: number, reader: RowReader, file: string, line: number): void {
    const at = this.#passes.resolve(instants, typeof instants === 'number' ? '' : reader.key(row));
    const previous = this.#previous;
    if (previous !== undefined && at !== previous) {
      if (at < previous) {
        throw new AuspexError('SOURCE_TIME_BACKWARDS', `time runs back from ${iso(previous)} to ${iso(at)}`, { path: `${file}:${line}` });
      }
      if (at - previous > this.#every) this.#gaps.push({ from: previous + this.#every, to: at });
    }
    this.#previous = at;
    this.#events.push(reader.event(row, at, count));
  }

  #take(): SourceBatch {
    const events = this.#events;
    const gaps = this.#gaps;
    this.#events = [];
    this.#gaps = [];
    const malformed = this.#malformed.take();
    const at = this.#previous;
    const position = this.#position ? encodePosition(at === undefined ? this.#position : { ...this.#position, at }) : '';
    return { partition: this.#partition, events, position, ...(gaps.length > 0 && { gaps }), ...(malformed > 0 && { malformed }) };
  }
}

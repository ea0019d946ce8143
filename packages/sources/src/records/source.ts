import { AuspexError, type PluginContext, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import {
  type Block,
  decodePosition,
  encodePosition,
  excerpt,
  type Input,
  type Position,
  partitionName,
  readLines,
} from '../lines/index.ts';
import { looksLike } from './hint.ts';
import { Malformed } from './malformed.ts';
import { TimeOrder } from './order.ts';

/**
 * Reads one record, text[from .. to) without its newline, decoded as latin1.
 *
 * @param ascii false when fields need decoding by `utf8`
 * @returns the event; text: why there is none; undefined: a sound record that is no event, passed over
 */
export type ParseRecord = (text: string, from: number, to: number, ascii: boolean) => UsageEvent | string | undefined;

/** What a source of one record a line needs. */
export interface RecordOptions {
  readonly input: Input;
  /** Events of one batch. */
  readonly batch: number;
  /** Milliseconds that a record may lie before the highest time. */
  readonly maxBackwards: number;
  /** Name of the format in errors: `access log`. */
  readonly format: string;
  /** A parser of its own for each `open`: parsers hold caches. `file` tells the one that is being read. */
  readonly parser: (file: () => string) => ParseRecord;
}

/** A source of files or a stream with one record a line. One partition. */
export class RecordSource implements Source {
  readonly #options: RecordOptions;
  readonly #context: PluginContext;

  constructor(options: RecordOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
  }

  open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<SourceBatch> {
    return new Reading(this.#options, this.#context, signal).batches(from);
  }
}

/** One run through the input. */
class Reading {
  readonly #options: RecordOptions;
  readonly #context: PluginContext;
  readonly #signal: AbortSignal;
  readonly #parse: ParseRecord;
  readonly #malformed: Malformed;
  readonly #partition: string;
  readonly #follow: boolean;
  #order: TimeOrder;
  #events: UsageEvent[] = [];
  #position: Position | undefined;
  /** Of the present file. */
  #file = '';
  #valid = 0;
  #firstBad: { line: number; text: string; reason: string } | undefined;
  /** Files that held anything. */
  #filled = 0;

  constructor(options: RecordOptions, context: PluginContext, signal: AbortSignal) {
    this.#options = options;
    this.#context = context;
    this.#signal = signal;
    this.#parse = options.parser(() => this.#file);
    this.#malformed = new Malformed(context.logger);
    this.#follow = 'files' in options.input && options.input.follow;
    this.#partition = 'files' in options.input ? partitionName(options.input.files) : options.input.name;
    this.#order = new TimeOrder(options.maxBackwards, this.#follow, context.logger);
  }

  async *batches(positions: Readonly<Record<string, string>>): AsyncGenerator<SourceBatch> {
    const { input, maxBackwards } = this.#options;
    const { logger } = this.#context;
    const saved = 'files' in input ? positions[this.#partition] : undefined;
    if (saved) {
      this.#position = decodePosition(saved, this.#partition);
      this.#order = new TimeOrder(maxBackwards, this.#follow, logger, this.#position.at);
      // What was read before the restart has been checked then.
      this.#valid = this.#position.offset > 0 ? 1 : 0;
      this.#filled = this.#valid;
      this.#file = this.#position.file;
    }
    try {
      for await (const said of readLines(input, this.#position, this.#signal, this.#context)) {
        if (said.kind === 'block') {
          for (const batch of this.#block(said)) {
            yield batch;
            if (this.#signal.aborted) return;
          }
        } else if (said.kind === 'file-end') {
          this.#fileEnd(said.file);
        } else {
          const batch = this.#idle(said.healthy);
          if (batch) yield batch;
        }
        if (this.#signal.aborted) return;
      }
    } catch (error) {
      // The readable part of a damaged file is input like any other.
      const readable = error instanceof AuspexError && error.code === 'SOURCE_FAILED' && this.#events.length > 0;
      if (readable && !this.#signal.aborted) yield this.#take();
      throw error;
    }
    if (this.#signal.aborted) return;
    if (this.#filled === 0) {
      throw new AuspexError('SOURCE_EMPTY', 'there is no record', { path: this.#partition });
    }
    yield { ...this.#take(), end: true };
  }

  #enter(file: string): void {
    if (file === this.#file) return;
    this.#file = file;
    this.#valid = 0;
    this.#firstBad = undefined;
  }

  *#block(block: Block): Generator<SourceBatch> {
    this.#enter(block.file);
    const { text, ascii } = block;
    const { batch } = this.#options;
    const order = this.#order;
    let line = block.line;
    if (block.overlong) {
      this.#bad(block.file, line, '', `the line holds ${block.bytes} bytes, more than 1 MB`);
      this.#move(block, block.bytes, line);
    }
    let from = 0;
    while (from < text.length) {
      const newline = text.indexOf('\n', from);
      const to = newline > from && text.charCodeAt(newline - 1) === 13 ? newline - 1 : newline;
      if (to > from) {
        const event = this.#read(text, from, to, ascii, block.file, line);
        if (typeof event === 'string') {
          this.#bad(block.file, line, text.slice(from, to), event);
        } else if (event === undefined) {
          this.#valid++;
        } else {
          if (order.tooLate(event.at)) order.refuse(event.at, block.file, line);
          this.#valid++;
          this.#events.push(event);
        }
      }
      from = newline + 1;
      line++;
      if (this.#events.length >= batch) {
        this.#move(block, from, line - 1);
        yield this.#take();
      }
    }
    if (text.length > 0) this.#move(block, text.length, line - 1);
  }

  #read(text: string, from: number, to: number, ascii: boolean, file: string, line: number): ReturnType<ParseRecord> {
    try {
      return this.#parse(text, from, to, ascii);
    } catch (error) {
      // A parser knows no files.
      if (error instanceof AuspexError && !error.path) throw new AuspexError(error.code, error.message, { path: `${file}:${line}` });
      throw error;
    }
  }

  /** The position after `used` characters of the block. */
  #move(block: Block, used: number, line: number): void {
    const offset = block.offset + Math.min(used, block.bytes);
    this.#position = { file: block.file, offset, line, head: block.head.hash(offset) };
  }

  #bad(file: string, line: number, text: string, reason: string): void {
    this.#firstBad ??= { line, text, reason };
    this.#malformed.add(file, line, text, reason);
  }

  #fileEnd(file: string): void {
    this.#enter(file);
    const bad = this.#firstBad;
    if (this.#valid > 0) {
      this.#filled++;
      return;
    }
    if (!bad) {
      this.#context.logger.warn({ file }, 'the file holds no record');
      return;
    }
    if (this.#follow) return;
    const hint = looksLike(bad.text);
    throw new AuspexError(
      'SOURCE_NO_VALID_RECORD',
      `no line is a record of this format (${this.#options.format}); the first: ${bad.reason}: "${excerpt(bad.text)}"${hint && `; ${hint}`}`,
      { path: `${file}:${bad.line}` },
    );
  }

  #idle(healthy: boolean): SourceBatch | undefined {
    if (!healthy) return this.#events.length > 0 ? this.#take() : undefined;
    return { ...this.#take(), watermark: this.#context.clock.now() };
  }

  #take(): SourceBatch {
    const events = this.#events;
    this.#events = [];
    const malformed = this.#malformed.take();
    const at = this.#order.high;
    const position = this.#position ? encodePosition({ ...this.#position, at }) : '';
    return { partition: this.#partition, events, position, ...(malformed > 0 && { malformed }) };
  }
}

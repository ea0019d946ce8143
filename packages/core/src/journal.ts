import type { JournalRecord, Store, StoreWrite } from '@auspex/contracts';
import { KEYS, stamp } from './persistence/keys.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What happened, in order: decisions before they are actuated, receipts, failures, notices. Lines are JSON, so that the
 * journal prints as NDJSON as it is. Nothing in a line depends on how long anything took.
 */
export class Journal {
  #fresh: string[] = [];
  #step = Number.NaN;
  #index = 0;
  readonly #keys: string[] = [];
  readonly #sink: ((line: string) => void) | undefined;

  /** Does anybody read? A replay without a sink and a store writes half a million lines for nobody. */
  wanted: boolean;

  /** Told of every record, wanted or not. */
  onRecord: ((record: JournalRecord) => void) | undefined;

  /** @param sink gets every line as it is written, without the newline */
  constructor(sink?: (line: string) => void) {
    this.#sink = sink;
    this.wanted = sink !== undefined;
  }

  /** @param index place among the lines of its step; by default after the last one of this process */
  append(record: JournalRecord, index?: number): void {
    this.onRecord?.(record);
    if (!this.wanted) return;
    if (record.step !== this.#step) {
      this.#step = record.step;
      this.#index = 0;
    }
    const line = JSON.stringify(record, round);
    this.#fresh.push(line);
    this.#keys.push(KEYS.journal(record.step, index ?? this.#index++));
    this.#sink?.(line);
  }

  /** Lines since the last call, as writes for the store's next batch. */
  takeWrites(): StoreWrite[] {
    const writes = this.#fresh.map(
      (line, index): StoreWrite => ({ type: 'put', key: this.#keys[index] as string, value: encoder.encode(line) }),
    );
    this.#fresh = [];
    this.#keys.length = 0;
    return writes;
  }
}

/** Six significant digits: enough to explain, and a journal that can be read. */
function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

/** The journal of a store from `from` on (epoch ms), oldest first, each line as it was written. */
export async function* readJournal(store: Store, from?: number): AsyncGenerator<string> {
  const options = from === undefined ? {} : { from: `journal/${stamp(from)}` };
  for await (const [, value] of store.scan('journal/', options)) yield decoder.decode(value);
}

import type { UsageEvent } from '@auspex/contracts';
import { Interner } from '../lines/index.ts';
import type { Columns } from './columns.ts';
import type { CsvOptions } from './config.ts';

/** Makes events of rows. */
export class RowReader {
  readonly #columns: Columns;
  readonly #options: CsvOptions;
  readonly #texts = new Interner();

  constructor(columns: Columns, options: CsvOptions) {
    this.#columns = columns;
    this.#options = options;
  }

  /** The text of the time; '' when the row has none. */
  time(row: readonly string[]): string {
    return row[this.#columns.time] ?? '';
  }

  /** The count of the row, or why it has none. */
  count(row: readonly string[]): number | string {
    const at = this.#columns.value;
    if (at < 0) return 1;
    const text = row[at]?.trim() ?? '';
    const value = text === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) return `column ${this.#options.value}: "${text}" is no number`;
    return value < 0 ? `column ${this.#options.value}: ${text} is negative` : value;
  }

  /** What tells rows of one time apart. */
  key(row: readonly string[]): string {
    const { group, pop, resource, feature, user, country } = this.#columns;
    return [group, pop, resource, feature, user, country].map((at) => (at < 0 ? '' : row[at])).join('\n');
  }

  event(row: readonly string[], at: number, count: number): UsageEvent {
    const columns = this.#columns;
    // All properties, in the order of the other sources: one hidden class.
    const event = {
      at,
      kind: 'request',
      group: columns.group < 0 ? this.#options.groupName : (this.#text(row, columns.group) ?? ''),
      pop: this.#text(row, columns.pop) ?? '',
      outcome: 'served',
      attempt: 1,
      count,
      weight: 1,
      bytes: 0,
      user: this.#text(row, columns.user),
      accessLevel: undefined,
      session: undefined,
      sessionStart: false,
      sessionMs: undefined,
      resource: this.#text(row, columns.resource),
      feature: this.#text(row, columns.feature),
      country: this.#text(row, columns.country),
      ip: undefined,
      agent: undefined,
    };
    return event as unknown as UsageEvent;
  }

  #text(row: readonly string[], column: number): string | undefined {
    const text = column < 0 ? undefined : row[column];
    return text === undefined || text === '' ? undefined : this.#texts.get(text);
  }
}

import type { StoreWrite } from '@auspex/contracts';

/** The one record through which every change goes: a number that only rises, and what hangs on it. */
export interface Head {
  readonly number: number;
  /** Text of a `State`; the backend does not read it. */
  readonly state: string;
}

/** What is found of a long value whose pieces are not all of one write: one is being written, or its writer died. */
export const TORN: unique symbol = Symbol('torn');

/** Makes the call, and again where it may succeed later. */
export type Tried = <T>(call: () => Promise<T>) => Promise<T>;

/** Entries with start <= key, below `end` where there is one. */
export interface Range {
  readonly start: string;
  readonly prefix: string;
  readonly limit: number;
}

/**
 * What a database has to do for `DatabaseStore`: five small things, none of which needs a transaction over several records.
 * Everything but `moveHead` may be tried again when its outcome is unknown; `scan` and `apply`, which are long, do so themselves.
 */
export interface Backend {
  /** Names the store in errors; no secrets. */
  readonly where: string;
  /** Connects, makes or checks the schema. @throws AuspexError */
  open(): Promise<void>;
  close(): Promise<void>;
  /** `decided` = a move whose outcome is unknown has happened or cannot happen any more. */
  readHead(decided: boolean): Promise<Head>;
  /** Puts `next` where the number is still `from`. False = it was not. A rejection that `isRetriable` names = unknown. */
  moveHead(from: number, next: Head): Promise<boolean>;
  get(key: string): Promise<Uint8Array | undefined | typeof TORN>;
  /** @param whole reads a key whose pieces do not fit, once they do */
  scan(
    range: Range,
    tried: Tried,
    whole: (key: string) => Promise<Uint8Array | undefined>,
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]>;
  /** Writes each under `number`. What a higher number wrote stays, a deletion too. */
  apply(writes: readonly StoreWrite[], number: number, tried: Tried): Promise<void>;
  putPart(id: string, index: number, bytes: Uint8Array): Promise<void>;
  getPart(id: string, index: number): Promise<Uint8Array | undefined>;
  dropParts(id: string, count: number): Promise<void>;
  /** May the same call succeed later? */
  isRetriable(error: unknown): boolean;
}

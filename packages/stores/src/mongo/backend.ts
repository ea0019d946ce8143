import type { StoreWrite } from '@auspex/contracts';
import type { Collection, Filter, OptionalUnlessRequiredId, WithoutId } from 'mongodb';
import { type Backend, type Head, type Range, TORN, type Tried } from '../database/backend.ts';
import { checkVersion, expires, FORMAT_VERSION } from '../database/connection.ts';
import { afterPrefix } from '../database/order.ts';
import { EMPTY_STATE } from '../database/state.ts';
import { type Collections, connect, type PieceDocument, type RecordDocument, refusal, whereIs } from './client.ts';
import type { MongoOptions } from './config.ts';

const HEAD = 'head';
/** Longer values lie in pieces: a document holds 16 MiB. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Records that the server sends at once; it stops at 16 MiB. */
const PAGE = 1_000;
const CURSOR_GONE = 43;
/** Of one message to the server. */
const BULK = { writes: 1_000, bytes: 8 * 1024 * 1024 } as const;
const DUPLICATE = 11_000;
/** How long the mark of a deleted key stays. A process that sleeps longer in the middle of a batch would bring the key back. */
const GONE_MS = 7 * 86_400_000;

/** Records by key, as text: MongoDB compares text by its bytes (binary data it compares by length first). */
export class MongoBackend implements Backend {
  readonly where: string;
  readonly #options: MongoOptions;
  #at: Collections | undefined;

  constructor(options: MongoOptions) {
    this.#options = options;
    this.where = whereIs(options);
  }

  async open(): Promise<void> {
    this.#at ??= await connect(this.#options);
    const { heads } = this.#at;
    try {
      const first = { version: FORMAT_VERSION, n: 0, state: EMPTY_STATE };
      await heads.updateOne({ _id: HEAD }, { $setOnInsert: first }, { upsert: true }).catch(ignoreDuplicate);
      checkVersion((await heads.findOne({ _id: HEAD }))?.version, this.where);
      if (this.#options.ttl !== undefined) await this.#expireIdle(Math.ceil(this.#options.ttl / 1_000));
    } catch (error) {
      throw refusal(error, this.where) ?? error;
    }
  }

  /** The index, with the time that the options say, whatever it had before. */
  async #expireIdle(seconds: number): Promise<void> {
    const { records, database } = this.#here();
    const index = { idle: 1 } as const;
    await records.createIndex(index, { expireAfterSeconds: seconds, sparse: true }).catch(async () => {
      await database.command({ collMod: records.collectionName, index: { keyPattern: index, expireAfterSeconds: seconds } });
    });
  }

  async close(): Promise<void> {
    await this.#at?.close();
  }

  async readHead(): Promise<Head> {
    const found = await this.#here().heads.findOne({ _id: HEAD });
    return { number: found?.n ?? 0, state: found?.state ?? EMPTY_STATE };
  }

  async moveHead(from: number, next: Head): Promise<boolean> {
    const { modifiedCount } = await this.#here().heads.updateOne({ _id: HEAD, n: from }, { $set: { n: next.number, state: next.state } });
    return modifiedCount === 1;
  }

  async get(key: string): Promise<Uint8Array | undefined | typeof TORN> {
    const record = await this.#here().records.findOne({ _id: key });
    if (!record || record.gone) return undefined;
    return (await this.#valueOf(record)) ?? TORN;
  }

  /** Undefined = its pieces belong to another write. */
  async #valueOf({ _id: key, n, v, p = 0 }: RecordDocument): Promise<Uint8Array | undefined> {
    if (p === 0) return new Uint8Array(v as Uint8Array);
    const ids = Array.from({ length: p }, (_, i) => pieceId(key, i));
    const pieces = await this.#here()
      .pieces.find({ _id: { $in: ids }, n })
      .toArray();
    if (pieces.length < p) return undefined;
    const byId = new Map(pieces.map((piece) => [piece._id, piece.v]));
    return new Uint8Array(Buffer.concat(ids.map((id) => byId.get(id) as Uint8Array)));
  }

  async *scan(
    { start, prefix, limit }: Range,
    tried: Tried,
    whole: (key: string) => Promise<Uint8Array | undefined>,
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    const end = afterPrefix(prefix);
    const until = end === undefined ? {} : { $lt: end };
    let from: { $gte: string } | { $gt: string } = { $gte: start };
    let failures = 0;
    for (let left = limit; left > 0; ) {
      const filter: Filter<RecordDocument> = { _id: { ...from, ...until }, gone: { $exists: false } };
      const cursor = this.#here().records.find(filter).sort({ _id: 1 }).batchSize(PAGE);
      if (Number.isFinite(left)) cursor.limit(left);
      try {
        for (;;) {
          const record = await cursor.next();
          if (!record) return;
          const value = (await tried(() => this.#valueOf(record))) ?? (await whole(record._id));
          from = { $gt: record._id };
          if (!value) continue;
          failures = 0;
          left--;
          yield [record._id, value];
        }
      } catch (error) {
        // The caller took his time, or the server was started again: on from where it was, once it answers.
        if (!this.isRetriable(error) && (error as { code?: number }).code !== CURSOR_GONE) throw error;
        if (++failures >= this.#options.attempts) throw error;
        await tried(() => this.readHead());
      } finally {
        await cursor.close().catch(() => undefined);
      }
    }
  }

  async apply(writes: readonly StoreWrite[], number: number, tried: Tried): Promise<void> {
    const { records, pieces } = this.#here();
    const dated = writes.some((write) => write.type === 'delete' || this.#expires(write.key));
    const now = dated ? await tried(() => this.#serverTime()) : undefined;
    for (let at = 0; at < writes.length; ) {
      const some: RecordDocument[] = [];
      for (let bytes = 0; at < writes.length && some.length < BULK.writes && bytes < BULK.bytes; at++) {
        const write = writes[at] as StoreWrite;
        if (isLong(write)) await this.#applyPieces(write.key, (write as Put).value, number, tried);
        const record = this.#record(write, number, now);
        some.push(record);
        bytes += record.v?.length ?? 0;
      }
      await this.#put(records, some, number, tried);
    }
    if (now) await this.#listGone(writes, now, tried);
    // Pieces of keys that are gone or have become short.
    if ((await tried(() => pieces.estimatedDocumentCount())) === 0) return;
    const whole = writes.flatMap((write) => (isLong(write) ? [] : [write.key]));
    for (let at = 0; at < whole.length; at += BULK.writes) {
      await tried(() => pieces.deleteMany({ key: { $in: whole.slice(at, at + BULK.writes) }, n: { $lt: number } }));
    }
  }

  async #listGone(writes: readonly StoreWrite[], now: Date, tried: Tried): Promise<void> {
    const keys = writes.flatMap((write) => (write.type === 'delete' ? [write.key] : []));
    const { gone } = this.#here();
    for (let at = 0; at < keys.length; at += BULK.writes) {
      const list = keys.slice(at, at + BULK.writes).map((key) => ({ _id: `${now.toISOString()}/${key}`, key }));
      await tried(() => gone.insertMany(list, { ordered: false }).catch(ignoreDuplicate));
    }
    await this.#sweep(now).catch(() => undefined);
  }

  #expires(key: string): boolean {
    return this.#options.ttl !== undefined && expires(key);
  }

  /** The database drops by its own clock. */
  async #serverTime(): Promise<Date> {
    return (await this.#here().database.command({ hello: 1 }))['localTime'] as Date;
  }

  #record(write: StoreWrite, n: number, now: Date | undefined): RecordDocument {
    const { key: _id } = write;
    if (write.type === 'delete') return { _id, n, gone: now as Date };
    const value = isLong(write) ? { p: Math.ceil(write.value.length / PIECE_BYTES) } : { v: asBuffer(write.value) };
    return { _id, n, ...value, ...(this.#expires(write.key) ? { idle: now as Date } : {}) };
  }

  async #applyPieces(key: string, value: Uint8Array, n: number, tried: Tried): Promise<void> {
    const { pieces } = this.#here();
    await tried(() => pieces.createIndex({ key: 1 }));
    const ids = Array.from({ length: Math.ceil(value.length / PIECE_BYTES) }, (_, i) => pieceId(key, i));
    for (const [i, _id] of ids.entries()) {
      const v = asBuffer(value.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES));
      await this.#put(pieces, [{ _id, key, n, v }], n, tried);
    }
    await tried(() => pieces.deleteMany({ key, n: { $lt: n }, _id: { $nin: ids } }));
  }

  /** Inserts; what is there already is written over, unless a higher number wrote it. The number is asked for with each: no transaction is needed. */
  async #put<T extends RecordDocument | PieceDocument>(
    collection: Collection<T>,
    documents: readonly T[],
    n: number,
    tried: Tried,
  ): Promise<void> {
    const insert = async (some: readonly T[]): Promise<readonly T[]> => {
      try {
        await collection.insertMany([...some] as OptionalUnlessRequiredId<T>[], { ordered: false });
        return [];
      } catch (error) {
        const errors = writeErrors(error);
        if (errors.length === 0 || errors.some(({ code }) => code !== DUPLICATE)) throw error;
        return errors.flatMap(({ index }) => some[index] ?? []);
      }
    };
    const present = await tried(() => insert(documents));
    if (present.length === 0) return;
    const replacements = present.map((document) => ({
      replaceOne: { filter: { _id: document._id, n: { $lte: n } } as Filter<T>, replacement: document as WithoutId<T> },
    }));
    const { matchedCount } = await tried(() => collection.bulkWrite(replacements, { ordered: false }));
    // The others lost to a higher number, or the database has just dropped them by its clock.
    if (matchedCount < present.length) await tried(() => insert(present));
  }

  /** Forgets the marks of keys that were deleted long ago. They are listed apart: an index over all records would make each write dearer. */
  async #sweep(now: Date): Promise<void> {
    const { gone, records } = this.#here();
    const before = new Date(now.getTime() - GONE_MS);
    for (;;) {
      const old = await gone
        .find({ _id: { $lt: before.toISOString() } })
        .limit(BULK.writes)
        .toArray();
      if (old.length === 0) return;
      const deletes = old.map(({ key }) => ({ deleteOne: { filter: { _id: key, gone: { $lt: before } } } }));
      await records.bulkWrite(deletes, { ordered: false });
      await gone.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } });
      if (old.length < BULK.writes) return;
    }
  }

  async putPart(id: string, index: number, bytes: Uint8Array): Promise<void> {
    await this.#here().parts.replaceOne({ _id: `${id}/${index}` }, { v: asBuffer(bytes) }, { upsert: true });
  }

  async getPart(id: string, index: number): Promise<Uint8Array | undefined> {
    return (await this.#here().parts.findOne({ _id: `${id}/${index}` }))?.v;
  }

  async dropParts(id: string): Promise<void> {
    await this.#here().parts.deleteMany({ _id: { $gte: `${id}/`, $lt: `${id}0` } });
  }

  isRetriable(error: unknown): boolean {
    const { name = '', code, hasErrorLabel } = error as { name?: string; code?: number; hasErrorLabel?: (label: string) => boolean };
    if (/^Mongo(Network|ServerSelection|NetworkTimeout|PoolCleared|WaitQueueTimeout|TopologyClosed)/.test(name)) return true;
    if (typeof hasErrorLabel === 'function') {
      const label = (text: string): boolean => hasErrorLabel.call(error, text);
      if (label('RetryableWriteError') || label('RetryableReadError') || label('TransientTransactionError')) return true;
    }
    // The driver wraps what broke a bulk and loses name and code; each of these writes may be made again.
    if (name === 'MongoBulkWriteError' && code === undefined && writeErrors(error).length === 0) return true;
    return RETRIABLE.has(code ?? 0);
  }

  #here(): Collections {
    if (!this.#at) throw new Error('the store is not open');
    return this.#at;
  }
}

/** Not primary, stepping down, shutting down, interrupted by a change of the primary, write conflict, time limit of a write concern. */
const RETRIABLE = new Set([6, 7, 64, 89, 91, 112, 189, 262, 317, 358, 384, 9001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436]);

function writeErrors(error: unknown): readonly { readonly code: number; readonly index: number }[] {
  const found = (error as { writeErrors?: unknown }).writeErrors;
  return (Array.isArray(found) ? found : found ? [found] : []) as readonly { code: number; index: number }[];
}

function ignoreDuplicate(error: unknown): void {
  if ((error as { code?: number }).code !== DUPLICATE) throw error;
}

type Put = Extract<StoreWrite, { type: 'put' }>;

function isLong(write: StoreWrite): boolean {
  return write.type === 'put' && write.value.length > PIECE_BYTES;
}

function pieceId(key: string, index: number): string {
  return `${index}:${key}`;
}

/** Without a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

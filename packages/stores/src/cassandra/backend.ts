import { AuspexError, type StoreWrite } from '@auspex/contracts';
import type { types } from 'cassandra-driver';
import { type Backend, type Head, type Range, TORN, type Tried } from '../database/backend.ts';
import { expires } from '../database/connection.ts';
import { pageSize } from '../database/order.ts';
import { parallel } from '../database/parallel.ts';
import { EMPTY_STATE } from '../database/state.ts';
import { connect, forbidden, isRetriable, type Session, whereIs } from './client.ts';
import type { CassandraOptions } from './config.ts';
import { merged } from './merge.ts';
import { HEAD, openSchema, type Tables, tables } from './schema.ts';

/** Longer values lie in pieces: Cassandra is at ease with cells of a megabyte at most. */
const PIECE_BYTES = 512 * 1024;
/** Of one page of one bucket, about. */
const PAGE_BYTES = 512 * 1024;
/** Of one statement for one partition, and how many are under way. */
const BATCH = { bytes: 64 * 1024, writes: 100, width: 12 } as const;

interface Statement {
  readonly query: string;
  readonly params: readonly unknown[];
  readonly bytes: number;
}

type Row = types.Row;

/**
 * Records by bucket (a hash of the key) and key: a read asks one partition, a scan all of them at once and merges what they give,
 * which is in the order of the bytes. Each write carries the head's number as its timestamp, so Cassandra itself lets the higher number win,
 * a deletion included.
 */
export class CassandraBackend implements Backend {
  readonly where: string;
  readonly #options: CassandraOptions;
  readonly #tables: Tables;
  #session: Session | undefined;
  #buckets = 0;

  constructor(options: CassandraOptions) {
    this.#options = options;
    this.#tables = tables(options);
    this.where = whereIs(options);
  }

  async open(): Promise<void> {
    this.#session ??= await connect(this.#options);
    this.#buckets = await openSchema(this.#session, this.#options);
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  async readHead(decided: boolean): Promise<Head> {
    const consistency = decided ? this.#level(this.#options.serialConsistency) : this.#level(this.#options.consistency);
    const { rows } = await this.#execute(`SELECT number, state FROM ${this.#tables.head} WHERE id = ?`, [HEAD], { consistency });
    const row = rows[0];
    if (!row) throw new AuspexError('STORE_UNREADABLE', 'its head is gone', { path: this.where });
    return { number: Number(row['number']), state: (row['state'] as string | null) ?? EMPTY_STATE };
  }

  async moveHead(from: number, { number, state }: Head): Promise<boolean> {
    const query = `UPDATE ${this.#tables.head} SET number = ?, state = ? WHERE id = ? IF number = ?`;
    const serialConsistency = this.#level(this.#options.serialConsistency);
    // Not idempotent: whether it was done is asked, not tried again.
    const result = await this.#execute(query, [this.#long(number), state, HEAD, this.#long(from)], {
      serialConsistency,
      isIdempotent: false,
    });
    return result.wasApplied();
  }

  async get(key: string): Promise<Uint8Array | undefined | typeof TORN> {
    const bytes = Buffer.from(key);
    const query = `SELECT key, piece, pieces, number, value FROM ${this.#tables.records} WHERE bucket = ? AND key = ?`;
    const rows: Row[] = [];
    let pageState: string | undefined;
    do {
      const page = await this.#execute(query, [this.#bucket(bytes), bytes], { fetchSize: 16, ...(pageState ? { pageState } : {}) });
      rows.push(...page.rows);
      pageState = page.pageState;
    } while (pageState && rows.length < ((rows[0]?.['pieces'] as number | null) ?? 0));
    return assemble(rows);
  }

  scan(
    { start, prefix, limit }: Range,
    tried: Tried,
    whole: (key: string) => Promise<Uint8Array | undefined>,
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    const from = Buffer.from(start);
    const end = prefix === '' ? undefined : Buffer.from(prefix);
    // UTF-8 has no byte 0xff, so the last byte can always be raised.
    if (end) end[end.length - 1] = (end.at(-1) as number) + 1;
    const buckets = Array.from({ length: this.#buckets }, (_, bucket) => this.#scanBucket(bucket, from, end, limit, tried, whole));
    return merged(buckets, limit);
  }

  async *#scanBucket(
    bucket: number,
    from: Buffer,
    end: Buffer | undefined,
    limit: number,
    tried: Tried,
    whole: (key: string) => Promise<Uint8Array | undefined>,
  ): AsyncGenerator<readonly [key: Buffer, value: Uint8Array]> {
    const query = `SELECT key, piece, pieces, number, value FROM ${this.#tables.records} WHERE bucket = ? AND key >= ?${end ? ' AND key < ?' : ''}`;
    const params = [bucket, from, ...(end ? [end] : [])];
    const fetch = (fetchSize: number, pageState?: string): Promise<types.ResultSet> =>
      tried(() => this.#execute(query, params, { fetchSize, ...(pageState ? { pageState } : {}) }));
    let page = await fetch(Math.min(32, limit + 1));
    let open: Row[] = [];
    const finish = async (): Promise<readonly [Buffer, Uint8Array] | undefined> => {
      const key = open[0]?.['key'] as Buffer;
      const found = assemble(open);
      const value = found === TORN ? await whole(key.toString()) : found;
      return value && [key, value];
    };
    for (;;) {
      const bytes = page.rows.reduce((sum, row) => sum + ((row['value'] as Buffer | null)?.length ?? 0), 0);
      const following = page.pageState ? fetch(pageSize(page.rows.length, bytes, PAGE_BYTES), page.pageState) : undefined;
      // While the caller takes this page the next one comes; where he stops early nobody waits for it.
      following?.catch(() => undefined);
      for (const row of page.rows) {
        if (open.length > 0 && !(row['key'] as Buffer).equals(open[0]?.['key'] as Buffer)) {
          const entry = await finish();
          if (entry) yield entry;
          open = [];
        }
        open.push(row);
      }
      if (!following) break;
      page = await following;
    }
    const entry = open.length > 0 ? await finish() : undefined;
    if (entry) yield entry;
  }

  async apply(writes: readonly StoreWrite[], number: number, tried: Tried): Promise<void> {
    const at = this.#long(number);
    const buckets: Statement[][] = Array.from({ length: this.#buckets }, () => []);
    for (const write of writes) {
      const key = Buffer.from(write.key);
      const bucket = this.#bucket(key);
      buckets[bucket]?.push(...(write.type === 'put' ? this.#put(bucket, key, write, at) : [this.#delete(bucket, key, at)]));
    }
    // Each batch is for one partition: the server applies it as one mutation, and warns of none.
    const batches = buckets.flatMap(inBatches);
    await parallel(batches.length, BATCH.width, (i) => tried(() => this.#batch(batches[i] as readonly Statement[])));
  }

  #put(bucket: number, key: Buffer, write: Extract<StoreWrite, { type: 'put' }>, at: types.Long): Statement[] {
    const ttl = this.#options.ttl !== undefined && expires(write.key) ? Math.ceil(this.#options.ttl / 1_000) : 0;
    const query = `INSERT INTO ${this.#tables.records} (bucket, key, piece, pieces, number, value) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`;
    const count = Math.max(1, Math.ceil(write.value.length / PIECE_BYTES));
    const statements = Array.from({ length: count }, (_, piece): Statement => {
      const value = asBuffer(write.value.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES));
      return { query, params: [bucket, key, piece, count, at, value, at, ttl], bytes: value.length + key.length };
    });
    if (count > 1) {
      const surplus = `DELETE FROM ${this.#tables.records} USING TIMESTAMP ? WHERE bucket = ? AND key = ? AND piece >= ?`;
      statements.push({ query: surplus, params: [at, bucket, key, count], bytes: key.length });
    }
    return statements;
  }

  #delete(bucket: number, key: Buffer, at: types.Long): Statement {
    const query = `DELETE FROM ${this.#tables.records} USING TIMESTAMP ? WHERE bucket = ? AND key = ?`;
    return { query, params: [at, bucket, key], bytes: key.length };
  }

  async #batch(statements: readonly Statement[]): Promise<void> {
    const only = statements[0] as Statement;
    if (statements.length === 1) {
      await this.#execute(only.query, only.params);
      return;
    }
    const queries = statements.map(({ query, params }) => ({ query, params: [...params] }));
    const consistency = this.#level(this.#options.consistency);
    await this.#allowed(this.#here().client.batch(queries, { prepare: true, logged: false, isIdempotent: true, consistency }));
  }

  async putPart(id: string, index: number, bytes: Uint8Array): Promise<void> {
    await this.#execute(`INSERT INTO ${this.#tables.parts} (id, part, value) VALUES (?, ?, ?)`, [id, index, asBuffer(bytes)]);
  }

  async getPart(id: string, index: number): Promise<Uint8Array | undefined> {
    const { rows } = await this.#execute(`SELECT value FROM ${this.#tables.parts} WHERE id = ? AND part = ?`, [id, index]);
    return rows[0]?.['value'] as Uint8Array | undefined;
  }

  async dropParts(id: string, count: number): Promise<void> {
    await parallel(count, BATCH.width, async (index) => {
      await this.#execute(`DELETE FROM ${this.#tables.parts} WHERE id = ? AND part = ?`, [id, index]);
    });
  }

  isRetriable(error: unknown): boolean {
    return isRetriable(error);
  }

  #execute(query: string, params: readonly unknown[], options: object = {}): Promise<types.ResultSet> {
    const settings = {
      prepare: true,
      isIdempotent: true,
      autoPage: false,
      consistency: this.#level(this.#options.consistency),
      ...options,
    };
    return this.#allowed(this.#here().client.execute(query, [...params], settings));
  }

  /** A right that is lacking is told as one: no waiting helps. */
  async #allowed<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      throw forbidden(error, this.where) ?? error;
    }
  }

  #level(name: CassandraOptions['consistency'] | CassandraOptions['serialConsistency']): types.consistencies {
    return this.#here().driver.types.consistencies[name];
  }

  #long(number: number): types.Long {
    return this.#here().driver.types.Long.fromNumber(number);
  }

  /** FNV-1a. Part of the format. */
  #bucket(key: Buffer): number {
    let hash = 0x811c9dc5;
    for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193);
    return (hash >>> 0) % this.#buckets;
  }

  #here(): Session {
    if (!this.#session) throw new Error('the store is not open');
    return this.#session;
  }
}

/** Rows of one key as its value. `torn` = some of them are of another write. Rows beyond `pieces` are left from a longer value. */
function assemble(rows: readonly Row[]): Uint8Array | undefined | typeof TORN {
  const first = rows[0];
  if (first?.['piece'] !== 0) return undefined;
  const count = first['pieces'] as number;
  if (count === 1) return new Uint8Array(first['value'] as Buffer);
  const pieces = rows.slice(0, count);
  const number = String(first['number']);
  if (pieces.length < count || pieces.some((row) => String(row['number']) !== number)) return TORN;
  return new Uint8Array(Buffer.concat(pieces.map((row) => row['value'] as Buffer)));
}

function inBatches(statements: readonly Statement[]): Statement[][] {
  const batches: Statement[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const statement of statements) {
    if (bytes + statement.bytes > BATCH.bytes || (batches.at(-1)?.length ?? 0) >= BATCH.writes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(statement);
    bytes += statement.bytes;
  }
  return batches;
}

/** Without a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

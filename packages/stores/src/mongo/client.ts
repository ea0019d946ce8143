import { AuspexError } from '@auspex/contracts';
import type { Collection, Db, MongoClient, MongoClientOptions } from 'mongodb';
import { driver, pem, unusable } from '../database/connection.ts';
import type { MongoOptions } from './config.ts';

/** The part of a MongoClient that the store calls. */
export interface MongoClientLike {
  db(name: string): unknown;
}

export interface RecordDocument {
  _id: string;
  /** The head's number under which it was written. */
  n: number;
  /** The value; absent where it was deleted, or lies in pieces. */
  v?: Uint8Array;
  /** How many pieces. */
  p?: number;
  /** When it was deleted. The record stays for a while, so that a late write of a lower number does not bring the key back. */
  gone?: Date;
  /** When it was written, where `ttl` is for it. */
  idle?: Date;
}
export interface PieceDocument {
  _id: string;
  key: string;
  n: number;
  v: Uint8Array;
}
export interface PartDocument {
  _id: string;
  v: Uint8Array;
}
export interface GoneDocument {
  /** When, ISO 8601, and the key. */
  _id: string;
  key: string;
}
export interface HeadDocument {
  _id: string;
  version: number;
  n: number;
  state: string;
}

export interface Collections {
  readonly records: Collection<RecordDocument>;
  readonly pieces: Collection<PieceDocument>;
  readonly parts: Collection<PartDocument>;
  readonly heads: Collection<HeadDocument>;
  readonly gone: Collection<GoneDocument>;
  readonly database: Db;
  close(): Promise<void>;
}

/** Where the store is, without secrets. */
export function whereIs({ url, database, collection }: MongoOptions): string {
  return `${url
    .replace(/\/\/[^@/]*@/, '//')
    .replace(/\?.*$/, '')
    .replace(/\/[^/]*$/, '')}/${database}.${collection}`;
}

/** Connects and asks for the primary. The driver is loaded here, so that importing the plugin loads nothing. @throws AuspexError */
export async function connect(options: MongoOptions): Promise<Collections> {
  const where = whereIs(options);
  const given = options.client as MongoClient | undefined;
  const client = given ?? (await connected(options, where));
  const settings = {
    writeConcern: { w: options.write, journal: options.journal },
    readConcern: { level: options.read },
    readPreference: 'primary',
    promoteBuffers: true,
    ignoreUndefined: true,
  } as const;
  const database = client.db(options.database);
  const collection = <T extends object>(name: string): Collection<T> =>
    database.collection<T>(`${options.collection}_${name}`, settings) as unknown as Collection<T>;
  return {
    records: collection<RecordDocument>('records'),
    pieces: collection<PieceDocument>('pieces'),
    parts: collection<PartDocument>('parts'),
    heads: collection<HeadDocument>('head'),
    gone: collection<GoneDocument>('gone'),
    database,
    close: async () => {
      if (!given) await client.close();
    },
  };
}

async function connected(options: MongoOptions, where: string): Promise<MongoClient> {
  const { MongoClient: Client } = await driver('mongodb', '7', () => import('mongodb'));
  const { url, user, password, authSource, tls, timeout } = options;
  const files = typeof tls === 'object' ? tls : {};
  const wait = Math.min(timeout, 10_000);
  const settings: MongoClientOptions = {
    appName: 'auspex',
    serverSelectionTimeoutMS: wait,
    connectTimeoutMS: wait,
    socketTimeoutMS: Math.max(timeout, 1_000),
    retryReads: true,
    retryWrites: true,
    ...(user === undefined ? {} : { auth: { username: user, password: password ?? '' } }),
    ...(authSource === undefined ? {} : { authSource }),
    ...(tls === false ? {} : { tls: true }),
    ...defined('ca', pem(files.ca, where)),
    ...defined('cert', pem(files.cert, where)),
    ...defined('key', pem(files.key, where)),
  };
  let client: MongoClient;
  try {
    client = new Client(url, settings);
  } catch (error) {
    throw new AuspexError('CONFIG_INVALID', `url is no address of MongoDB: ${(error as Error).message}`, {
      path: 'store(mongo)',
      cause: error,
    });
  }
  try {
    await client.connect();
    await client.db(options.database).command({ ping: 1 });
    return client;
  } catch (error) {
    await client.close().catch(() => undefined);
    throw refusal(error, where) ?? notReached(error, where, wait);
  }
}

function defined<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

/** Unauthorized, AuthenticationFailed, and what some services answer instead. */
const REFUSED = new Set([13, 18, 8000]);

/** The error where the server answered, and refused; undefined for any other. */
export function refusal(error: unknown, where: string): AuspexError | undefined {
  const { code, message } = error as { code?: number; message: string };
  if (!REFUSED.has(code ?? 0) && !/authentication failed|requires authentication/i.test(message)) return undefined;
  return unusable(
    'refused',
    `the database refuses this user: ${message}`,
    where,
    'Correct user, password and authSource, and let the user read and write the database (role readWrite).',
    error,
  );
}

function notReached(error: unknown, where: string, wait: number): AuspexError {
  const { message } = error as Error;
  const remedy = 'Start the database, or correct url; a replica set must have a primary, and TLS the right ca.';
  return unusable('unreachable', `the database did not answer within ${wait / 1_000} s: ${message}`, where, remedy, error);
}

import { AuspexError } from '@auspex/contracts';
import type { Client, DseClientOptions } from 'cassandra-driver';
import { driver, pem, unusable } from '../database/connection.ts';
import type { CassandraOptions } from './config.ts';

type Driver = typeof import('cassandra-driver');

/** The part of a Client that the store calls. */
export interface CassandraClientLike {
  execute(query: string, ...rest: never[]): unknown;
}

export interface Session {
  readonly client: Client;
  readonly driver: Driver;
  close(): Promise<void>;
}

export function whereIs({ contactPoints, keyspace, table }: CassandraOptions): string {
  return `cassandra://${contactPoints.join(',')}/${keyspace}.${table}`;
}

/** Connects. The driver is loaded here, so that importing the plugin loads nothing. @throws AuspexError */
export async function connect(options: CassandraOptions): Promise<Session> {
  const where = whereIs(options);
  const module = await driver('cassandra-driver', '4', () => import('cassandra-driver'));
  const loaded = ((module as { default?: Driver }).default ?? module) as Driver;
  const given = options.client as unknown as Client | undefined;
  if (given) return { client: given, driver: loaded, close: async () => undefined };
  const client = new loaded.Client(settings(options, loaded, where));
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown().catch(() => undefined);
    throw refused(error, options, where);
  }
  return { client, driver: loaded, close: () => client.shutdown() };
}

function settings(options: CassandraOptions, { policies }: Driver, where: string): DseClientOptions {
  const { contactPoints, datacenter, user, password, tls, timeout } = options;
  const files = typeof tls === 'object' ? tls : {};
  const [ca, cert, key] = [pem(files.ca, where), pem(files.cert, where), pem(files.key, where)];
  return {
    contactPoints: [...contactPoints],
    localDataCenter: datacenter,
    applicationName: 'auspex',
    ...(user === undefined ? {} : { credentials: { username: user, password: password ?? '' } }),
    ...(tls === false
      ? {}
      : { sslOptions: { rejectUnauthorized: true, ...(ca ? { ca: [ca] } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) } }),
    socketOptions: { connectTimeout: Math.min(timeout, 5_000), readTimeout: timeout },
    pooling: { warmup: true },
    policies: {
      // The store tries again by itself, with random waits, and only what may succeed later.
      retry: new policies.retry.FallthroughRetryPolicy(),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(200, 4_000),
    },
    queryOptions: { prepare: true },
  };
}

interface DriverError {
  readonly name?: string;
  readonly code?: number;
  readonly isSocketError?: boolean;
  readonly message: string;
  readonly innerErrors?: Readonly<Record<string, DriverError>>;
  readonly additionalInfo?: DriverError;
}

function refused(error: unknown, options: CassandraOptions, where: string): AuspexError {
  const { message, innerErrors = {} } = error as DriverError;
  const causes = Object.values(innerErrors);
  const login = [error as DriverError, ...causes].find((each) => each.name === 'AuthenticationError' || each.code === 0x0100);
  if (login) {
    const why =
      options.user === undefined ? 'the database asks for a user, and none is named' : 'the database refuses this user or its password';
    return unusable('refused', `${why}: ${login.message}`, where, 'Correct user and password.', error);
  }
  const elsewhere = /only found hosts in data centers: \[(.*?)\]/.exec(message)?.[1];
  if (elsewhere !== undefined) {
    const path = 'store(cassandra).datacenter';
    const remedy = 'Name the datacenter as the cluster does.';
    return new AuspexError('CONFIG_INVALID', `the cluster has no datacenter ${options.datacenter}; it has ${elsewhere}`, {
      path,
      remedy,
      cause: error,
    });
  }
  const first = causes[0]?.message ?? message;
  const remedy = 'Start the database, or correct contactPoints; TLS needs the right ca.';
  return unusable('unreachable', `none of the contact points answered: ${first}`, where, remedy, error);
}

/** The error where the server answered, and the user may not; undefined for any other. */
export function forbidden(error: unknown, where: string): AuspexError | undefined {
  const { code, message } = error as DriverError;
  if (code !== 0x2100 && code !== 0x0100) return undefined;
  return unusable(
    'refused',
    `the database refuses this user: ${message}`,
    where,
    'Grant the user SELECT, MODIFY and CREATE on the keyspace.',
    error,
  );
}

/** Overloaded, bootstrapping, too few replicas, timeouts and failures of some, no connection. */
const RETRIABLE = new Set([0x1000, 0x1001, 0x1002, 0x1100, 0x1200, 0x1300, 0x1500, 0x1700, 0x0000]);
const UNSENT = new Set(['NoHostAvailableError', 'OperationTimedOutError', 'BusyConnectionError']);

export function isRetriable(error: unknown): boolean {
  const { name = '', code, isSocketError } = error as DriverError;
  if (isSocketError) return true;
  if (name === 'ResponseError') return RETRIABLE.has(code ?? -1);
  return UNSENT.has(name) || /^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH)/.test(String(code));
}

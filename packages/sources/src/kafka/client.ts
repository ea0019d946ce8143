import { readFileSync } from 'node:fs';
import { AuspexError, type ErrorCode, type Logger, loadPeer } from '@auspex/contracts';
import type { KafkaOptions } from './config.ts';

export interface TopicOffsets {
  readonly partition: number;
  readonly low: string;
  readonly high: string;
}

export interface Message {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: string;
  readonly headers?: Record<string, unknown>;
}

export interface EachBatch {
  readonly batch: { readonly partition: number; readonly highWatermark: string; readonly messages: readonly Message[] };
  resolveOffset(offset: string): void;
  heartbeat(): Promise<void>;
  isRunning(): boolean;
  isStale(): boolean;
}

/** The part of a kafkajs consumer that is called. */
export interface ConsumerLike {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  subscribe(what: { topics: string[]; fromBeginning: boolean }): Promise<void>;
  run(how: {
    autoCommit: boolean;
    eachBatchAutoResolve: boolean;
    partitionsConsumedConcurrently: number;
    eachBatch(payload: EachBatch): Promise<void>;
  }): Promise<void>;
  pause(what: { topic: string; partitions: number[] }[]): void;
  resume(what: { topic: string; partitions: number[] }[]): void;
  seek(to: { topic: string; partition: number; offset: string }): void;
  commitOffsets(offsets: { topic: string; partition: number; offset: string }[]): Promise<void>;
  on(event: string, listen: (event: { payload: Record<string, unknown> }) => void): () => void;
}

export interface AdminLike {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  fetchTopicOffsets(topic: string): Promise<TopicOffsets[]>;
  /** Asked by `auspex doctor` alone; a host's client may lack them. */
  fetchOffsets?(what: {
    groupId: string;
    topics: string[];
  }): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  fetchTopicMetadata?(what: { topics: string[] }): Promise<unknown>;
}

export interface ProducerLike {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  send(what: {
    topic: string;
    messages: { key: Buffer | null; value: Buffer | null; headers?: Record<string, string> }[];
  }): Promise<unknown>;
}

/** The part of a kafkajs client that is called: a host may hand in its own. */
export interface KafkaLike {
  consumer(options: object): ConsumerLike;
  admin(options?: object): AdminLike;
  producer(options?: object): ProducerLike;
}

const PLUGIN = 'source(kafka)';

/** @throws AuspexError PLUGIN_NOT_FOUND without kafkajs, CONFIG_INVALID where brokers, password or certificate are missing */
export async function openClient(options: KafkaOptions, logger: Logger): Promise<KafkaLike> {
  if (options.client) return options.client;
  if (!options.brokers) throw new AuspexError('CONFIG_INVALID', 'give either brokers or client', { path: PLUGIN });
  const { Kafka, logLevel } = await loadPeer(PLUGIN, 'kafkajs', () => import('kafkajs'));
  const sasl = options.sasl && {
    mechanism: options.sasl.mechanism,
    username: options.sasl.username,
    password: passwordOf(options.sasl.passwordEnv),
  };
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: Math.min(options.startLimit, 3_000),
    // Whoever takes the connection and says nothing must not outlast the start; a wait for a rebalance has a limit of its own.
    requestTimeout: Math.max(options.startLimit, 10_000),
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      const { message, ...rest } = entry.log;
      const { error, groupId, memberId } = rest as Record<string, unknown>;
      // Its errors are told again by whoever was waiting: a warning is enough here.
      logger.debug({ namespace: entry.namespace, error, groupId, memberId }, message);
    },
    ...(options.tls === false ? {} : { ssl: options.tls === true ? true : { ca: [certificate(options.tls.ca)] } }),
    ...(sasl ? { sasl: sasl as never } : {}),
  }) as unknown as KafkaLike;
}

function passwordOf(variable: string): string {
  const password = process.env[variable];
  if (password !== undefined && password !== '') return password;
  throw new AuspexError('CONFIG_INVALID', `the environment variable ${variable} is not set`, {
    path: `${PLUGIN}.sasl.passwordEnv`,
    remedy: 'Set it to the password, or name the variable that holds it.',
  });
}

function certificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AuspexError('CONFIG_INVALID', `the certificate ${file} cannot be read: ${(cause as Error).message}`, {
      path: `${PLUGIN}.tls.ca`,
      cause,
    });
  }
}

/** What a failure of kafkajs means to the person who set it up. */
export function kafkaError(cause: unknown, options: KafkaOptions): AuspexError {
  if (cause instanceof AuspexError) return cause;
  const error = cause as Error & { type?: string; originalError?: unknown; cause?: unknown };
  const inner = (error.originalError ?? error.cause) as (Error & { type?: string }) | undefined;
  const text = `${error.name} ${error.type ?? ''} ${error.message} ${inner?.name ?? ''} ${inner?.type ?? ''} ${inner?.message ?? ''}`;
  const brokers = options.brokers?.join(', ') ?? 'the brokers of the client';
  const fail = (code: ErrorCode, message: string, remedy: string): AuspexError =>
    new AuspexError(code, message, { path: PLUGIN, remedy, cause });
  if (/SASL|AUTHENTICATION/i.test(text))
    return fail(
      'SOURCE_REFUSED',
      `${brokers} refuses user or password`,
      'Correct sasl: mechanism, username, and the variable with the password.',
    );
  if (/AUTHORIZATION/i.test(text))
    return fail(
      'SOURCE_REFUSED',
      `this user may not read the topic "${options.topic}" as group "${options.group}"`,
      'Grant Read on the topic and on the group, and Describe on the topic.',
    );
  // kafkajs keeps to itself why: a broker that is down, or a password, would have been told before.
  if (/GroupCoordinatorNotFound/.test(text))
    return fail(
      'SOURCE_REFUSED',
      `no broker names the coordinator of the group "${options.group}": this user may not use the group`,
      'Grant Read on the group; where a broker has just gone, start again.',
    );
  if (/UNKNOWN_TOPIC|does not host this topic/i.test(text))
    return fail('SOURCE_MISSING', `there is no topic "${options.topic}" at ${brokers}`, 'Create the topic, or correct its name.');
  if (/ECONNREFUSED|ENOTFOUND|ETIMEDOUT|Connection|not connected|Closed|timed? ?out|no answer/i.test(text))
    return fail(
      'SOURCE_UNREACHABLE',
      `no broker answers at ${brokers}: ${error.message}`,
      'Check address, listener, TLS and firewall; kcat -L -b HOST:PORT shows what a client sees.',
    );
  return fail('SOURCE_FAILED', error.message, 'See the cause.');
}

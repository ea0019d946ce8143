import type { UsageEvent } from '@auspex/contracts';
import { eventReader } from '../ndjson/parse.ts';
import type { EachBatch, Message } from './client.ts';
import type { KafkaOptions } from './config.ts';

/** What a user's codec is given of a message. */
export interface KafkaRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  /** When it was produced, or appended: as the topic is set up. Epoch ms. */
  readonly timestamp: number;
  readonly partition: number;
  readonly offset: string;
}

/** A message with what kafkajs tells besides. */
export interface Fetched extends Message {
  readonly timestamp?: string;
}

/** A batch with what kafkajs tells besides; a host's client may tell less. */
export type FetchedBatch = EachBatch['batch'] & {
  /** The offset that was asked for. */
  readonly fetchedOffset?: string;
  /** Of the last record, markers of transactions included, which are no messages. */
  lastOffset?(): string;
};

/** Adds the events of a message to `into`; text = why it holds none, and then nothing was added. */
export type Decode = (message: Fetched, partition: number, into: UsageEvent[]) => string | undefined;

/** What a value says, before it is made an event; throws where it cannot be read. */
type Parse = (message: Fetched, value: Buffer, partition: number) => unknown;

const json: Parse = (_message, value) => {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    throw new Error('no valid JSON');
  }
};

/** The codec of the options, else JSON. A value is one event or a list of them; a tombstone (no value) is nothing. */
export function decoder(options: KafkaOptions): Decode {
  const toEvent = eventReader(options);
  const parse = options.decode === undefined ? json : byCodec(options.decode);
  return (message, partition, into) => {
    const { value } = message;
    if (value === null) return undefined;
    const before = into.length;
    try {
      const parsed = parse(message, value, partition);
      if (Array.isArray(parsed)) {
        for (const each of parsed) addTo(into, toEvent(each));
      } else if (parsed !== undefined) addTo(into, toEvent(parsed));
      return undefined;
    } catch (error) {
      // Whole or not at all: half a message could not be read again from its offset.
      into.length = before;
      return error instanceof Error ? error.message : String(error);
    }
  };
}

/** @throws where there is no event: what it says is why */
function addTo(into: UsageEvent[], event: UsageEvent | string): void {
  if (typeof event === 'string') throw new Error(event);
  into.push(event);
}

function byCodec(decode: NonNullable<KafkaOptions['decode']>): Parse {
  return ({ key, headers = {}, timestamp, offset }, value, partition) => {
    const decoded = decode({ key, value, headers, timestamp: Number(timestamp), partition, offset });
    if (typeof (decoded as PromiseLike<unknown> | undefined)?.then === 'function') {
      (decoded as PromiseLike<unknown>).then(undefined, () => undefined);
      throw new Error('decode answered with a promise: it must answer at once, with schemas that were loaded before');
    }
    return decoded;
  };
}

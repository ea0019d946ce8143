import type { UsageEvent } from '@auspex/contracts';
import { eventReader } from '../ndjson/parse.ts';
import type { Message } from './client.ts';
import type { KafkaOptions } from './config.ts';

/** One message as events; text = why it holds none. */
export type Decode = (message: Message) => readonly UsageEvent[] | string;

/** JSON values: one event, or a list of them. A tombstone (no value) is nothing. */
export function jsonDecoder(options: KafkaOptions): Decode {
  const read = eventReader(options);
  return ({ value }) => {
    if (value === null) return [];
    let parsed: unknown;
    try {
      parsed = JSON.parse(value.toString('utf8'));
    } catch {
      return 'no valid JSON';
    }
    if (!Array.isArray(parsed)) {
      const event = read(parsed);
      return typeof event === 'string' ? event : [event];
    }
    const events: UsageEvent[] = [];
    for (const each of parsed) {
      const event = read(each);
      // Whole or not at all: half a message could not be read again from its offset.
      if (typeof event === 'string') return event;
      events.push(event);
    }
    return events;
  };
}

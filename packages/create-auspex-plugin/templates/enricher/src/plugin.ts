import { defineEnricher, type Enricher, type UsageEvent } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        prefix: z.string().min(1).describe('Begin of the resource.'),
        group: z.string().min(1).describe('Group of what begins so.'),
      }),
    )
    .default([])
    .describe('Groups by the beginning of the path that was asked for; the longest that fits wins.'),
  otherwise: z.string().default('').describe('Group of what no rule fits. Default: left to the next enricher.'),
});

/** Names the group of an event by its path. It runs for every event: synchronous, and below a microsecond. */
class PathGroups implements Enricher<undefined> {
  readonly #rules: readonly { readonly prefix: string; readonly group: string }[];
  readonly #otherwise: string;

  constructor({ rules, otherwise }: z.output<typeof options>) {
    // A copy: options are frozen, and shared by every instance.
    this.#rules = [...rules].sort((a, b) => b.prefix.length - a.prefix.length);
    this.#otherwise = otherwise;
  }

  // This one needs no state. One that does keeps it here for one shard: data, never on the instance, which serves all shards;
  // users by a hash with a key of `context.random`, never in clear; and `expire` says what the passing of time has decided.
  begin(): undefined {}

  /** The same object, completed. What was measured stays as it was, and a user is never invented. */
  enrich(_: undefined, event: UsageEvent): UsageEvent {
    if (event.group !== '') return event;
    const path = event.resource ?? '';
    event.group = this.#rules.find(({ prefix }) => path.startsWith(prefix))?.group ?? this.#otherwise;
    return event;
  }

  encode(): Uint8Array {
    return new Uint8Array();
  }

  decode(bytes: Uint8Array): undefined {
    if (bytes.length > 0) throw new TypeError('this is no state of __ID__: it has none');
  }
}

/** The enricher `__ID__`. */
export const __VALUE__ = defineEnricher({
  id: '__ID__',
  summary: 'Names the group of an event by the path that was asked for.',
  config: options,
  create: (given) => new PathGroups(given),
});

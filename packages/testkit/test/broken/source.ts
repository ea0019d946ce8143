import { AuspexError, defineSource, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import type { SourceSubject } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

const START = Date.UTC(2026, 0, 5);
const MINUTE = 60_000;
const BATCH = 3;
/** Two partitions of so many events. */
const EVENTS = 12;

type Input = 'whole' | 'gone' | 'one broken record';

const event = (n: number): UsageEvent => ({
  at: START + n * MINUTE,
  kind: 'request',
  group: 'web',
  pop: '',
  outcome: 'served',
  user: `u${n}`,
});

/** A list in memory: two partitions, with a gap between the sixth and the seventh event of each. */
function tiny(input: Input): Source {
  return {
    async *open(from, signal) {
      if (input === 'gone') throw new AuspexError('SOURCE_NOT_FOUND', 'there is no such list');
      for (let start = 0; start < EVENTS; start += BATCH) {
        for (const partition of ['a', 'b']) {
          if (signal.aborted) return;
          const next = Number(from[partition] ?? 0);
          if (start + BATCH <= next) continue;
          const events = Array.from({ length: BATCH }, (_, i) => event(start + i + (start < EVENTS / 2 ? 0 : 10)));
          const position = String(start + BATCH);
          const malformed = input === 'one broken record' && partition === 'b' && start === BATCH ? { malformed: 1 } : {};
          const gaps = start === EVENTS / 2 ? { gaps: [{ from: START + 6 * MINUTE, to: START + 16 * MINUTE }] } : {};
          const end = start + BATCH >= EVENTS ? { end: true } : {};
          yield { partition, events, position, watermark: (events.at(-1) as UsageEvent).at, ...malformed, ...gaps, ...end };
        }
      }
    },
    close: async () => {},
  };
}

type Change = (right: Source, input: Input) => Partial<Source>;

const subject = (change: Change) => (): SourceSubject => ({
  events: 2 * EVENTS,
  down: { input: 'gone' },
  malformed: { input: 'one broken record' },
  plugin: defineSource({
    id: 'tiny',
    summary: 'A test.',
    config: z.strictObject({ input: z.enum(['whole', 'gone', 'one broken record']).default('whole').describe('What to read.') }),
    capabilities: { replayable: true, silence: 'zero' },
    create: ({ input }) => {
      const right = tiny(input);
      return { ...right, ...change(right, input) };
    },
  }),
});

export const rightSource = subject(() => ({}));

const broken = (law: string, how: string, change: Change): Broken<SourceSubject> => ({ law, how, make: subject(change) });

type Batches = AsyncIterable<SourceBatch>;
/** Another reading, made of the batches of the right one. */
const reading =
  (change: (batches: Batches, from: Readonly<Record<string, string>>, signal: AbortSignal) => Batches): Change =>
  (right) => ({
    open: (from, signal) => change(right.open(from, signal), from, signal),
  });
/** Every batch changed; `i` counts from the beginning of the reading. */
const batching = (change: (batch: SourceBatch, i: number) => SourceBatch | readonly SourceBatch[]): Change =>
  reading(async function* (batches) {
    let i = 0;
    for await (const batch of batches) yield* [change(batch, i++)].flat();
  });
const eventing = (change: (event: UsageEvent, i: number) => UsageEvent): Change =>
  batching((batch) => ({ ...batch, events: batch.events.map(change) }));

const order = 'two instances read the same, in the same order';
const next = 'it goes on with exactly the next event';
const event3 = 'an event has a time, a kind and an outcome, and no negative count';
const stop = 'it ends when it is told to, and gives nothing after';
const down = 'input that cannot be read is an error, and no silence';
const malformed = 'a record that cannot be read is counted and skipped';

let opened = 0;

export const brokenSources: readonly Broken<SourceSubject>[] = [
  ...commonlyBroken(rightSource),
  broken('it gives every event, and each once', 'the end of the input is not read', (right, input) =>
    input === 'whole'
      ? batching((batch) => ({ ...batch, events: batch.events.filter(({ at }) => at < START + 21 * MINUTE) }))(right, input)
      : {},
  ),
  broken('it gives every event, and each once', 'one event is read twice', (right, input) =>
    input === 'whole'
      ? batching((batch) => (batch.position === '6' ? { ...batch, events: [...batch.events, event(5)] } : batch))(right, input)
      : {},
  ),
  broken(
    event3,
    'a time is no number',
    eventing((one, i) => (i === 1 && one.at > START + 15 * MINUTE ? { ...one, at: Number.NaN } : one)),
  ),
  broken(
    event3,
    'an unknown outcome is let through',
    eventing((one) => ({ ...one, outcome: 'ok' as never })),
  ),
  broken(
    event3,
    'a correction is a negative count',
    eventing((one) => ({ ...one, count: -1 })),
  ),
  broken(
    event3,
    'what is not known is undefined',
    eventing((one) => ({ ...one, pop: undefined as never })),
  ),
  broken(
    'each event is an object of its own that can be completed',
    'one object serves for all events of a batch',
    batching((batch) => ({
      ...batch,
      events: batch.events.map(() => batch.events[0] as UsageEvent),
    })),
  ),
  broken(
    'each event is an object of its own that can be completed',
    'events are frozen',
    eventing((one) => Object.freeze(one)),
  ),
  broken(order, 'an instance has an order of its own', (right) => {
    const turned = opened++ % 2 === 1;
    return {
      async *open(from, signal) {
        for await (const batch of right.open(from, signal)) {
          // Only a reading from the beginning, so that resuming is not disturbed.
          const own = turned && Object.keys(from).length === 0 && batch.partition === 'a' && batch.position === '3';
          yield own ? { ...batch, events: batch.events.toReversed() } : batch;
        }
      },
    };
  }),
  broken(
    next,
    'the last event comes again',
    reading(async function* (batches, from) {
      let first = true;
      for await (const batch of batches) {
        const again = first && from[batch.partition] !== undefined;
        first = false;
        yield again ? { ...batch, events: [event(0), ...batch.events] } : batch;
      }
    }),
  ),
  broken(
    next,
    'an event is skipped',
    reading(async function* (batches, from) {
      let first = true;
      for await (const batch of batches) {
        const skips = first && from[batch.partition] !== undefined;
        first = false;
        yield skips ? { ...batch, events: batch.events.slice(1) } : batch;
      }
    }),
  ),
  broken(next, 'one position is kept for both partitions', (right) => ({
    open: (from, signal) => right.open(from['a'] === undefined ? from : { a: from['a'], b: from['a'] }, signal),
  })),
  broken('a position is at most a kilobyte', 'it holds all that was seen', (right) => ({
    async *open(from, signal) {
      const short = Object.fromEntries(Object.entries(from).map(([partition, position]) => [partition, position.split(' ')[0] as string]));
      for await (const batch of right.open(short, signal)) yield { ...batch, position: `${batch.position} ${'seen '.repeat(300)}` };
    },
  })),
  broken(
    'no event is earlier than a watermark that was given',
    'the watermark is the wall clock',
    batching((batch, i) => (i === 0 ? { ...batch, watermark: START + 365 * 86_400_000 } : batch)),
  ),
  broken(
    'nothing happens in a gap',
    'the gap takes in its end',
    batching((batch) => ({
      ...batch,
      gaps: (batch.gaps ?? []).map(({ from, to }) => ({ from, to: to + 1 })),
    })),
  ),
  broken(
    'nothing happens in a gap',
    'the gap ends before it begins',
    batching((batch) => ({
      ...batch,
      gaps: (batch.gaps ?? []).map(({ from, to }) => ({ from: to, to: from })),
    })),
  ),
  broken(
    'a partition that has ended says nothing more',
    'each batch ends it',
    batching((batch) => ({ ...batch, end: true })),
  ),
  broken(stop, 'it does not look at the signal', (right) => ({
    open: (from) => right.open(from, new AbortController().signal),
  })),
  broken(
    stop,
    'it waits for its server',
    reading(async function* (batches, _, signal) {
      for await (const batch of batches) {
        yield batch;
        if (signal.aborted) await new Promise(() => {});
      }
    }),
  ),
  broken(down, 'it ends', (right, input) => (input === 'gone' ? { async *open() {} } : right)),
  broken(down, 'it tries again for ever', (right, input) =>
    input === 'gone' ? { open: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) } : right,
  ),
  broken(down, 'it throws what its client threw', (right, input) =>
    input === 'gone'
      ? {
          // biome-ignore lint/correctness/useYield: it fails before
          async *open() {
            throw new Error('ENOENT');
          },
        }
      : right,
  ),
  broken(
    malformed,
    'it is skipped in silence',
    batching(({ malformed: _, ...batch }) => batch),
  ),
  broken(
    malformed,
    'its neighbours are skipped too',
    batching((batch) => (batch.malformed ? { ...batch, events: batch.events.slice(1) } : batch)),
  ),
];

/** A source that waits for more when it has given all. */
export const liveSource = subject(
  reading(async function* (batches, _, signal) {
    for await (const { end: _, ...batch } of batches) yield batch;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }),
);

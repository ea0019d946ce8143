import type { Outcome, Source, SourceBatch, UsageEvent } from '@auspex/contracts';
import { broken, type Law, LawBroken, laws, must, notOffered } from '../law.ts';
import { within } from '../run/limit.ts';
import type { SourceSubject } from '../subject.ts';
import { commonLaws } from './common.ts';
import { byPartition, eventsOf, positionsAfter, readAll } from './support/reading.ts';
import { difference } from './support/same.ts';

/** Longest that a source may go on after it was told to stop, or may take to say that its input is gone; milliseconds. */
const PROMPT = 1_500;
const GONE = 3_000;
/** Most places at which reading is cut off and taken up again. */
const MOST_CUTS = 12;
const OUTCOMES: readonly Outcome[] = ['served', 'throttled', 'failed', 'timed-out'];
const whole = (value: number | undefined): boolean => value === undefined || (Number.isFinite(value) && value >= 0);

/** What is wrong with an event as a source made it; undefined = nothing. */
function wrongOf(event: UsageEvent): string | undefined {
  const { at, kind, outcome, attempt, count, weight, bytes, group, pop } = event;
  if (!Number.isFinite(at)) return `its time is ${at}`;
  if (typeof kind !== 'string' || kind === '') return `its kind is ${JSON.stringify(kind)}`;
  if (!OUTCOMES.includes(outcome)) return `its outcome is ${JSON.stringify(outcome)}`;
  if (typeof group !== 'string' || typeof pop !== 'string') return "its group and POP are no text; what is not known is ''";
  if (!whole(count)) return `its count is ${count}`;
  if (!whole(weight)) return `its weight is ${weight}`;
  if (!whole(bytes)) return `its bytes are ${bytes}`;
  if (attempt !== undefined && !(Number.isInteger(attempt) && attempt >= 1)) return `its attempt is ${attempt}`;
  return undefined;
}

/** Up to `MOST_CUTS` of the batches after which reading may be cut off, spread over all. */
function cuts(batches: readonly SourceBatch[]): number[] {
  const every = Math.max(1, Math.ceil(batches.length / MOST_CUTS));
  return batches.map((_, i) => i).filter((i) => i % every === 0);
}

const list: readonly Law<'source'>[] = [
  {
    name: 'it gives every event, and each once',
    why: 'demand is what is counted here: nothing later can tell a lost event from a quiet minute',
    async check(subject, tools) {
      const { length } = eventsOf(await readAll(tools.create(), subject.events));
      must(length === subject.events, `its input holds ${subject.events} events, and it gives ${length}`);
    },
  },
  {
    name: 'an event has a time, a kind and an outcome, and no negative count',
    why: 'one event of no time stops the clock of its partition, one of a negative count takes demand away',
    async check(subject, tools) {
      for (const [i, event] of eventsOf(await readAll(tools.create(), subject.events)).entries()) {
        const wrong = wrongOf(event);
        if (wrong !== undefined) broken(`event ${i + 1}: ${wrong}`);
      }
    },
  },
  {
    name: 'each event is an object of its own that can be completed',
    why: 'enrichers write the group and POP into the event that they are given',
    async check(subject, tools) {
      const events = eventsOf(await readAll(tools.create(), subject.events));
      const shared = events.length - new Set(events).size;
      must(shared === 0, `${shared} of ${events.length} events are objects that were given before`);
      must(!events.some((event) => Object.isFrozen(event) || Object.isSealed(event)), 'its events are frozen');
    },
  },
  {
    name: 'two instances read the same, in the same order',
    why: 'a replay, and the instance that takes over, read again what another one read',
    async check(subject, tools) {
      const [one, other] = await Promise.all([readAll(tools.create(), subject.events), readAll(tools.create(), subject.events)]);
      const found = difference(byPartition(one), byPartition(other));
      if (found !== undefined) broken(`two instances at once: ${found}`);
    },
  },
  {
    name: 'it goes on with exactly the next event',
    why: 'after a crash an event that is skipped is lost demand, and one that comes again is demand that nobody had',
    unless: ({ plugin }) => (plugin.capabilities.replayable ? undefined : 'it declares that it cannot go back'),
    async check(subject, tools) {
      const all = await readAll(tools.create(), subject.events);
      must(all.length > 1, 'the input of the subject is one batch: nothing can be resumed; give it more events or smaller batches');
      for (const i of cuts(all)) {
        const [before, after] = [all.slice(0, i + 1), all.slice(i + 1)];
        const rest = await readAll(tools.create(), eventsOf(after).length, positionsAfter(before));
        const [got, should] = [eventsOf(rest).length, eventsOf(after).length];
        const where = `killed after batch ${i + 1} of ${all.length} and resumed`;
        must(got === should, `${where}: ${should} events were left, and it gives ${got}`);
        const found = difference(byPartition(rest.filter(filled)), byPartition(after.filter(filled)));
        if (found !== undefined) broken(`${where}: ${found}`);
      }
    },
  },
  {
    name: 'a position is at most a kilobyte',
    why: 'the positions of all partitions are in every checkpoint',
    async check(subject, tools) {
      for (const { partition, position } of await readAll(tools.create(), subject.events)) {
        must(typeof position === 'string', `a position of "${partition}" is ${typeof position}`);
        const size = new TextEncoder().encode(position).length;
        must(size <= 1024, `a position of "${partition}" has ${size} bytes`);
      }
    },
  },
  {
    name: 'no event is earlier than a watermark that was given',
    why: 'steps before a watermark are closed: what comes for them afterwards is late, and left out of demand',
    async check(subject, tools) {
      const watermarks = new Map<string, number>();
      for (const { partition, events, watermark } of await readAll(tools.create(), subject.events)) {
        const passed = watermarks.get(partition) ?? Number.NEGATIVE_INFINITY;
        const late = events.find((event) => event.at < passed);
        must(late === undefined, () => `"${partition}" was complete up to ${passed}, and then it gives an event of ${late?.at}`);
        if (watermark === undefined) continue;
        must(Number.isFinite(watermark), `a watermark of "${partition}" is ${watermark}`);
        watermarks.set(partition, Math.max(passed, watermark));
      }
    },
  },
  {
    name: 'nothing happens in a gap',
    why: 'steps in a gap are missing, whatever was counted in them',
    async check(subject, tools) {
      const batches = await readAll(tools.create(), subject.events);
      for (const { partition, gaps = [] } of batches) {
        for (const { from, to } of gaps) {
          must(from < to, `a gap of "${partition}" goes from ${from} to ${to}`);
          const inside = batches.find((one) => one.partition === partition && one.events.some(({ at }) => at >= from && at < to));
          must(inside === undefined, `"${partition}" has a gap from ${from} to ${to}, and an event in it`);
        }
      }
    },
  },
  {
    name: 'a partition that has ended says nothing more',
    why: 'its last step is closed: what comes later is late, and left out of demand',
    async check(subject, tools) {
      const ended = new Set<string>();
      for (const { partition, end } of await readAll(tools.create(), subject.events)) {
        must(!ended.has(partition), `"${partition}" said that it ends, and then it gives another batch`);
        if (end) ended.add(partition);
      }
    },
  },
  {
    name: 'it ends when it is told to, and gives nothing after',
    why: 'a deploy waits for it, and what it gives after its end is in no checkpoint',
    async check(_, tools) {
      for (const read of [0, 1]) {
        const stop = new AbortController();
        const iterator = tools.create().open({}, stop.signal)[Symbol.asyncIterator]();
        for (let i = 0; i < read; i++) await iterator.next();
        stop.abort(new Error('stopped'));
        const late = `it goes on ${PROMPT} ms after it was told to stop, ${read} batches in`;
        // Rejecting with the reason of the signal is an end, too.
        const ended = iterator.next().catch(() => ({ done: true, value: undefined }));
        const next = await within(ended, PROMPT, late);
        must(next.done === true, () => `told to stop ${read} batches in, it gives another batch of ${next.value?.events.length} events`);
      }
    },
  },
  {
    name: 'input that cannot be read is an error, and no silence',
    why: 'a source that is down and says nothing looks like users who have gone: the fleet is taken away',
    unless: (subject) => (subject.down === undefined ? notOffered('the subject has no input that is down') : undefined),
    async check(subject, tools) {
      const error = await within(
        readDown(() => tools.create({}, subject.down)),
        GONE,
        `its input is gone, and after ${GONE} ms it has not said so`,
      );
      must(error !== undefined, 'its input is gone, and it ends as if it were empty');
      const { name, message } = error as Error;
      must(name === 'AuspexError', `it throws ${name}: ${message}; an AuspexError says what to do`);
    },
  },
  {
    name: 'a record that cannot be read is counted and skipped',
    why: 'one broken line must not stop a source, and a thousand of them must not go unseen',
    unless: (subject) => (subject.malformed === undefined ? notOffered('the subject has no input with a broken record') : undefined),
    async check(subject, tools) {
      const batches = await readAll(tools.create({}, subject.malformed), subject.events);
      const malformed = batches.reduce((sum, batch) => sum + (batch.malformed ?? 0), 0);
      must(malformed === 1, `its input holds one broken record, and it counts ${malformed}`);
      const { length } = eventsOf(batches);
      must(length === subject.events, `beside the broken record its input holds ${subject.events} events, and it gives ${length}`);
    },
  },
];

const filled = (batch: SourceBatch): boolean => batch.events.length > 0;

/** What reading an input that is gone ends with. */
async function readDown(make: () => Source): Promise<unknown> {
  const stop = new AbortController();
  try {
    for await (const { events } of make().open({}, stop.signal)) must(events.length === 0, 'its input is gone, and it gives events');
    return undefined;
  } catch (error) {
    if (error instanceof LawBroken) throw error;
    return error;
  } finally {
    stop.abort(new Error('read'));
  }
}

/** What every source does. */
export const sourceLaws = laws('source', [
  ...commonLaws<'source'>(async (source: Source, subject: SourceSubject) => {
    const batches = await readAll(source, subject.events);
    await source.commit?.(positionsAfter(batches));
  }),
  ...list,
]);

import { setTimeout as wait } from 'node:timers/promises';
import { AuspexError, use } from '@auspex/contracts';
import { afterEach, describe, expect, type TestContext, test } from 'vitest';
import { need } from '../../../test/servers/index.ts';
import { kafka, kafkaConfig } from '../src/kafka/index.ts';
import { Hands, Sharing, Topic, until } from './kafka-tools.ts';
import { file } from './tools.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);
const users = (from: number, to: number): string[] => numbers(from, to).map((n) => `u${n}`);

async function topicOf(context: TestContext, partitions = 1): Promise<Topic & { options: { brokers: string[]; topic: string } }> {
  const { address } = await need('kafka', context, { shared: true });
  const topic = await Topic.make(address, partitions);
  closing.push(() => topic.close());
  return Object.assign(topic, { options: { brokers: [address], topic: topic.name, group: topic.name, idle: '1s', session: '6s' } });
}

function share(options: object, hands: Hands): Sharing {
  const sharing = new Sharing(options, hands);
  closing.push(() => sharing.stop());
  return sharing;
}

describe('what is read', () => {
  test('each partition in its order, from its beginning, in batches of the size that was asked for', async (context) => {
    const topic = await topicOf(context, 3);
    for (const partition of [0, 1, 2]) await topic.send(numbers(100 * partition, 100 * partition + 50), partition);
    const hands = new Hands();
    share({ ...topic.options, batch: 20 }, hands);
    await until(() => hands.events().length === 150);
    for (const partition of [0, 1, 2]) {
      expect(hands.users(String(partition))).toEqual(users(100 * partition, 100 * partition + 50));
      const own = hands.batches.filter((batch) => batch.partition === String(partition) && batch.events.length > 0);
      expect(Math.max(...own.map(({ events }) => events.length))).toBeLessThanOrEqual(20);
      expect(own.at(-1)?.position).toBe('50');
    }
  });

  test('goes on where the shard stands, whatever the group has committed', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 30));
    await topic.admin.setOffsets({ groupId: topic.name, topic: topic.name, partitions: [{ partition: 0, offset: '25' }] });
    const hands = new Hands();
    hands.positions.set('0', '12');
    share(topic.options, hands);
    await until(() => hands.events().length >= 18);
    expect(hands.users()).toEqual(users(12, 30));
  });

  test('beginning: false begins with what comes next, and only where nothing is known', async (context) => {
    const topic = await topicOf(context, 2);
    await topic.send(numbers(0, 10), 0);
    await topic.send(numbers(0, 10), 1);
    const hands = new Hands();
    hands.positions.set('1', '4');
    share({ ...topic.options, beginning: false }, hands);
    await until(() => hands.events('1').length === 6);
    await until(() => hands.log.length === 2 && hands.mine.length === 2);
    // Where it begins is asked once the shard is there: only what is told of the partition shows that it was.
    await until(() => hands.batches.some(({ partition, watermark }) => partition === '0' && watermark !== undefined));
    await topic.send(numbers(10, 15), 0);
    await until(() => hands.events('0').length === 5);
    expect(hands.users('0')).toEqual(users(10, 15));
  });

  test('JSON arrays are several events, tombstones none', async (context) => {
    const topic = await topicOf(context);
    const at = new Date().toISOString();
    await topic.send([
      JSON.stringify([
        { at, user: 'a' },
        { at, user: 'b', outcome: 503, count: 3 },
      ]),
      null,
      JSON.stringify([]),
      7,
    ]);
    const hands = new Hands();
    const { meter } = share(topic.options, hands);
    await until(() => hands.events().length === 3);
    expect(hands.events()).toMatchObject([{ user: 'a' }, { user: 'b', outcome: 'throttled', count: 3 }, { user: 'u7' }]);
    expect(hands.positions.get('0')).toBe('4');
    expect(meter.values.has(`auspex_kafka_poison_total{topic=${topic.name}}`)).toBe(false);
  });

  test('a codec of the host reads what is no JSON; what it throws for is poison', async (context) => {
    const topic = await topicOf(context);
    const values = ['a;2', '', 'broken', 'many', 'b;3'].map((text) => Buffer.from(text));
    await topic.send(values, 0, { timestamp: '1767600000000', headers: { kind: 'login' }, key: 'k' });
    const hands = new Hands();
    const seen: object[] = [];
    const decode = (record: {
      key: Buffer | null;
      value: Buffer;
      headers: Record<string, unknown>;
      timestamp: number;
      partition: number;
      offset: string;
    }) => {
      seen.push({ ...record, key: String(record.key), value: String(record.value), headers: String(record.headers['kind']) });
      const text = record.value.toString();
      if (text === '') return undefined;
      if (text === 'many') return [1, 2].map((count) => ({ at: record.timestamp, user: 'm', count }));
      const [user, count] = text.split(';');
      if (count === undefined) throw new Error('no semicolon');
      return { at: record.timestamp, user, count: Number(count), kind: String(record.headers['kind']) };
    };
    const { logger } = share({ ...topic.options, decode }, hands);
    await until(() => hands.events().length === 4);
    expect(seen[0]).toEqual({ key: 'k', value: 'a;2', headers: 'login', timestamp: 1767600000000, partition: 0, offset: '0' });
    expect(hands.events()).toMatchObject([
      { user: 'a', count: 2, kind: 'login', at: 1767600000000 },
      { user: 'm', count: 1 },
      { user: 'm', count: 2 },
      { user: 'b', count: 3 },
    ]);
    expect(hands.batches.reduce((sum, { malformed = 0 }) => sum + malformed, 0)).toBe(1);
    expect(logger.lines).toContainEqual(expect.objectContaining({ fields: expect.objectContaining({ offset: '2', why: 'no semicolon' }) }));
  });

  test('a codec that answers with a promise is told so', async (context) => {
    const topic = await topicOf(context);
    await topic.send([1]);
    const hands = new Hands();
    const { logger } = share({ ...topic.options, decode: async () => ({}) }, hands);
    await until(() => hands.batches.some(({ malformed }) => malformed === 1));
    expect(logger.lines.map(({ fields }) => (fields as { why?: string }).why).find(Boolean)).toContain('promise');
  });

  test('what transactions leave behind is neither an event nor lag', async (context) => {
    const topic = await topicOf(context);
    const producer = topic.client.producer({ transactionalId: topic.name, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    closing.push(() => producer.disconnect());
    const value = JSON.stringify({ at: new Date().toISOString(), user: 'kept' });
    const transact = async (keep: boolean): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: topic.name, messages: [{ value: keep ? value : value.replace('kept', 'aborted') }] });
      await (keep ? transaction.commit() : transaction.abort());
    };
    for (const keep of [true, false, true, false]) await transact(keep);
    const hands = new Hands();
    share(topic.options, hands);
    // Read to the end: eight records, four of them markers.
    await until(() => hands.batches.some(({ watermark }) => watermark !== undefined));
    expect(hands.users()).toEqual(['kept', 'kept']);
    expect(hands.positions.get('0')).toBe('8');
    // What comes alone and holds no message is skipped by kafkajs without a word to its reader.
    await transact(false);
    await until(() => hands.positions.get('0') === '10');
    await transact(true);
    await until(() => hands.users().length === 3);
  });
});

describe('what cannot be read', () => {
  test('is counted and sent to the dead-letter topic as it is; the rest is counted', async (context) => {
    const topic = await topicOf(context);
    const dead = `${topic.name}-dead`;
    await topic.create(dead);
    await topic.send([1]);
    await topic.send(['{"at":'], 0, { key: 'k', headers: { trace: 'abc' } });
    await topic.send([JSON.stringify([{ at: 1767600000000, user: 'half' }, { user: 'no time' }]), '{"at":"2026-01-05T08:00:00"}', '7', 2]);
    const hands = new Hands();
    const { meter } = share({ ...topic.options, deadLetter: dead }, hands);
    await until(() => hands.events().length === 2);
    expect(hands.users()).toEqual(['u1', 'u2']);
    expect(hands.batches.reduce((sum, { malformed = 0 }) => sum + malformed, 0)).toBe(4);
    expect(meter.values.get(`auspex_kafka_poison_total{topic=${topic.name}}`)).toBe(4);
    const letters = await topic.read(dead, 4);
    expect(letters[0]).toEqual({
      key: 'k',
      value: '{"at":',
      headers: { trace: 'abc', 'auspex-topic': topic.name, 'auspex-partition': '0', 'auspex-offset': '1', 'auspex-why': 'no valid JSON' },
    });
    expect(letters.map(({ headers }) => headers['auspex-offset'])).toEqual(['1', '2', '3', '4']);
    expect(letters[1]?.headers['auspex-why']).toBe('no time under "at"');
    // A local time and no zone: one record must not end what reads all the others.
    expect(letters[2]?.headers['auspex-why']).toContain('no zone is given');
  });

  test('a dead-letter topic that is not there is found out at the start', async (context) => {
    const topic = await topicOf(context);
    const sharing = share({ ...topic.options, deadLetter: `${topic.name}-none` }, new Hands());
    await sharing.ended;
    expect(sharing.error).toBeInstanceOf(AuspexError);
    expect((sharing.error as Error).message).toContain(`${topic.name}-none`);
  });
});

describe('a shard that is slow, lost or behind', () => {
  test('one that takes nothing holds up no other, and the group keeps us longer than a session', async (context) => {
    const topic = await topicOf(context, 2);
    await topic.send(numbers(0, 50), 0);
    await topic.send(numbers(50, 60), 1);
    const hands = new Hands();
    hands.hold('0');
    const sharing = share({ ...topic.options, batch: 10 }, hands);
    await until(() => hands.events('1').length === 10);
    // The session is six seconds: whoever sends no heartbeat is expelled within them.
    await wait(9_000);
    await topic.send(numbers(60, 70), 1);
    await until(() => hands.events('1').length === 20);
    expect(hands.events('0')).toEqual([]);
    hands.open('0');
    await until(() => hands.events('0').length === 50);
    expect(hands.users('0')).toEqual(users(0, 50));
    expect(hands.users('1')).toEqual(users(50, 70));
    expect(hands.log.toSorted()).toEqual(['take 0', 'take 1']);
    expect(sharing.logger.lines.filter(({ message }) => message === 'partitions were dealt')).toHaveLength(1);
  });

  test('one that takes nothing is given up at the end all the same', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 20));
    const hands = new Hands();
    hands.hold('0');
    const sharing = share(topic.options, hands);
    await until(() => hands.asked.has('0'));
    await wait(1_500);
    await sharing.stop();
    expect(hands.log).toEqual(['take 0', 'release 0']);
    expect(hands.events()).toEqual([]);
    expect(sharing.error).toBeUndefined();
  });

  test('one whose lease went to another is taken anew, and goes on where that one stood', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 20));
    const hands = new Hands();
    share({ ...topic.options, batch: 5 }, hands);
    await until(() => hands.events().length === 20);
    hands.refuse('0');
    await topic.send(numbers(20, 40));
    await until(() => hands.events().length === 40);
    expect(hands.users()).toEqual(users(0, 40));
    expect(hands.log).toEqual(['take 0', 'take 0']);
  });

  test('messages that were deleted before they were read are a gap in the log', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 30));
    await topic.forget(10);
    const hands = new Hands();
    hands.positions.set('0', '4');
    const { logger } = share(topic.options, hands);
    await until(() => hands.events().length === 20);
    expect(hands.users()).toEqual(users(10, 30));
    expect(logger.lines).toContainEqual({
      level: 'error',
      message: 'messages that were not read are gone from the topic: a gap',
      fields: { topic: topic.name, partition: 0, from: '4', to: '10' },
    });
  });

  test('and so are those that are deleted while the shard takes nothing', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 30));
    const hands = new Hands();
    hands.hold('0');
    const { logger } = share({ ...topic.options, batch: 5 }, hands);
    await until(() => hands.asked.has('0'));
    // Longer than the source is patient.
    await wait(1_500);
    await topic.forget(20);
    hands.open('0');
    await until(() => hands.events().length === 15);
    await topic.send(numbers(30, 35));
    await until(() => hands.events().length === 20);
    expect(hands.users()).toEqual([...users(0, 5), ...users(20, 35)]);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: { topic: topic.name, partition: 0, from: '5', to: '20' } }),
    );
  });

  test('a partition that ends before what was read to is refused', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 3));
    const hands = new Hands();
    hands.positions.set('0', '10');
    const sharing = share(topic.options, hands);
    await sharing.ended;
    expect(sharing.error).toMatchObject({ code: 'SOURCE_FAILED' });
    expect((sharing.error as Error).message).toContain('partition 0 ends at 3, and 10 was read to');
    expect(hands.mine).toEqual([]);
    expect(hands.events()).toEqual([]);
  });

  test('so is one that is made anew while it is read', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 20));
    const hands = new Hands();
    const sharing = share(topic.options, hands);
    await until(() => hands.events().length === 20);
    await topic.admin.deleteTopics({ topics: [topic.name] });
    await until(() =>
      topic.create(topic.name).then(
        () => true,
        () => false,
      ),
    );
    await until(() =>
      topic.send(numbers(20, 23)).then(
        () => true,
        () => false,
      ),
    );
    await sharing.ended;
    expect((sharing.error as Error).message).toContain('made anew');
    expect(hands.users()).toEqual(users(0, 20));
  });
});

describe('silence and lag', () => {
  test('a partition that is read to its end vouches for the past, one that is held up does not', async (context) => {
    const topic = await topicOf(context, 2);
    await topic.send(numbers(0, 5), 0);
    await topic.send(numbers(0, 5), 1);
    const hands = new Hands();
    hands.hold('1');
    share(topic.options, hands);
    const vouched = (partition: string) => hands.batches.filter((batch) => batch.partition === partition && batch.watermark !== undefined);
    await until(() => vouched('0').length >= 2);
    expect(vouched('1')).toEqual([]);
    for (const { watermark, position, events } of vouched('0')) {
      expect({ events, position }).toEqual({ events: [], position: '5' });
      expect(watermark).toBeLessThanOrEqual(Date.now() - 1_000);
    }
    hands.open('1');
    await until(() => vouched('1').length > 0);
  });

  test('lag is what the shard has not taken, and nothing once the partition is given', async (context) => {
    const topic = await topicOf(context);
    await topic.send(numbers(0, 30));
    const hands = new Hands();
    hands.hold('0');
    const sharing = share({ ...topic.options, batch: 10 }, hands);
    const lag = () => sharing.meter.values.get(`auspex_kafka_lag{partition=0,topic=${topic.name}}`);
    await until(() => lag() === 30);
    await topic.send(numbers(30, 42));
    await until(() => lag() === 42);
    hands.open('0');
    await until(() => lag() === 0 && hands.events().length === 42);
    await sharing.stop();
    expect(lag()).toBe(0);
  });
});

describe('several instances', () => {
  test('one that joins takes over exactly its part, one that leaves gives it back; nothing is counted twice', async (context) => {
    const topic = await topicOf(context, 4);
    let sent = 0;
    const send = async (): Promise<void> => {
      for (const partition of [0, 1, 2, 3]) await topic.send(numbers(sent, sent + 25), partition);
      sent += 25;
    };
    await send();
    const first = new Hands();
    const a = share({ ...topic.options, batch: 10 }, first);
    await until(() => first.events().length === 100);
    const second = new Hands(first);
    const b = share({ ...topic.options, batch: 10 }, second);
    await until(() => first.mine.length === 2 && second.mine.length === 2);
    await send();
    const both = () => first.events().length + second.events().length;
    await until(() => both() === 200);
    expect([...first.mine, ...second.mine].sort()).toEqual(['0', '1', '2', '3']);
    // What stayed with the first was neither given nor taken again.
    for (const partition of first.mine) expect(first.log.filter((each) => each.endsWith(partition))).toEqual([`take ${partition}`]);
    for (const partition of second.mine)
      expect(first.log.filter((each) => each.endsWith(partition))).toEqual([`take ${partition}`, `release ${partition}`]);
    await b.stop();
    await until(() => first.mine.length === 4);
    await send();
    await until(() => both() === 300);
    await a.stop();
    expect([a.error, b.error]).toEqual([undefined, undefined]);
    for (const partition of ['0', '1', '2', '3']) {
      const all = [...first.users(partition), ...second.users(partition)];
      expect(all.toSorted()).toEqual(users(0, 75).toSorted());
    }
  });
});

describe('with an engine', () => {
  test('what the group has committed is never ahead of what is durable, and as far at the end', async (context) => {
    const { createShardedEngine } = await import('../../core/src/index.ts');
    const { readCheckpoint } = await import('../../core/src/persistence/checkpoint.ts');
    const { preset } = await import('../../preset/src/index.ts');
    const { MapStore } = await import('@auspex/testkit');
    const topic = await topicOf(context, 2);
    const store = new MapStore();
    const durable = async (partition: number): Promise<number> => {
      const bytes = await store.get(`shard/${partition}/engine/checkpoint`);
      return bytes ? Number(readCheckpoint(bytes).shards[0]?.position ?? 0) : 0;
    };
    const committed = async (): Promise<number[]> => {
      const [of] = await topic.admin.fetchOffsets({ groupId: topic.name, topics: [topic.name] });
      const offsets = new Map(of?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
      return [0, 1].map((partition) => offsets.get(partition) ?? 0);
    };
    // By value through the engine's config, which is parsed once and frozen.
    const decode = ({ value }: { value: Buffer }): unknown => JSON.parse(String(value));
    const engine = createShardedEngine(
      preset({ step: '1m', sources: [use(kafka, { ...topic.options, batch: 50, decode })], pools: [{ id: 'web', unitRate: 10 }] }),
      { mode: 'shadow', host: { store } },
    );
    await engine.start();
    const running = engine.run();
    running.catch(() => undefined);
    closing.push(() => engine.close());
    const begin = Math.floor(Date.now() / 60_000 - 90) * 60_000;
    let last = [0, 0];
    for (let minute = 0; minute < 90; minute += 10) {
      const events = numbers(0, 200).map((n) => JSON.stringify({ at: begin + minute * 60_000 + n * 3_000, group: `g${n % 3}` }));
      for (const partition of [0, 1]) await topic.send(events, partition);
      // Asked first: what is durable may only have grown since.
      last = await committed();
      for (const partition of [0, 1]) expect(last[partition]).toBeLessThanOrEqual(await durable(partition));
    }
    await until(async () => (await committed()).every((offset) => offset > 0));
    await until(() => engine.counts().events === 3_600);
    await engine.close();
    await running;
    expect(await committed()).toEqual([1_800, 1_800]);
    expect([await durable(0), await durable(1)]).toEqual([1_800, 1_800]);
  });
});

describe('with one engine', () => {
  test('all partitions are read, decided on and ordered for, and after a kill each event counts once', async (context) => {
    const { createEngine, decodeUsage, readJournal, WallClock } = await import('../../core/src/index.ts');
    const { preset, simulated } = await import('../../preset/src/index.ts');
    const { MapStore } = await import('@auspex/testkit');
    const topic = await topicOf(context, 3);
    const begin = Math.floor(Date.now() / 60_000 - 90) * 60_000;
    // Its waits are the wall's: the broker's answers take that time.
    let now = begin;
    let decided = 0;
    const clock = Object.assign(new WallClock(), { now: () => now });
    const at = async (store: InstanceType<typeof MapStore>) => {
      const pools = [{ id: 'web', unitRate: 1, leadTime: '2m', actuator: use(simulated) }];
      // A partition vouches for its silence by the wall's time: it says nothing here.
      const sources = [use(kafka, { ...topic.options, batch: 50, idle: '1d' })];
      const engine = createEngine(preset({ step: '1m', lateness: '0s', predictors: [], sources, pools }), {
        mode: 'live',
        host: { store, clock },
      });
      engine.hooks.decided.tap('test', ({ step }) => {
        decided = step;
      });
      await engine.start();
      closing.push(() => engine.close());
      const running = engine.run();
      running.catch(() => undefined);
      return engine;
    };
    const send = async (minute: number): Promise<void> => {
      now = begin + (minute + 1) * 60_000;
      for (const partition of [0, 1, 2]) {
        await topic.send(
          numbers(0, 60).map((n) => JSON.stringify({ at: begin + minute * 60_000 + n * 1_000, group: `g${partition}` })),
          partition,
        );
      }
    };
    const store = new MapStore();
    const first = await at(store);
    for (let minute = 0; minute < 12; minute++) {
      await send(minute);
      await until(() => minute === 0 || decided === begin + minute * 60_000);
      // What was decided is ordered before time goes on.
      await wait(100);
    }
    // What is left of a kill: the store as it was, without the lease.
    const left = new MapStore();
    for await (const [key, value] of store.scan('')) if (!key.startsWith('lease/')) await left.batch([{ type: 'put', key, value }]);
    await first.close();
    const second = await at(left);
    for (let minute = 12; minute < 20; minute++) {
      await send(minute);
      await until(() => decided === begin + minute * 60_000);
      await wait(100);
    }
    await until(async () => {
      let sum = 0;
      for await (const [, bytes] of left.scan('usage/')) for (const usage of decodeUsage(bytes).usage) sum += usage.offered;
      return sum >= 19 * 180;
    });
    await second.close();
    const counted = new Map<number, number>();
    for await (const [, bytes] of left.scan('usage/')) {
      const { step, usage } = decodeUsage(bytes);
      counted.set(
        (step - begin) / 60_000,
        usage.reduce((sum, { offered }) => sum + offered, 0),
      );
    }
    expect(numbers(0, 19).map((minute) => counted.get(minute))).toEqual(numbers(0, 19).map(() => 180));
    const units: number[] = [];
    for await (const line of readJournal(left)) {
      const record = JSON.parse(line);
      if (record.type === 'receipt') units.push(record.receipt.units);
    }
    // Three a second at 70 % of one a second each, as soon as that is known.
    expect(units.length).toBeGreaterThan(14);
    expect(Math.min(...units.slice(2))).toBeGreaterThanOrEqual(5);
  });
});

describe('a broker that wants to know who comes', () => {
  test('SASL PLAIN, SCRAM-SHA-256 and TLS with a certificate of its own', async (context) => {
    const { address, details } = await need('kafka', context, { shared: true, secure: true });
    const topic = await Topic.make(address);
    closing.push(() => topic.close());
    await topic.send(numbers(0, 5));
    process.env['KAFKA_TEST_PASSWORD'] = details['password'];
    const sasl = { username: details['user'], passwordEnv: 'KAFKA_TEST_PASSWORD' };
    const ca = file('ca.pem', details['ca'] as string);
    for (const how of [
      { brokers: [details['sasl']], sasl: { ...sasl, mechanism: 'plain' } },
      { brokers: [details['sasl']], sasl: { ...sasl, mechanism: 'scram-sha-256' } },
      { brokers: [details['tls']], tls: { ca } },
    ]) {
      const hands = new Hands();
      const sharing = share({ topic: topic.name, group: `${topic.name}-${JSON.stringify(how).length}`, ...how }, hands);
      await until(() => hands.events().length === 5 || sharing.error);
      expect(sharing.error).toBeUndefined();
      await sharing.stop();
    }
  });

  test('one that refuses the password, or whose certificate nobody knows, ends the start and says so', async (context) => {
    const { address, details } = await need('kafka', context, { shared: true, secure: true });
    const topic = await Topic.make(address);
    closing.push(() => topic.close());
    process.env['KAFKA_TEST_WRONG'] = 'wrong';
    const sasl = { mechanism: 'plain', username: details['user'], passwordEnv: 'KAFKA_TEST_WRONG' };
    for (const how of [
      { brokers: [details['sasl']], sasl },
      { brokers: [details['tls']], tls: true },
    ]) {
      const sharing = share({ topic: topic.name, ...how }, new Hands());
      await sharing.ended;
      expect(sharing.error).toBeInstanceOf(AuspexError);
      expect((sharing.error as Error).message).not.toContain('wrong');
    }
  });
});

test('a codec and a client are functions by value, and anything else is refused', () => {
  const decode = (): undefined => undefined;
  expect(kafkaConfig.parse({ brokers: ['b:1'], topic: 't', decode }).decode).toBe(decode);
  expect(() => kafkaConfig.parse({ brokers: ['b:1'], topic: 't', decode: 'avro' })).toThrow();
});

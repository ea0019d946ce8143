import type { Alert } from '@auspex/contracts';
import { describe, expect, it } from 'vitest';
import { Courier } from '../src/alerting/courier.ts';
import { Outbox } from '../src/alerting/outbox.ts';
import { MemoryMeter } from '../src/defaults/logger.ts';
import { MapStore, MINUTE, T0 } from './fakes.ts';

/* Who has not heard of a begin does not hear of its end; and what a failing sink is warned of. */

const HOUR = 60 * MINUTE;

function alert(fingerprint: string, status: Alert['status'], over: Partial<Alert> = {}): Alert {
  const startsAt = over.startsAt ?? T0;
  return {
    ...{ fingerprint, key: `${fingerprint}@${startsAt}/${status}`, status, severity: 'warning', summary: fingerprint },
    ...{ step: T0, startsAt, labels: { pool: 'web' } },
    ...over,
  };
}
const begin = (fingerprint = 'a', over: Partial<Alert> = {}) => alert(fingerprint, 'firing', over);
const end = (fingerprint = 'a', over: Partial<Alert> = {}) => alert(fingerprint, 'resolved', over);

/** A courier whose sink refuses what `refuses` says with the reason that it gives. Its clock goes on with each wait, and stands at T0 at first. */
function make({ store, giveUpMs = HOUR, now = T0 }: { store?: MapStore; giveUpMs?: number; now?: number } = {}) {
  const outbox = new Outbox('s');
  const seen = { now, sent: [] as string[], lines: [] as string[], tries: 0 };
  const sink = { refuses: (_: Alert): string | undefined => undefined };
  const clock = {
    now: () => seen.now,
    sleep: async (ms: number) => {
      seen.now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const logger = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [level, (_: object, text: string) => seen.lines.push(`${level} ${text}`)]),
  ) as never;
  const send = async (alerts: readonly Alert[]): Promise<void> => {
    seen.tries++;
    const reason = alerts.map((each) => sink.refuses(each)).find((each) => each !== undefined);
    if (reason !== undefined) throw new Error(reason);
    seen.sent.push(...alerts.map(({ fingerprint, status }) => `${fingerprint} ${status}`));
  };
  const meter = new MemoryMeter();
  const parts = { store, clock, logger, meter, limitMs: 1_000, giveUpMs, groupBy: [] };
  const courier = new Courier(outbox, { send }, parts);
  const put = async (...alerts: Alert[]): Promise<void> => {
    const from = outbox.next;
    for (const each of alerts) outbox.put(each);
    await store?.batch(outbox.writes(from));
    outbox.release(outbox.next);
  };
  return { outbox, courier, put, sink, seen, meter };
}

async function eventually(check: () => boolean): Promise<void> {
  for (let i = 0; i < 5_000 && !check(); i++) await new Promise((resolve) => setImmediate(resolve));
  expect(check()).toBe(true);
}

describe('the end of what a sink has not heard of', () => {
  it('is not sent, where the begin was given up before it or while it waited', async () => {
    const { outbox, courier, put, sink, seen, meter } = make({ store: new MapStore() });
    sink.refuses = ({ status }) => (status === 'firing' ? 'gone' : undefined);
    await put(begin('early'), begin('late'), end('late', { step: T0 + HOUR }));
    courier.start();
    await eventually(() => outbox.size === 0);
    sink.refuses = () => undefined;
    await put(end('early'), begin('other'), end('other'));
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(seen.sent).toEqual(['other firing', 'other resolved']);
    expect(meter.values.get('auspex_alert_sends_total{outcome=dropped,sink=s}')).toBe(4);
    expect(meter.values.get('auspex_alerts_waiting{sink=s}')).toBe(0);
  });

  it('leaves the store with its begin', async () => {
    const store = new MapStore();
    const { outbox, courier, put, sink, seen } = make({ store });
    sink.refuses = ({ status }) => (status === 'firing' ? 'gone' : undefined);
    await put(begin(), end('a', { step: T0 + HOUR }));
    expect(store.map.size).toBe(2);
    courier.start();
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect([seen.sent, [...store.map.keys()]]).toEqual([[], []]);
  });

  it('is not sent, where there was no room for the begin', async () => {
    const { outbox, put } = make();
    await put(begin('dropped'), ...Array.from({ length: 9_999 }, (_, n) => begin(`n${n}`)));
    await put(end('n0'), end('n9998'));
    expect(outbox.size).toBe(10_000);
    expect(outbox.unasked.map(({ alert: { key } }) => key)).toEqual([end('n0').key]);
  });

  it('is sent, where a repeat of the begin arrived after that was given up', async () => {
    const { outbox, courier, put, sink, seen } = make();
    sink.refuses = () => 'gone';
    await put(begin());
    courier.start();
    await eventually(() => outbox.size === 0);
    await put(begin('a', { step: seen.now }), end('a', { step: seen.now }));
    sink.refuses = () => undefined;
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(seen.sent).toEqual(['a firing', 'a resolved']);
  });

  it('is sent, where the begin had arrived and only a repeat was given up', async () => {
    const { outbox, courier, put, sink, seen } = make();
    await put(begin());
    courier.start();
    await eventually(() => outbox.size === 0);
    sink.refuses = () => 'gone';
    await put(begin('a', { step: seen.now }));
    await eventually(() => outbox.size === 0);
    sink.refuses = () => undefined;
    await put(end('a', { step: seen.now }));
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(seen.sent).toEqual(['a firing', 'a resolved']);
  });

  it('is of that episode alone: the next one of the same cause is told whole', async () => {
    const { outbox, courier, put, sink, seen } = make();
    sink.refuses = () => 'gone';
    await put(begin());
    courier.start();
    await eventually(() => outbox.size === 0);
    sink.refuses = () => undefined;
    const next = { startsAt: seen.now, step: seen.now };
    await put(end(), begin('a', next), end('a', next));
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(seen.sent).toEqual(['a firing', 'a resolved']);
  });
});

describe('after a restart', () => {
  it.each<[string, object]>([
    ['that began since', { store: new MapStore() }],
    ['whenever it began, where no store knows of a time before', { now: T0 + 2 * HOUR }],
  ])('the end is not sent of what is told only once it has lasted, %s', async (_, given) => {
    const { outbox, courier, put, sink, seen } = make(given);
    sink.refuses = ({ status }) => (status === 'firing' ? 'gone' : undefined);
    await put(begin('a', { step: T0 + 10 * MINUTE }));
    courier.start();
    await eventually(() => outbox.size === 0);
    await put(end('a', { step: seen.now }));
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(seen.sent).toEqual([]);
  });

  it('the end is sent of what began before it, of which nobody knows any longer whether it arrived', async () => {
    const store = new MapStore();
    const first = make({ store });
    first.sink.refuses = ({ fingerprint }) => (fingerprint === 'waits' ? 'gone' : undefined);
    await first.put(begin('arrived'), begin('waits'));
    first.courier.start();
    await eventually(() => first.seen.sent.length === 1);
    await first.courier.close();
    const { outbox, courier, put, sink, seen } = make({ store, now: T0 + 2 * HOUR });
    for (const [key, bytes] of store.map) outbox.restore(Number(key.split('/')[2]), bytes);
    sink.refuses = ({ status }) => (status === 'firing' ? 'gone' : undefined);
    await put(begin('arrived', { step: T0 + HOUR }), end('waits', { step: seen.now }));
    courier.start();
    await eventually(() => outbox.size === 0);
    await put(end('arrived', { step: seen.now }));
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(seen.sent).toEqual(['waits resolved', 'arrived resolved']);
  });

  it('the end is not sent of what began since, also where its steps lie before the start: it reads up', async () => {
    const { outbox, courier, put, sink, seen } = make({ store: new MapStore(), now: T0 + 2 * HOUR });
    sink.refuses = () => 'gone';
    await put(begin('a', { startsAt: T0 + MINUTE, step: T0 + MINUTE }), begin('b', { startsAt: T0 + 3 * HOUR, step: T0 + 3 * HOUR }));
    courier.start();
    await eventually(() => outbox.size === 0);
    sink.refuses = () => undefined;
    await put(end('a', { startsAt: T0 + MINUTE, step: seen.now }), end('b', { startsAt: T0 + 3 * HOUR, step: seen.now }));
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(seen.sent).toEqual([]);
  });
});

describe('a sink that fails', () => {
  /** What is warned of, as the sink gives one reason after the other, each for a number of tries. */
  const warned = async (...reasons: readonly (readonly [reason: string, tries: number])[]): Promise<string[]> => {
    const { courier, put, sink, seen } = make({ giveUpMs: 1_000 * HOUR });
    const all = reasons.flatMap(([reason, tries]) => Array.from({ length: tries }, () => reason));
    sink.refuses = () => all[seen.tries - 1];
    await put(begin());
    courier.start();
    await eventually(() => seen.sent.length === 1);
    await courier.close();
    return seen.lines.filter((line) => line.startsWith('warn')).map((line) => line.slice('warn s took no alerts: '.length));
  };

  it('is warned of again where the reason changes', async () => {
    expect(await warned(['HTTP 500: boom', 9], ['no answer within 5s', 3], ['HTTP 401: who', 3])).toEqual([
      'HTTP 500: boom; 1 wait',
      'no answer within 5s; 1 wait',
      'HTTP 401: who; 1 wait',
    ]);
  });

  it('is warned of where the status alone changes, and not where an id or a time does', async () => {
    expect(await warned(['HTTP 401', 9], ['HTTP 403', 3])).toHaveLength(2);
    const ids = Array.from(
      { length: 20 },
      (_, n) => [`HTTP 500: request ${n}f${n}a at 12:${10 + n}:00Z after ${1_000 + n} ms`, 1] as const,
    );
    expect(await warned(...ids)).toHaveLength(1);
  });

  it('is warned of no more than once a minute, however often the reason changes, and of the last one in the end', async () => {
    // It is tried after 1, 2, 4 … 60 s: the first six within a minute.
    expect(await warned(['one', 1], ['two', 1], ['three', 1], ['four', 1], ['five', 20])).toEqual(['one; 1 wait', 'five; 1 wait']);
  });
});

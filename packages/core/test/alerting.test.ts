import type { Alert } from '@auspex/contracts';
import { describe, expect, it } from 'vitest';
import { AlertBoard } from '../src/alerting/board.ts';
import { Courier } from '../src/alerting/courier.ts';
import { Episodes, fingerprintOf } from '../src/alerting/episodes.ts';
import { RateLimit } from '../src/alerting/limit.ts';
import { readSilences, setSilence } from '../src/alerting/ordered.ts';
import { Outbox } from '../src/alerting/outbox.ts';
import { DEFAULT_RULES, type Rule, rulesOf } from '../src/alerting/rules.ts';
import { silencesOf } from '../src/alerting/silences.ts';
import { alerts as alertSettings, LABELS } from '../src/config/alerts.ts';
import { MemoryMeter, silentLogger } from '../src/defaults/logger.ts';
import { Journal } from '../src/journal.ts';
import { Failures } from '../src/stages/failures.ts';
import { MapStore, MINUTE, T0 } from './fakes.ts';

const HOUR = 60 * MINUTE;
const rule = (over: Partial<Rule> = {}): Rule => ({
  ...(rulesOf({ r: { when: 'anomaly' } }).find(({ name }) => name === 'r') as Rule),
  ...over,
});
const seen = (pool = 'web', summary = 's') => [{ labels: { pool }, summary }];
const alert = (fingerprint: string, over: Partial<Alert> = {}): Alert => ({
  fingerprint,
  key: `${fingerprint}@${over.status ?? 'firing'}`,
  status: 'firing',
  severity: 'warning',
  summary: fingerprint,
  step: T0,
  startsAt: T0,
  labels: { pool: 'web' },
  ...over,
});

describe('rules', () => {
  it('page of three things only', () => {
    const pages = Object.entries(DEFAULT_RULES).filter(([, { severity }]) => severity === 'page');
    expect(pages.map(([name]) => name)).toEqual(['safety-lost', 'floor-refused', 'no-capacity']);
  });

  it('of a config change those that come with Auspex, or turn them off', () => {
    const rules = rulesOf({
      anomaly: { above: 0.5, severity: 'page' },
      hostile: { severity: 'off' },
      mine: { when: 'surge', pools: ['web*'] },
    });
    const byName = new Map(rules.map((each) => [each.name, each]));
    expect(byName.get('anomaly')).toMatchObject({ when: 'anomaly', above: 0.5, severity: 'page' });
    expect(byName.has('hostile')).toBe(false);
    expect(byName.get('mine')).toMatchObject({ when: 'surge', severity: 'warning', above: 0.8 });
    expect([byName.get('mine')?.pools('web-1'), byName.get('mine')?.pools('api'), byName.get('mine')?.groups('web-1')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(() => rulesOf({ mine: { severity: 'page' } })).toThrow('alerts.rules.mine.when');
  });

  it('are narrowed by nothing that they do not look at: such a rule would see more than its author believes', () => {
    expect(() => rulesOf({ 'safety-lost': { groups: ['checkout'] } })).toThrow(
      'alerts.rules.safety-lost.groups: a rule that looks at unsafe has no `groups`',
    );
    expect(() => rulesOf({ mine: { when: 'surge', codes: ['X'] } })).toThrow('alerts.rules.mine.codes');
    expect(() => rulesOf({ failing: { above: 0.5 } })).toThrow('alerts.rules.failing.above');
    // Also where it is off: it would be wrong on the day on which it is turned on.
    expect(() => rulesOf({ notice: { pools: ['web'], severity: 'off' } })).toThrow('alerts.rules.notice.pools');
  });
});

describe('an episode', () => {
  const run = (rules: readonly Rule[], steps: readonly (readonly ReturnType<typeof seen>[])[], repeat = HOUR) => {
    const episodes = new Episodes(silencesOf([]), repeat, MINUTE);
    return steps.map((each, i) =>
      episodes.step(T0 + i * MINUTE, rules, each).map(({ status, startsAt, endsAt, step }) => ({ status, startsAt, endsAt, step })),
    );
  };
  const at = (minute: number) => T0 + minute * MINUTE;

  it('is told once it has lasted, once, and when it is over', () => {
    const told = run([rule({ forMs: 2 * MINUTE, keepMs: 3 * MINUTE })], [[seen()], [seen()], [seen()], [seen()], [[]], [[]], [[]], [[]]]);
    expect(told.map((each) => each.length)).toEqual([0, 0, 1, 0, 0, 0, 1, 0]);
    expect(told[2]).toEqual([{ status: 'firing', startsAt: at(0), endsAt: undefined, step: at(2) }]);
    expect(told[6]).toEqual([{ status: 'resolved', startsAt: at(0), endsAt: at(4), step: at(6) }]);
  });

  it('that did not last is not told, and one that returns within `keep` is the same', () => {
    expect(run([rule({ forMs: 2 * MINUTE })], [[seen()], [seen()], [[]], [[]], [[]], [seen()], [seen()]]).flat()).toEqual([]);
    // One good step between bad ones ends nothing.
    expect(run([rule({ forMs: 2 * MINUTE })], [[seen()], [[]], [seen()]]).flat()).toHaveLength(1);
    const told = run([rule({ keepMs: 3 * MINUTE })], [[seen()], [[]], [[]], [seen()], [[]], [[]], [[]]]);
    expect(told.map((each) => each.map(({ status }) => status))).toEqual([['firing'], [], [], [], [], [], ['resolved']]);
  });

  it('that lasts is told again, under the same key', () => {
    const episodes = new Episodes(silencesOf([]), 2 * MINUTE, MINUTE);
    const told = [0, 1, 2, 3, 4].flatMap((i) => episodes.step(at(i), [rule()], [seen()]));
    expect(told.map(({ step }) => step)).toEqual([at(0), at(2), at(4)]);
    expect(new Set(told.map(({ key }) => key)).size).toBe(1);
    // The next one of the same cause has another.
    for (let i = 5; i < 12; i++) episodes.step(at(i), [rule()], [[]]);
    const [next] = episodes.step(at(12), [rule()], [seen()]);
    expect(next?.fingerprint).toBe(told[0]?.fingerprint);
    expect(next?.key).not.toBe(told[0]?.key);
  });

  it('of another pool is another one; the order of labels does not count', () => {
    expect(fingerprintOf('r', { pool: 'a', pop: 'x' })).toBe(fingerprintOf('r', { pop: 'x', pool: 'a' }));
    expect(fingerprintOf('r', { pool: 'a' })).not.toBe(fingerprintOf('r', { pool: 'b' }));
    expect(fingerprintOf('r', { pool: 'a' })).not.toBe(fingerprintOf('q', { pool: 'a' }));
  });

  it('in a silence is told when the silence ends, if it lasts still; nobody hears of its end who did not hear of it', () => {
    const silence = silencesOf([{ match: { pool: 'we*', rule: 'r' }, from: T0, to: at(3) }]);
    const episodes = new Episodes(silence, HOUR, MINUTE);
    const both = [...seen('web'), ...seen('api')];
    const told = [0, 1, 2, 3].map((i) => episodes.step(at(i), [rule()], [both]).map(({ labels }) => labels['pool']));
    expect(told).toEqual([['api'], [], [], ['web']]);
    const short = new Episodes(silence, HOUR, MINUTE);
    expect([0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => short.step(at(i), [rule()], [i === 0 ? seen() : []]))).toEqual([]);
  });

  it('that only happened is told once, each by itself, tried again where it was held back, and never over', () => {
    const episodes = new Episodes(silencesOf([]), MINUTE, MINUTE);
    const happened = (text: string) => [{ labels: { code: 'DRIFT' }, summary: text, once: true }];
    const first = episodes.step(at(0), [rule({ forMs: HOUR })], [[...happened('web'), ...happened('api')]]);
    expect(first.map(({ summary, status }) => `${summary} ${status}`)).toEqual(['web firing', 'api firing']);
    episodes.held(first[0]?.fingerprint as string);
    expect(episodes.step(at(1), [rule()], [[]]).map(({ summary }) => summary)).toEqual(['web']);
    for (let i = 2; i < 20; i++) expect(episodes.step(at(i), [rule()], [[]])).toEqual([]);
    expect(episodes.size).toBe(0);
  });

  it('begins anew after a pause: what was seen hours ago is no part of it', () => {
    const episodes = new Episodes(silencesOf([]), HOUR, MINUTE);
    episodes.step(at(0), [rule({ forMs: 3 * MINUTE })], [seen()]);
    expect(episodes.step(at(120), [rule({ forMs: 3 * MINUTE })], [seen()])).toEqual([]);
  });

  it('is over as loud as it ever was, so that who heard of it hears of its end', () => {
    const episodes = new Episodes(silencesOf([]), HOUR, MINUTE);
    episodes.step(at(0), [rule({ severity: 'page' })], [seen()]);
    episodes.step(at(1), [rule({ severity: 'warning' })], [seen()]);
    expect(episodes.step(at(9), [rule({ severity: 'warning' })], [[]])).toMatchObject([{ status: 'resolved', severity: 'page' }]);
  });

  it('that pages has room where thousands of others have none', () => {
    const episodes = new Episodes(silencesOf([]), HOUR, MINUTE);
    const many = Array.from({ length: 5_001 }, (_, n) => seen(`pool-${n}`)).flat();
    expect(episodes.step(at(0), [rule()], [many])).toHaveLength(5_000);
    expect(episodes.refused).toBe(1);
    expect(episodes.step(at(1), [rule(), rule({ name: 'p', severity: 'page' })], [[], seen('live')])).toHaveLength(1);
  });

  it('whose rule is gone from the config is over', () => {
    const episodes = new Episodes(silencesOf([]), HOUR, MINUTE);
    episodes.step(at(0), [rule()], [seen()]);
    expect(episodes.step(at(1), [], []).map(({ status }) => status)).toEqual(['resolved']);
  });
});

describe('the limit', () => {
  const of = (name: string, over: Partial<Alert> = {}) => alert(name, { labels: { rule: name[0] as string }, ...over });

  it('holds back what is beyond it, says so once an hour, and lets pages and ends pass', () => {
    const limit = new RateLimit(2);
    const held: string[] = [];
    const pass = (minute: number, ...alerts: Alert[]) =>
      limit.pass(alerts, T0 + minute * MINUTE, ({ fingerprint }) => held.push(fingerprint)).map(({ summary }) => summary);
    expect(pass(0, of('a'), of('b'), of('c'), of('p', { severity: 'page' }), of('a', { status: 'resolved' }))).toEqual([
      'a',
      'b',
      'p',
      'a',
      expect.stringContaining('1 alert is held back'),
    ]);
    // However often it is tried, it is one.
    expect(pass(1, of('d'))).toEqual([]);
    expect(pass(2, of('d'))).toEqual([]);
    expect(pass(60, of('e'))).toEqual(['e', expect.stringContaining('1 alert is held back')]);
    expect(held).toEqual(['c', 'd', 'd']);
  });

  it('says when nothing has been held back for an hour, once', () => {
    const limit = new RateLimit(1);
    const pass = (minute: number, ...alerts: Alert[]) => limit.pass(alerts, T0 + minute * MINUTE, () => undefined);
    const [, first] = pass(0, of('a'), of('b'));
    const [, again] = pass(60, of('c'), of('d'));
    expect(again?.key).toBe(first?.key);
    const other = new RateLimit(1);
    other.restore(structuredClone(limit.encode()));
    expect(other.pass([], T0 + 119 * MINUTE, () => undefined)).toEqual([]);
    const [over] = other.pass([], T0 + 120 * MINUTE, () => undefined);
    expect(over).toMatchObject({ status: 'resolved', fingerprint: first?.fingerprint, startsAt: T0, endsAt: T0 + 120 * MINUTE });
    expect(other.pass([], T0 + 121 * MINUTE, () => undefined)).toEqual([]);
  });

  it('gives one rule no more than half, and warnings before information', () => {
    const limit = new RateLimit(4);
    const many = Array.from({ length: 10 }, (_, n) => of(`a${n}`));
    const passed = limit.pass([of('info', { severity: 'info' }), of('j', { severity: 'info' }), ...many, of('b')], T0, () => undefined);
    expect(passed.map(({ fingerprint }) => fingerprint).slice(0, -1)).toEqual(['info', 'a0', 'a1', 'b']);
    expect(passed.at(-1)?.summary).toContain('9 alerts are held back');
  });

  it('goes on where it was after a restart', () => {
    const [one, other] = [new RateLimit(1), new RateLimit(1)];
    one.pass([of('a'), of('b')], T0, () => undefined);
    other.restore(structuredClone(one.encode()));
    expect(other.pass([of('c')], T0 + MINUTE, () => undefined)).toEqual([]);
  });

  it('that held something back tries it again with the next step', () => {
    const episodes = new Episodes(silencesOf([]), HOUR, MINUTE);
    const limit = new RateLimit(1);
    const both = [...seen('web'), ...seen('api')];
    const step = (minute: number) => {
      const due = episodes.step(T0 + minute * MINUTE, [rule()], [both]);
      return limit.pass(due, T0 + minute * MINUTE, ({ fingerprint }) => episodes.held(fingerprint)).map(({ labels }) => labels['pool']);
    };
    expect(step(0)).toEqual(['web', undefined]);
    expect(step(1)).toEqual([]);
    // What is new goes before what is told again.
    expect(step(61)).toContain('api');
    expect(step(122)).toContain('web');
  });
});

describe('a board', () => {
  const sink = { name: 's', sink: { send: async () => undefined }, atLeast: 'info' as const };
  const make = () => {
    const failures = new Failures({}, silentLogger, new MemoryMeter());
    const board = new AlertBoard(alertSettings.parse({ rules: { mine: { when: 'surge' } } }), MINUTE, [sink], {
      journal: new Journal(),
      meter: new MemoryMeter(),
      failures,
      tells: true,
    });
    return { board, failures };
  };
  const facts = (over: object = {}) => ({
    step: T0,
    stepMs: MINUTE,
    isPast: false,
    detected: [],
    pools: [],
    failing: [],
    notices: [],
    ...over,
  });
  const failing = [{ stage: 'predict', plugin: 'rnn', subject: 'web', message: 'no', fallback: 'without it' }];

  it('goes on where a rule trips, and says which', () => {
    const { board, failures } = make();
    const broken = { pool: { id: 'web' }, truth: 'observed', decision: { surge: { probability: 0.1 } } };
    board.step(facts({ pools: [broken], failing }) as never);
    expect(failures.take()).toEqual([]);
    const worse = { ...broken, decision: { surge: { probability: 0.9, reference: null, contributions: 7 } } };
    board.step(facts({ step: T0 + MINUTE, pools: [worse], failing }) as never);
    expect(failures.take().map(({ stage, plugin }) => `${stage} ${plugin}`)).toEqual(['alert mine']);
    board.step(facts({ step: T0 + 2 * MINUTE }) as never);
    expect(failures.standing).toEqual([]);
  });

  it('keeps the silences that it knows while the store cannot be read', async () => {
    const { board, failures } = make();
    const store = new MapStore();
    await setSilence(store, { match: { rule: 'notice' }, made: T0 - MINUTE, until: T0 + HOUR, by: 'anna', reason: 'works' });
    await board.readSilences(store);
    store.scan = () => {
      throw new Error('gone');
    };
    await board.readSilences(store);
    expect(failures.take().map(({ message }) => message)).toEqual(['gone']);
    const notice = { code: 'ORDER_STALE', text: 'too late' };
    board.step(facts({ notices: [notice] }));
    expect(board.take().writes).toEqual([]);
    board.step(facts({ step: T0 + 2 * HOUR, notices: [notice] }));
    expect(board.take().writes).toHaveLength(1);
  });
});

describe('silences of operators', () => {
  it('that are over go when the next one is made', async () => {
    const store = new MapStore();
    const make = (pool: string, made: number) =>
      setSilence(store, { match: { pool }, made, until: made + HOUR, by: 'anna', reason: 'works' });
    await make('web', T0);
    await make('api', T0 + 30 * MINUTE);
    await make('shop', T0 + HOUR);
    expect((await readSilences(store)).map(({ match }) => match['pool']).sort()).toEqual(['api', 'shop']);
  });
});

describe('an outbox', () => {
  it('gives out nothing that is not in the store yet, and numbers on after a restart', async () => {
    const store = new MapStore();
    const outbox = new Outbox('s');
    outbox.put(alert('a'));
    expect(outbox.waiting).toEqual([]);
    await store.batch(outbox.writes(0));
    outbox.put(alert('b'));
    outbox.release(1);
    expect(outbox.waiting.map(({ alert: { fingerprint } }) => fingerprint)).toEqual(['a']);
    const next = new Outbox('s');
    for (const [key, bytes] of store.map) next.restore(Number(key.split('/')[2]), bytes);
    expect(next.waiting.map(({ alert: { key } }) => key)).toEqual(['a@firing']);
    expect(next.next).toBe(1);
    await next.done(next.waiting, store);
    expect([...store.map.keys()]).toEqual([]);
  });

  it('holds a repeat once, and in want of room drops the oldest that is no page', () => {
    const outbox = new Outbox('s');
    outbox.put(alert('page', { severity: 'page' }));
    outbox.put(alert('old'));
    outbox.put(alert('old'));
    expect(outbox.size).toBe(2);
    for (let i = 2; i < 10_000; i++) outbox.put(alert(`n${i}`));
    outbox.release(outbox.next);
    expect(outbox.put(alert('one more')).map(({ alert: { fingerprint } }) => fingerprint)).toEqual(['old']);
    expect(outbox.size).toBe(10_000);
  });
});

describe('a courier', () => {
  /** Sleeps are turns of the event loop, and are noted. */
  const make = (
    send: (alerts: readonly Alert[], signal: AbortSignal) => Promise<void>,
    over: { limitMs?: number; giveUpMs?: number } = {},
  ) => {
    const outbox = new Outbox('s');
    const sleeps: number[] = [];
    let now = T0;
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        sleeps.push(ms);
        now += ms;
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    const meter = new MemoryMeter();
    const lines: string[] = [];
    const logger = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((level) => [level, (_: object, text: string) => lines.push(`${level} ${text}`)]),
    ) as never;
    const parts = { store: undefined, clock, logger, meter, limitMs: 1_000, giveUpMs: 24 * HOUR, groupBy: ['pool'], ...over };
    const courier = new Courier(outbox, { send }, parts);
    const put = (...alerts: Alert[]) => {
      for (const each of alerts) outbox.put(each);
      outbox.release(outbox.next);
    };
    return { courier, outbox, put, sleeps, lines, meter };
  };
  const eventually = async (check: () => boolean) => {
    for (let i = 0; i < 2_000 && !check(); i++) await new Promise((resolve) => setImmediate(resolve));
    expect(check()).toBe(true);
  };

  it('puts together what agrees in the labels of groupBy, in order', async () => {
    const sent: string[][] = [];
    const { courier, put, outbox } = make(async (alerts) => void sent.push(alerts.map(({ fingerprint }) => fingerprint)));
    put(alert('a'), alert('b', { labels: { pool: 'api' } }), alert('c'));
    courier.start();
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(sent).toEqual([['a', 'c'], ['b']]);
  });

  it('tries a sink that is gone after 1, 2, 4 … 60 s, says so once, and sends all once it is back', async () => {
    let gone = true;
    const sent: string[] = [];
    const { courier, put, sleeps, lines, outbox } = make(async (alerts) => {
      if (gone) throw new Error('refused');
      sent.push(...alerts.map(({ fingerprint }) => fingerprint));
    });
    put(alert('a'), alert('b'));
    courier.start();
    await eventually(() => sleeps.length >= 9);
    gone = false;
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(sleeps.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => 1_000 * seconds));
    expect(sent.sort()).toEqual(['a', 'b']);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual(['warn s took no alerts: refused; 2 wait']);
    expect(lines.at(-1)).toBe('info s takes alerts again');
  });

  it('is not held up by one alert that its sink refuses, and gives that up in the end', async () => {
    const sent: string[] = [];
    const { courier, put, outbox, lines, meter } = make(
      async (alerts) => {
        if (alerts.some(({ fingerprint }) => fingerprint === 'poison')) throw new Error('400');
        sent.push(...alerts.map(({ fingerprint }) => fingerprint));
      },
      { giveUpMs: HOUR },
    );
    put(alert('poison'), alert('a'), alert('b'));
    courier.start();
    await eventually(() => sent.length === 2);
    put(alert('c'));
    await eventually(() => sent.length === 3 && outbox.size === 0);
    await courier.close();
    expect(sent.sort()).toEqual(['a', 'b', 'c']);
    expect(lines.some((line) => line.startsWith('error 1 alert(s) that s has not taken for 1h are given up'))).toBe(true);
    expect(meter.values.get('auspex_alert_sends_total{outcome=dropped,sink=s}')).toBe(1);
  });

  it('outlives a sink that rejects with nothing', async () => {
    let tries = 0;
    const { courier, put, outbox, lines } = make(() => (++tries < 3 ? Promise.reject() : Promise.resolve()));
    put(alert('a'));
    courier.start();
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(lines[0]).toBe('warn s took no alerts: it rejected with undefined; 1 wait');
  });

  it('outlives a logger that throws', async () => {
    let tries = 0;
    const { courier, put, outbox, lines } = make(() => (++tries < 2 ? Promise.reject(new Error('gone')) : Promise.resolve()));
    lines.push = () => {
      throw new Error('disk full');
    };
    put(alert('a'));
    courier.start();
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(tries).toBe(2);
  });

  it('says how many wait from the beginning, takes pages first, and no more than a message holds', async () => {
    const sent: number[] = [];
    const first: string[] = [];
    const outbox = new Outbox('s');
    for (let n = 0; n < 45; n++) outbox.put(alert(`n${n}`));
    outbox.put(alert('page', { severity: 'page', labels: { pool: 'live' } }));
    outbox.release(outbox.next);
    const meter = new MemoryMeter();
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const clock = { now: () => T0, sleep: async () => undefined };
    const parts = { store: undefined, clock, logger: silent, meter, limitMs: 1_000, giveUpMs: HOUR, groupBy: ['pool'] };
    const send = async (alerts: readonly Alert[]) => {
      sent.push(alerts.length);
      first.push((alerts[0] as Alert).fingerprint);
    };
    const courier = new Courier(outbox, { send }, parts);
    expect(meter.values.get('auspex_alerts_waiting{sink=s}')).toBe(46);
    courier.start();
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(sent).toEqual([1, 20, 20, 5]);
    expect(first[0]).toBe('page');
  });

  it('at a stop ends in seconds, whatever waits and however slow the sink is', async () => {
    const { courier, put, outbox } = make(() => new Promise((resolve) => setTimeout(resolve, 200)));
    put(...Array.from({ length: 100 }, (_, n) => alert(`n${n}`, { labels: { pool: String(n) } })));
    courier.start();
    await courier.close();
    // Three seconds of goodbye, and the one that was under way.
    expect(outbox.size).toBeGreaterThan(80);
    expect(outbox.size).toBeLessThan(100);
  });

  it('never lets an end overtake its begin', async () => {
    let gone = true;
    const sent: string[] = [];
    const { courier, put, outbox } = make(async (alerts) => {
      if (gone) throw new Error('refused');
      sent.push(...alerts.map(({ key }) => key));
    });
    put(alert('a'));
    courier.start();
    await eventually(() => (outbox.waiting[0]?.tries ?? 0) > 0);
    put(alert('a', { status: 'resolved' }));
    gone = false;
    await eventually(() => outbox.size === 0);
    await courier.close();
    expect(sent).toEqual(['a@firing', 'a@resolved']);
  });

  it('ends a send that hangs, and one that is under way at the stop', async () => {
    const signals: AbortSignal[] = [];
    const { courier, put } = make(
      (_, signal) => {
        signals.push(signal);
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
      },
      { limitMs: 20 },
    );
    put(alert('a'));
    courier.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(signals[0]?.aborted).toBe(true);
    await courier.close();
    expect(signals.every((signal) => signal.aborted)).toBe(true);
  });
});

describe('silences of operators', () => {
  const set = (match: Record<string, string>) =>
    setSilence(new MapStore(), { match, made: T0, until: T0 + HOUR, by: 'anna', reason: 'works' });

  it('name labels that alerts have, or they would cover nothing and nobody would know', async () => {
    await expect(set({ rulle: 'anomaly' })).rejects.toThrow(
      'rulle: no alert has a label "rulle"; did you mean "rule"? There are: rule, pool',
    );
    for (const label of LABELS) await expect(set({ [label]: 'x' })).resolves.toBeDefined();
  });

  it('do not cover everything', async () => {
    await expect(set({ rule: '*' })).rejects.toThrow('it would cover everything');
    await expect(set({ rule: '**', pop: '*' })).rejects.toThrow('it would cover everything');
    await expect(set({ rule: '*', pool: 'web' })).resolves.toBeDefined();
  });
});

import { AuspexError, type SeriesInfo } from '@auspex/contracts';
import {
  type AuspexConfig,
  createEngine,
  type Engine,
  type EngineOptions,
  forget,
  MemoryMeter,
  type UsageEvent,
  use,
  VirtualClock,
} from '@auspex/core';
import { pack, SeededRandom, unpack } from '@auspex/numerics';
import { describe, expect, test } from 'vitest';
import { TrainingHistory } from '../src/cycle/history.ts';
import { fakeConfig, listSource, MINUTE, mapStore, request, T0, traffic } from './fakes.ts';
import { afterTurns, type Lesson, type School, school, turn } from './school.ts';

const trace = traffic(Array.from({ length: 200 }, (_, i) => 40 + ((i * 17) % 60)));
const training = { after: '60m', every: '60m', history: '50m', within: '5m' };
const minute = (count: number): number => T0 + count * MINUTE;

type Line = { type: string; step: number; code?: string; text?: string; decision?: { units: number } };

interface Run {
  readonly engine: Engine;
  readonly lines: string[];
  notices(code: string): Line[];
}

/** An engine with pupils for predictors. Between two batches the event loop has a turn, as it has in life. */
function begin(
  schools: readonly School[],
  map: Map<string, Uint8Array>,
  events: readonly UsageEvent[] = trace,
  overrides: Partial<AuspexConfig> = {},
  options: Partial<EngineOptions> = {},
  size = 20,
): Run {
  const lines: string[] = [];
  const config = fakeConfig(events, {
    store: use(mapStore(map)),
    sources: [use(listSource(events, size, { onBatch: turn }))],
    predictors: schools.map(({ plugin }) => use(plugin)),
    training,
    minSkill: null,
    ...overrides,
  });
  const engine = createEngine(config, {
    mode: 'replay',
    host: { clock: new VirtualClock(T0) },
    onJournal: (line) => lines.push(line),
    ...options,
  });
  const notices = (code: string): Line[] => lines.map((line): Line => JSON.parse(line)).filter((line) => line.code === code);
  return { engine, lines, notices };
}

async function finish({ engine }: Run): Promise<void> {
  await engine.start();
  await engine.run();
  await engine.close();
}

const journalOf = (map: Map<string, Uint8Array>): string[] =>
  [...map.keys()]
    .filter((key) => key.startsWith('journal/'))
    .sort()
    .map((key) => Buffer.from(map.get(key) as Uint8Array).toString())
    .filter((line) => !line.includes('"start"'));
const artifactsOf = (map: Map<string, Uint8Array>): string[] => [...map.keys()].filter((key) => key.startsWith('artifact/')).sort();
/** In the present, by a clock that is as far as the steps are: nothing waits. */
const present = (onStep?: (step: number) => void): Partial<EngineOptions> => ({
  mode: 'shadow',
  decideFrom: 0,
  ...(onStep ? { onStep } : {}),
});
/** The same steps a month later: a backlog. */
const backlog = (): Partial<EngineOptions> => ({ mode: 'shadow', decideFrom: 0, host: { clock: new VirtualClock(minute(43_200)) } });
const hold = (): void => undefined;

describe('in the present', () => {
  test('no step waits for training: weights that are there in time serve from the declared step on', async () => {
    const pupil = school(hold);
    const run = begin(
      [pupil],
      new Map(),
      trace,
      {},
      present((step) => step === minute(62) && pupil.lessons[0]?.answer(pupil.lessons[0].weights)),
    );
    await finish(run);
    expect(pupil.lessons[0]?.counts).toEqual({ 'a@*/requests': 50, 'pool:web': 50 });
    const [first] = run.notices('TRAINED');
    expect(first).toMatchObject({ step: minute(65), text: 'pupil: new weights from 2 series, from what was before 2026-01-05T01:00:00Z' });
    // And forecasts are of the new weights from there on.
    const never = begin([school(hold)], new Map(), trace, {}, present());
    await finish(never);
    const units = ({ lines }: Run, at: number): unknown =>
      lines.map((line) => JSON.parse(line)).find((line) => line.decision && line.step === minute(at)).decision.demand.expected;
    expect(units(run, 64)).toBe(units(never, 64));
    expect(units(run, 65)).not.toBe(units(never, 65));
  });

  test('weights that are late serve from the first step after they are there, and the journal says how late', async () => {
    const pupil = school(hold);
    const run = begin(
      [pupil],
      new Map(),
      trace,
      {},
      present((step) => step === minute(79) && pupil.lessons[0]?.answer(pupil.lessons[0].weights)),
    );
    await finish(run);
    expect(run.notices('TRAINED')).toEqual([
      {
        type: 'notice',
        step: minute(81),
        code: 'TRAINED',
        text: 'pupil: new weights from 2 series, from what was before 2026-01-05T01:00:00Z, 16m later than declared',
      },
    ]);
    // The second training of the schedule has begun in its time, and was cut short by the end.
    expect(pupil.lessons).toHaveLength(2);
    expect(pupil.used).toEqual([77]);
  });

  test('while training goes on every step decides and commits', async () => {
    const pupil = school(hold);
    const map = new Map<string, Uint8Array>();
    const run = begin([pupil], map, trace, {}, present());
    await finish(run);
    expect(run.lines.filter((line) => line.includes('"type":"decision"'))).toHaveLength(200);
    expect([...map.keys()].filter((key) => key.startsWith('usage/'))).toHaveLength(200);
    expect(run.notices('TRAINED')).toEqual([]);
    // One under way is not begun a second time.
    expect(pupil.lessons).toHaveLength(1);
  });

  test('several train one after the other, each with a limit of its own; one that is ready does not wait for the next', async () => {
    const order: string[] = [];
    const first = school((lesson) => {
      order.push('first');
      void afterTurns(2)(lesson);
    }, 'first');
    const second = school(() => order.push('second'), 'second');
    const run = begin(
      [first, second],
      new Map(),
      trace,
      {},
      present((step) => step === minute(70) && second.lessons[0]?.answer(second.lessons[0].weights)),
    );
    await finish(run);
    expect(order.slice(0, 2)).toEqual(['first', 'second']);
    const told = run.notices('TRAINED').slice(0, 2);
    expect(told.map(({ step, text }) => [step, text?.split(':')[0]])).toEqual([
      [minute(65), 'first'],
      [minute(72), 'second'],
    ]);
  });
});

describe('in the present, what is overdue holds nothing up (regression: up to the time limit of training, without a decision)', () => {
  /** Steps until the clock has gone on by six minutes, all at once. */
  const stalled = (after: number, at = T0): { options: Partial<EngineOptions>; sources: AuspexConfig['sources']; steps: number[] } => {
    const clock = new VirtualClock(at);
    const steps: number[] = [];
    let stall = true;
    const onBatch = async (): Promise<void> => {
      await turn();
      const last = steps.at(-1) ?? T0;
      if (!stall || last < minute(after)) return;
      stall = false;
      clock.advance(last + 6 * MINUTE);
    };
    return { steps, options: { host: { clock }, onStep: (step) => steps.push(step) }, sources: [use(listSource(trace, 20, { onBatch }))] };
  };

  test.each(['live', 'shadow'] as const)('%s: after a stall', async (mode) => {
    const pupil = school(hold);
    const { options, sources, steps } = stalled(70);
    const run = begin([pupil], new Map(), trace, { sources }, { ...options, mode });
    await finish(run);
    expect(steps).toHaveLength(200);
    expect(pupil.lessons).toHaveLength(1);
    // Only what the stall made too old is not decided.
    expect(run.lines.filter((line) => line.includes('"type":"decision"')).length).toBeGreaterThan(180);
  });

  test('after a stall, when it began in the backlog before', async () => {
    const { options, sources, steps } = stalled(63, minute(63));
    await finish(begin([school(hold)], new Map(), trace, { sources }, { ...options, mode: 'shadow' }));
    expect(steps).toHaveLength(200);
  });

  test('after a restart long afterwards; what begins in that backlog is waited for', async () => {
    const map = new Map<string, Uint8Array>();
    const first = begin(
      [school(hold)],
      map,
      trace,
      {},
      present((step) => step === minute(63) && first.engine.stop()),
    );
    await finish(first);
    const steps: number[] = [];
    const pupil = school((lesson, count) => count > 1 && void afterTurns(100)(lesson));
    const release = (step: number): void => {
      steps.push(step);
      if (step === minute(80)) pupil.lessons[0]?.answer(pupil.lessons[0].weights);
    };
    const second = begin([pupil], map, trace, {}, { ...backlog(), onStep: release });
    await finish(second);
    expect(steps.at(-1)).toBe(minute(199));
    const told = second.notices('TRAINED');
    expect(told[0]?.text).toContain('later than declared');
    expect(told[1]).toMatchObject({ step: minute(125), text: expect.not.stringContaining('later') });
  });
});

describe('where time does not press', () => {
  test('a replay waits, and is the same whatever the batches and however long training takes', async () => {
    const journals: string[][] = [];
    for (const [size, turns] of [
      [7, 0],
      [20, 3],
      [20, 400],
      [5000, 40],
    ] as const) {
      const pupil = school(afterTurns(turns));
      const run = begin([pupil], new Map(), trace, {}, {}, size);
      await finish(run);
      expect(run.notices('TRAINED').map(({ step }) => step)).toEqual([minute(65), minute(125), minute(185)]);
      journals.push(run.lines);
    }
    for (const journal of journals) expect(journal).toEqual(journals[0]);
  });

  test('a backlog waits as a replay does, and has the same weights', async () => {
    const [replayed, caughtUp] = [new Map<string, Uint8Array>(), new Map<string, Uint8Array>()];
    await finish(begin([school()], replayed));
    await finish(begin([school(afterTurns(100))], caughtUp, trace, {}, backlog()));
    expect(artifactsOf(caughtUp)).toHaveLength(2);
    for (const key of artifactsOf(replayed)) expect(caughtUp.get(key)).toEqual(replayed.get(key));
  });

  test('once: trained and used at the declared step', async () => {
    const pupil = school(afterTurns(50));
    const run = begin([pupil], new Map(), trace, {}, { trainAt: minute(50) });
    await finish(run);
    expect(run.notices('TRAINED').map(({ step }) => step)).toEqual([minute(50)]);
    expect(pupil.lessons).toHaveLength(1);
  });

  test('told to stop while it waits, it ends at once, and the next start goes on as if nothing had been', async () => {
    for (const options of [{}, { trainAt: minute(60) }, backlog()]) {
      const whole = new Map<string, Uint8Array>();
      await finish(begin([school()], whole, trace, {}, options));
      const map = new Map<string, Uint8Array>();
      const stuck = school(() => setTimeout(() => run.engine.stop(), 50));
      const run = begin([stuck], map, trace, {}, options);
      await finish(run);
      expect(stuck.lessons).toHaveLength(1);
      expect(stuck.used).toEqual([]);
      // It waits between two steps, so that all before it is kept; once, it waits in the middle of one, which is done anew.
      const kept = [...map.keys()].filter((key) => key.startsWith('usage/')).length;
      expect(kept).toBe('trainAt' in options ? 59 : 64);
      await finish(begin([school()], map, trace, {}, options));
      expect(journalOf(map)).toEqual(journalOf(whole));
    }
  });
});

describe('a crash', () => {
  /** Begins two hours and five minutes before midnight: the first training begins five minutes before it, and its weights come ten after. */
  const start = T0 - 125 * MINUTE;
  const night = (): UsageEvent[] => {
    const random = new SeededRandom('night');
    const rates = (of: (i: number) => boolean): number[] => Array.from({ length: 180 }, (_, i) => (of(i) ? 20 + random.below(30) : 0));
    return [
      ...traffic(
        rates(() => true),
        'always',
        start,
      ),
      // Silent at the begin of the window, and known before.
      ...traffic(
        rates((i) => i < 20 || i > 100),
        'again',
        start,
      ),
      // Idle for long enough to be forgotten at midnight; the window of the second training begins before its end.
      ...traffic(
        rates((i) => i < 74),
        'gone',
        start,
      ),
      ...traffic(
        rates((i) => i > 115),
        'new',
        start,
      ),
    ].sort((a, b) => a.at - b.at);
  };
  const events = night();
  const overrides = {
    training: { after: '120m', every: '40m', history: '100m', within: '15m' },
    forgetAfter: '50m',
    historyKeep: '90m',
    snapshotEvery: '30m',
  };

  test('between begin and service changes nothing: the same weights come at the same step', async () => {
    const whole = new Map<string, Uint8Array>();
    const copies = new Map<number, Map<string, Uint8Array>>();
    const pupil = school();
    const onStep = (step: number): void => void copies.set((step - start) / MINUTE, new Map(whole));
    await finish(begin([pupil], whole, events, overrides, { onStep }));
    // The window is not the whole of it, and `again` was known before it.
    expect(pupil.lessons[0]?.counts).toEqual({
      'always@*/requests': 90,
      'again@*/requests': 90,
      'gone@*/requests': 90,
      'new@*/requests': 4,
      'pool:web': 90,
    });
    // At midnight something was forgotten, as soon as that could be.
    expect([...whole.keys()]).not.toContain('profile/gone');
    const lines = journalOf(whole);
    expect(lines.filter((line) => line.includes('TRAINED'))).toHaveLength(2);
    let again = 0;
    for (let at = 117; at < 180; at += at < 137 ? 1 : 5) {
      const map = copies.get(at) as Map<string, Uint8Array>;
      const second = school(afterTurns(at % 3));
      await finish(begin([second], map, events, overrides));
      expect(journalOf(map)).toEqual(lines);
      expect(artifactsOf(map).map((key) => [key, map.get(key)])).toEqual(artifactsOf(whole).map((key) => [key, whole.get(key)]));
      const kept = (each: Map<string, Uint8Array>): string[] => [...each.keys()].filter((key) => !key.startsWith('journal/')).sort();
      expect(kept(map)).toEqual(kept(whole));
      if (second.lessons.length > 1) again++;
    }
    expect(again).toBeGreaterThan(14);
  });

  test('in a backlog, where commits are rare, changes nothing either', async () => {
    const whole = new Map<string, Uint8Array>();
    const copies: Map<string, Uint8Array>[] = [];
    let steps = 0;
    const onStep = (): void => {
      if (steps++ % 5 === 0) copies.push(new Map(whole));
    };
    const options = backlog();
    await finish(begin([school()], whole, events, overrides, { ...options, onStep }));
    for (const map of copies) {
      map.delete('lease/allocator');
      await finish(begin([school(afterTurns(1))], map, events, overrides, options));
      expect(journalOf(map)).toEqual(journalOf(whole));
      expect(artifactsOf(map).map((key) => map.get(key))).toEqual(artifactsOf(whole).map((key) => whole.get(key)));
    }
  });

  test('after weights came late leaves them where they were: they are trained once more, and come at the first step', async () => {
    const map = new Map<string, Uint8Array>();
    let left: Map<string, Uint8Array> | undefined;
    const stuck = school(hold);
    await finish(
      begin(
        [stuck],
        map,
        trace,
        {},
        present((step) => (left ??= step === minute(72) ? new Map(map) : undefined)),
      ),
    );
    (left as Map<string, Uint8Array>).delete('lease/allocator');
    const pupil = school(afterTurns(0));
    const run = begin([pupil], left as Map<string, Uint8Array>, trace, {}, present());
    await finish(run);
    expect(pupil.lessons[0]?.counts).toEqual({ 'a@*/requests': 50, 'pool:web': 50 });
    expect(pupil.lessons[0]?.weights).toEqual(stuck.lessons[0]?.weights);
    const [first] = run.notices('TRAINED');
    expect(first?.text).toContain('later than declared');
    expect(first?.step).toBeGreaterThanOrEqual(minute(74));
    expect(first?.step).toBeLessThan(minute(80));
  });
});

describe('tidying beside trainings', () => {
  test('a day that waits for one is tidied at the same step after a crash (regression: never, when another training had begun since)', async () => {
    const half = 30 * MINUTE;
    const from = T0 - 125 * half;
    const steps = (count: number): string => `${count * 30}m`;
    const random = new SeededRandom('tidy');
    const speaks = (group: string, of: (i: number) => boolean): UsageEvent[] =>
      Array.from({ length: 215 }, (_, i) => i).flatMap((i) =>
        of(i) ? Array.from({ length: 3 + random.below(6) }, (_, k) => request(from + i * half + k * 1000, group)) : [],
      );
    const events = [
      ...speaks('always', () => true),
      ...speaks('again', (i) => i < 20 || (i > 100 && i < 128)),
      ...speaks('gone', (i) => i < 60),
      ...speaks('new', (i) => i > 148),
    ].sort((a, b) => a.at - b.at);
    const overrides: Partial<AuspexConfig> = {
      step: '30m',
      training: { after: steps(120), every: steps(35), history: steps(100), within: steps(15) },
      forgetAfter: steps(50),
      historyKeep: steps(90),
      snapshotEvery: steps(30),
    };
    // Of the second pupil every other training fails, and is tried again soon: from then on the two take turns.
    const pupils = (): School[] => [
      school(afterTurns(2), 'p1'),
      school(({ weights, fail, answer }) => ((weights[2] as number) & 1 ? fail(new Error('no')) : answer(weights)), 'p2'),
    ];
    const decided = (map: Map<string, Uint8Array>): string[] => journalOf(map).filter((line) => !line.includes('"failure"'));
    const kept = (map: Map<string, Uint8Array>): string[] => [...map.keys()].filter((key) => !/^(journal|lease)/.test(key)).sort();
    const whole = new Map<string, Uint8Array>();
    const copies: Map<string, Uint8Array>[] = [];
    await finish(begin(pupils(), whole, events, overrides, { onStep: () => copies.push(new Map(whole)) }));
    expect(kept(whole)).not.toContain('profile/gone');
    for (const map of copies.filter((_, i) => i >= 118 && i % 3 === 0)) {
      await finish(begin(pupils(), map, events, overrides));
      expect(decided(map)).toEqual(decided(whole));
      expect(kept(map)).toEqual(kept(whole));
    }
  }, 60_000);

  test('is done where one training follows the other, or each fails (regression: usage was never pruned)', async () => {
    const long = traffic(Array.from({ length: 2200 }, (_, i) => 1 + (i % 2)));
    const fails = ({ fail }: Lesson): void => fail(new Error('no'));
    for (const [teach, every] of [
      [afterTurns(0), '16m'],
      [fails, '60m'],
    ] as const) {
      const map = new Map<string, Uint8Array>();
      const overrides = { training: { after: '60m', every, history: '50m', within: '15m' }, historyKeep: '6h', journalKeep: '6h' };
      await finish(begin([school(teach)], map, long, overrides, {}, 500));
      // From six hours before midnight on.
      expect([...map.keys()].filter((key) => key.startsWith('usage/'))).toHaveLength(2200 - 1440 + 360);
    }
  });

  test('weights in service no sooner than the next training is due are refused with the config', () => {
    for (const within of ['60m', '2h'])
      expect(() => begin([school()], new Map(), trace, { training: { ...training, within } })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', path: 'training.within', remedy: expect.stringContaining('training.every') }),
      );
  });
});

test('no name of a forgotten group is left in the snapshot (regression: series of pools that were narrowed stayed in `begins`)', async () => {
  const map = new Map<string, Uint8Array>();
  const both = [...traffic(Array(120).fill(20), 'kept'), ...traffic(Array(120).fill(10), 'secretgroup')].sort((a, b) => a.at - b.at);
  const config = (pools: AuspexConfig['pools']): AuspexConfig =>
    fakeConfig(both, { store: use(mapStore(map)), predictors: [use(school().plugin)], training, minSkill: null, pools });
  const narrow = config([{ id: 'web', unitRate: 1, groups: ['kept'] }]);
  for (const each of [config([{ id: 'web', unitRate: 1 }]), narrow]) {
    const engine = createEngine(each, { mode: 'replay', host: { clock: new VirtualClock(T0) } });
    await engine.start();
    await engine.run();
    await engine.close();
  }
  const begins = (): string[] => unpack<{ begins: [string, number][] }>(map.get('engine/snapshot') as Uint8Array).begins.map(([id]) => id);
  expect(begins().sort()).toEqual(['kept@*/requests', 'pool:web']);
  await forget(narrow, { group: 'secretgroup' });
  for (const [key, value] of map) expect(key + Buffer.from(value).toString()).not.toContain('secretgroup');
});

describe('a training that ends the process', () => {
  /** What the store holds when a training begins to work, as after a SIGKILL; undefined where none begins. */
  async function killed(map: Map<string, Uint8Array>, options: Partial<EngineOptions>): Promise<Map<string, Uint8Array> | undefined> {
    let left: Map<string, Uint8Array> | undefined;
    const run = begin(
      [
        school(() => {
          left = new Map(map);
          left.delete('lease/allocator');
          run.engine.stop();
        }),
      ],
      map,
      trace,
      {},
      options,
    );
    await finish(run);
    return left;
  }

  test.each([
    // The clock of a later life stands where the one before ended.
    ['the present', (life: number) => ({ ...present(), host: { clock: new VirtualClock(life === 0 ? T0 : minute(61)) } })],
    ['a backlog', backlog],
    ['a replay', () => ({})],
  ] as const)('in %s is begun three times, then has failed (regression: a crash loop without end)', async (_, options) => {
    let map = new Map<string, Uint8Array>();
    for (let life = 0; life < 3; life++) map = (await killed(map, options(life))) as Map<string, Uint8Array>;
    const pupil = school(afterTurns(0));
    const run = begin([pupil], map, trace, {}, options(3));
    await finish(run);
    expect(run.notices('TRAINING_FAILED')).toEqual([
      expect.objectContaining({ step: minute(65), text: expect.stringContaining('(the process ended during it three times)') }),
    ]);
    // The next is one of the schedule.
    expect(run.notices('TRAINED').map(({ step }) => step)).toEqual([125, 185].map(minute));
  });

  test('is not one that was stopped, however often', async () => {
    const map = new Map<string, Uint8Array>();
    for (let life = 0; life < 5; life++) expect(await killed(map, present())).toBeDefined();
  });
});

test('close during training: it is told, an answer that comes afterwards is dropped, and the next start trains on the same', async () => {
  for (const late of [({ answer, weights }: Lesson) => answer(weights), ({ fail }: Lesson) => fail(new Error('too late'))]) {
    const map = new Map<string, Uint8Array>();
    const deaf = school(hold);
    const first = begin(
      [deaf],
      map,
      trace,
      {},
      present((step) => step === minute(63) && first.engine.stop()),
    );
    await finish(first);
    expect(first.engine.state).toBe('stopped');
    const [lesson] = deaf.lessons as [Lesson];
    expect(lesson.signal.aborted).toBe(true);
    late(lesson);
    await turn();
    expect(deaf.used).toEqual([]);
    expect(artifactsOf(map)).toEqual([]);
    const pupil = school(afterTurns(0));
    const second = begin([pupil], map, trace, {}, present());
    await finish(second);
    expect(pupil.lessons[0]?.counts).toEqual(lesson.counts);
    expect(pupil.lessons[0]?.weights).toEqual(lesson.weights);
    expect(second.notices('TRAINED')[0]?.step).toBe(minute(65));
  }
});

describe('weights in the store', () => {
  test('the newest and the one before are kept', async () => {
    const map = new Map<string, Uint8Array>();
    const counts: number[] = [];
    await finish(
      begin([school()], map, trace, { training: { ...training, every: '20m' } }, { onStep: () => counts.push(artifactsOf(map).length) }),
    );
    expect(artifactsOf(map)).toEqual(['artifact/pupil/2026-01-05T02:40:00Z', 'artifact/pupil/2026-01-05T03:00:00Z']);
    expect(Math.max(...counts)).toBe(2);
  });

  test('a newest that is damaged is named, the one before serves, and the next training replaces the damaged', async () => {
    const map = new Map<string, Uint8Array>();
    await finish(begin([school()], map, trace.slice(0, 10_000)));
    const [older, newest] = artifactsOf(map) as [string, string];
    expect(newest).toBe('artifact/pupil/2026-01-05T02:00:00Z');
    map.set(newest, new Uint8Array([1, 2, 3]));
    const pupil = school();
    const run = begin([pupil], map);
    await finish(run);
    expect(run.notices('STATE_UNREADABLE').map(({ text }) => text)).toEqual([
      `the weights of pupil could not be read (${newest}: no weights of a pupil): those before them serve (${older})`,
    ]);
    expect(pupil.used).toEqual([1, 77, 77]);
    expect(artifactsOf(map)).toEqual([older, 'artifact/pupil/2026-01-05T03:00:00Z']);
  });

  test('with none left, it forecasts without until the next training; each that was refused is named', async () => {
    const map = new Map<string, Uint8Array>();
    await finish(begin([school()], map, trace.slice(0, 10_000)));
    for (const key of artifactsOf(map)) map.set(key, new Uint8Array(2));
    const first = [...map.keys()].filter((key) => key.startsWith('usage/')).length;
    const run = begin([school()], map);
    await finish(run);
    const told = run.notices('STATE_UNREADABLE').map(({ text }) => text);
    expect(told).toHaveLength(2);
    for (const text of told) expect(text).toContain('it forecasts without weights until the next training, which is due at once');
    // At the first step after the start, not an hour after the training before (regression: it went without for up to `every`).
    expect(run.notices('TRAINED').map(({ step }) => step)).toEqual([minute(first + 6)]);
    expect(artifactsOf(map)).toEqual([`artifact/pupil/${new Date(minute(first + 1)).toISOString().replace('.000', '')}`]);
  });

  test('are given as a copy at a start (regression: a predictor that wrote into them changed the store)', async () => {
    const map = new Map<string, Uint8Array>();
    await finish(begin([school()], map, trace.slice(0, 10_000)));
    const newest = artifactsOf(map).at(-1) as string;
    const before = [...(map.get(newest) as Uint8Array)];
    const pupil = school();
    const { create } = pupil.plugin;
    const scribbler = {
      ...pupil.plugin,
      create: (...given: Parameters<typeof create>) => {
        const predictor = create(...given);
        return {
          ...predictor,
          use: (artifact: Uint8Array) => {
            predictor.use?.(artifact);
            artifact.fill(0);
          },
        };
      },
    };
    await finish(begin([{ ...pupil, plugin: scribbler }], map, trace.slice(0, 10_000)));
    expect(pupil.used).toEqual([77]);
    expect([...(map.get(newest) as Uint8Array)]).toEqual(before);
  });

  test('of a predictor that the config has no longer go (regression: they stayed for ever)', async () => {
    const map = new Map<string, Uint8Array>();
    await finish(begin([school(afterTurns(0), 'old'), school(afterTurns(0), 'older')], map, trace.slice(0, 10_000)));
    expect(artifactsOf(map)).toHaveLength(4);
    await finish(begin([school(afterTurns(0), 'old')], map, trace.slice(0, 10_000)));
    expect(artifactsOf(map).map((key) => key.split('/')[1])).toEqual(['old', 'old']);
  });

  test('those of a version that kept one, under a key without a step, are carried on', async () => {
    const whole = new Map<string, Uint8Array>();
    await finish(begin([school()], whole));
    const map = new Map<string, Uint8Array>();
    await finish(begin([school()], map, trace.slice(0, 10_000)));
    const newest = artifactsOf(map).at(-1) as string;
    map.set('artifact/pupil', map.get(newest) as Uint8Array);
    for (const key of artifactsOf(map)) if (key !== 'artifact/pupil') map.delete(key);
    const { attempts: _, pending: __, begins: ___, ...old } = unpack<Record<string, unknown>>(map.get('engine/snapshot') as Uint8Array);
    map.set('engine/snapshot', pack(old));
    const run = begin([school()], map);
    await finish(run);
    expect(run.notices('STATE_UNREADABLE')).toEqual([]);
    expect(artifactsOf(map)).toEqual([newest, 'artifact/pupil/2026-01-05T03:00:00Z']);
    expect(run.notices('TRAINED').map(({ step }) => step)).toEqual([minute(185)]);
  });
});

describe('a training that fails', () => {
  const outcomes: [string, (lesson: Lesson) => void, string][] = [
    ['throws', ({ fail }) => fail(new Error('out of memory')), 'out of memory'],
    ['diverges', ({ fail }) => fail(new AuspexError('TRAINING_DIVERGED', 'the loss became NaN')), 'TRAINING_DIVERGED: the loss became NaN'],
    ['gives weights that are refused', ({ answer }) => answer(new Uint8Array(1)), 'no weights of a pupil'],
    ['answers with something else', ({ answer }) => answer('weights' as never), 'answered with something that is no bytes'],
  ];
  test.each(outcomes)('%s: the old weights stay, the journal says why each time, and it is tried again soon', async (_, fails, why) => {
    const map = new Map<string, Uint8Array>();
    const pupil = school((lesson, count) => (count === 1 ? lesson.answer(lesson.weights) : fails(lesson)));
    const run = begin([pupil], map, trace, { training: { ...training, every: '70m' } });
    await finish(run);
    expect(run.notices('TRAINED').map(({ step }) => step)).toEqual([minute(65)]);
    const told = run.notices('TRAINING_FAILED');
    // Seven times as often: the schedule's own next time would be after the end.
    expect(told.map(({ step }) => step)).toEqual([135, 145, 155, 165, 175, 185, 195].map(minute));
    expect(told[0]?.text).toBe(
      `pupil: no new weights from what was before 2026-01-05T02:10:00Z (${why}): the old weights stay; it is trained again from 2026-01-05T02:20:00Z on`,
    );
    // What every stage says of a failure: once, when it begins.
    expect(run.lines.filter((line) => line.includes('"failure"') && line.includes('"training"'))).toHaveLength(1);
    expect(artifactsOf(map)).toEqual(['artifact/pupil/2026-01-05T01:00:00Z']);
  });

  test('by its time limit is stopped, and the next predictor has its own', async () => {
    const [slow, quick] = [school(hold, 'slow'), school(afterTurns(0), 'quick')];
    const run = begin([slow, quick], new Map(), trace, { training: { ...training, timeLimit: '30ms' } }, backlog());
    await finish(run);
    expect(slow.lessons[0]?.signal.aborted).toBe(true);
    expect(run.notices('TRAINING_FAILED')[0]).toMatchObject({ step: minute(65), text: expect.stringContaining('STAGE_TIMEOUT') });
    expect(run.notices('TRAINED')[0]).toMatchObject({ step: minute(65), text: expect.stringContaining('quick') });
  });

  test('to find enough is no failure: nothing is told, and it is asked again when it is due', async () => {
    const pupil = school(({ answer }) => answer(undefined));
    const run = begin([pupil], new Map());
    await finish(run);
    expect(pupil.lessons).toHaveLength(3);
    expect(run.lines.some((line) => line.includes('TRAIN') || line.includes('"training"'))).toBe(false);
  });

  test('stops the engine where the config says so', async () => {
    const run = begin([school(({ fail }) => fail(new Error('out of memory')))], new Map(), trace, { onFailure: { predict: 'fail' } });
    await run.engine.start();
    await expect(run.engine.run()).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
    await run.engine.close();
  });
});

test('the meter counts trainings by outcome and seconds, and knows how old weights are', async () => {
  const meter = new MemoryMeter();
  const pupil = school(({ answer, fail, weights }, count) => (count === 1 ? answer(weights) : fail(new Error('no'))));
  await finish(begin([pupil], new Map(), trace, {}, { host: { clock: new VirtualClock(T0), meter } }));
  expect(meter.values.get('auspex_trainings_total{outcome=used,predictor=pupil}')).toBe(1);
  expect(meter.values.get('auspex_trainings_total{outcome=failed,predictor=pupil}')).toBeGreaterThan(3);
  expect(meter.values.get('auspex_training_seconds_total{predictor=pupil}')).toBeGreaterThan(0);
  expect(meter.values.get('auspex_artifact_age_seconds{predictor=pupil}')).toBe(140 * 60);
});

describe('history', () => {
  const info = (id: string): SeriesInfo => ({ id, scope: 'group', name: id, pop: '*', measure: 'requests', zone: 'UTC', stepMs: MINUTE });
  const fill = (history: TrainingHistory, id: string, from: number, to: number): void => {
    for (let i = from; i < to; i++) history.push(info(id), { step: minute(i), value: i, truth: i % 7 === 0 ? 'censored' : 'observed' });
  };

  test('what is frozen stays as it was, may be gone through twice, and holds the newest', () => {
    const history = new TrainingHistory(1500);
    fill(history, 'b', 0, 5000);
    fill(history, 'a', 4990, 5000);
    const [a, b] = history.freeze();
    const before = [...(b?.observations ?? [])];
    fill(history, 'b', 5000, 9000);
    history.forget('a');
    expect(a?.series.id).toBe('a');
    expect([...(a?.observations ?? [])]).toHaveLength(10);
    expect(before.map(({ step, value }) => [step, value])).toEqual(Array.from({ length: 1500 }, (_, i) => [minute(3500 + i), 3500 + i]));
    expect(before[0]).toEqual({ step: minute(3500), value: 3500, truth: 'censored' });
    expect([...(b?.observations ?? [])]).toEqual(before);
    expect([...(history.freeze()[0]?.observations ?? [])].map(({ value }) => value)).toEqual(
      Array.from({ length: 1500 }, (_, i) => 7500 + i),
    );
  });

  test('nobody can change it for others', () => {
    const history = new TrainingHistory(10);
    fill(history, 'a', 0, 5);
    const frozen = history.freeze();
    const [first] = frozen[0]?.observations ?? [];
    (first as { value: number }).value = 99;
    expect([...(frozen[0]?.observations ?? [])][0]?.value).toBe(0);
    expect(() => (frozen as unknown[]).pop()).toThrow(TypeError);
  });

  test('a span that was skipped ends what was before it', () => {
    const history = new TrainingHistory(100);
    fill(history, 'a', 0, 30);
    fill(history, 'a', 60, 70);
    expect([...(history.freeze()[0]?.observations ?? [])].map(({ value }) => value)).toEqual(Array.from({ length: 10 }, (_, i) => 60 + i));
    expect(history.begun('a')).toBe(minute(60));
  });
});

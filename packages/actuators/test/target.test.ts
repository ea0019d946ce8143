import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actuator, Clock, PluginContext } from '@auspex/contracts';
import { fakeContext, type RecordingLogger, type RecordingMeter, runLaws } from '@auspex/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holding } from '../src/target/file-lock.ts';
import { actuatorOver, Conflict, FileMarks, type Mark, Refused, Unavailable, withMarks } from '../src/target/index.ts';
import { MemoryTarget, makeMemoryCase } from './fakes/memory.ts';
import { floor, MINUTE, never, order, START as STEP } from './orders.ts';

/** Time passes when it is moved, and when somebody sleeps. */
class FastClock implements Clock {
  at = STEP;
  readonly slept: number[] = [];
  now(): number {
    return this.at;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.at += ms;
  }
}

let clock: FastClock;
let memory: MemoryTarget;
let context: PluginContext;
const create = (over: { patience?: number; handsOff?: number; watchful?: boolean } = {}): Actuator =>
  actuatorOver(memory, { plugin: 'memory', patience: 8_000, handsOff: 60 * MINUTE, ...over }, context);

beforeEach(() => {
  clock = new FastClock();
  memory = new MemoryTarget();
  context = fakeContext({ clock });
});

it('the laws hold for an actuator over a target', async () => {
  const { results } = await runLaws(() => makeMemoryCase());
  const odd = results.filter(({ outcome }) => outcome !== 'holds').map(({ law, outcome }) => ({ law, outcome }));
  expect(odd).toEqual([{ law: 'a floor that is not renewed lapses', outcome: 'skipped' }]);
});

describe('a floor', () => {
  it('never lowers what was there before it, and remembers that', async () => {
    memory.held('web').units = 6;
    const actuator = create();
    expect(await actuator.actuate(floor(0, 3), never)).toMatchObject({ status: 'applied', units: 6 });
    expect(memory.written).toEqual([]);
    await actuator.actuate(floor(1, 9), never);
    expect(memory.held('web')).toMatchObject({ units: 9, mark: { units: 9, original: 6, expires: STEP + 4 * MINUTE } });
    await actuator.actuate(floor(2, 2), never);
    expect(memory.held('web').units).toBe(6);
  });

  it('over an original outside the bounds leaves that as it is', async () => {
    memory.held('web').units = 30;
    const actuator = create();
    for (const n of [0, 1]) expect(await actuator.actuate(floor(n, 9), never)).toMatchObject({ status: 'applied', units: 30 });
    expect(memory.written).toEqual([]);
  });

  it('that the engine renews while a keeper is about to end it is not told as ended', async () => {
    const [engine, keeper] = [create({ patience: 8_000 }), create({ patience: 8_000 })];
    await engine.actuate(floor(0, 9), never);
    clock.at = STEP + 4 * MINUTE;
    const scale = memory.scale.bind(memory);
    memory.scale = async (...given) => {
      memory.scale = scale;
      await engine.actuate(floor(4, 7), never);
      await scale(...given);
    };
    expect(await keeper.restore?.('web', never)).toBeUndefined();
    expect(memory.held('web')).toMatchObject({ units: 7, mark: { original: 1, expires: STEP + 7 * MINUTE } });
  });

  it('that ran out and was brought back begins anew with what is there then', async () => {
    const [engine, keeper] = [create(), create()];
    await engine.actuate(floor(0, 9), never);
    clock.at = STEP + 2 * MINUTE;
    expect(await keeper.restore?.('web', never)).toBeUndefined();
    clock.at = STEP + 4 * MINUTE;
    expect(await keeper.restore?.('web', never)).toEqual({ pool: 'web', from: 9, units: 1, expired: STEP + 3 * MINUTE });
    expect(memory.held('web')).toEqual({ units: 1, ready: 1 });
    // The engine was only slow: its next order is no fight with anybody.
    expect(await engine.actuate(floor(4, 8), never)).toMatchObject({ status: 'applied', units: 8 });
    expect(memory.held('web').mark).toMatchObject({ original: 1 });
  });

  it('that the target itself has let go of is no change by somebody else', async () => {
    const actuator = create();
    await actuator.actuate(floor(0, 9), never);
    clock.at = STEP + 5 * MINUTE;
    memory.held('web').units = 1;
    expect(await actuator.actuate(floor(5, 7), never)).toMatchObject({ status: 'applied', units: 7 });
    // Its clock is some seconds ahead of ours.
    clock.at = STEP + 8 * MINUTE - 5_000;
    memory.held('web').units = 1;
    expect(await actuator.actuate(floor(8, 7), never)).toMatchObject({ status: 'applied', units: 7 });
    clock.at = STEP + 10 * MINUTE;
    memory.held('web').units = 1;
    expect(await actuator.actuate(floor(9, 7), never)).toMatchObject({ status: 'refused' });
  });

  it('that somebody else has changed is theirs: a keeper forgets it', async () => {
    const [engine, keeper] = [create(), create()];
    await engine.actuate(floor(0, 9), never);
    memory.held('web').units = 12;
    clock.at = STEP + 10 * MINUTE;
    expect(await keeper.restore?.('web', never)).toEqual({ pool: 'web', from: 12, units: 12, expired: STEP + 3 * MINUTE });
    expect(memory.held('web')).toEqual({ units: 12, ready: 1 });
  });
});

it('a keeper whose clock is some seconds ahead ends no floor of an engine that lives', async () => {
  await create().actuate(floor(0, 9), never);
  clock.at = STEP + 3 * MINUTE + 9_000;
  expect(await create().restore?.('web', never)).toBeUndefined();
  clock.at += 1_000;
  expect(await create().restore?.('web', never)).toMatchObject({ from: 9, units: 1 });
});

it('a keeper leaves what the target has to keep, and takes the rest when that may go', async () => {
  await create().actuate(floor(0, 9), never);
  clock.at = STEP + 5 * MINUTE;
  memory.least = 6;
  expect(await create().restore?.('web', never)).toMatchObject({ from: 9, units: 6 });
  expect(await create().restore?.('web', never)).toBeUndefined();
  expect(memory.held('web')).toMatchObject({ units: 6, mark: { original: 1 } });
  memory.least = undefined;
  expect(await create().restore?.('web', never)).toMatchObject({ from: 6, units: 1 });
  expect(memory.held('web').mark).toBeUndefined();
});

describe('units that somebody else has set', () => {
  it('are seen, reported once, and left alone for a while; then they are what a floor goes back to', async () => {
    const actuator = create();
    await actuator.actuate(floor(0, 9), never);
    memory.held('web').units = 4;
    clock.at = STEP + MINUTE;
    const seen = await actuator.actuate(floor(1, 10), never);
    expect(seen).toMatchObject({ status: 'refused', units: 4, leftUntil: STEP + 61 * MINUTE });
    expect(seen.detail).toBe('somebody else set 4 where Auspex had set 9: left alone until 2026-01-05T01:01:00Z');
    clock.at = STEP + 30 * MINUTE;
    expect(await actuator.actuate(floor(30, 10), never)).toMatchObject({
      status: 'refused',
      leftUntil: STEP + 61 * MINUTE,
      detail: expect.stringContaining('somebody else set 4'),
    });
    expect(memory.written.map(({ units }) => units)).toEqual([9]);
    expect((context.logger as RecordingLogger).lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect((context.meter as RecordingMeter).values.get('auspex_actuator_foreign_changes_total{plugin=memory,pool=web}')).toBe(1);
    clock.at = STEP + 61 * MINUTE;
    expect(await actuator.actuate(floor(61, 10), never)).toMatchObject({ status: 'applied', units: 10 });
    expect(memory.held('web').mark).toMatchObject({ original: 4 });
  });

  it('are changed again within that time: theirs, too', async () => {
    const actuator = create();
    await actuator.actuate(floor(0, 9), never);
    memory.held('web').units = 4;
    await actuator.actuate(floor(1, 10), never);
    memory.held('web').units = 6;
    clock.at = STEP + 30 * MINUTE;
    expect((await actuator.actuate(floor(30, 10), never)).detail).toBe(
      'somebody else set 6 where Auspex had set 4: left alone until 2026-01-05T01:30:00Z',
    );
  });

  it('are left alone by a keeper too, whose look does not end that time', async () => {
    await create().actuate(floor(0, 9), never);
    memory.held('web').units = 5;
    await create().actuate(floor(1, 9), never);
    clock.at = STEP + 10 * MINUTE;
    expect(await create().restore?.('web', never)).toBeUndefined();
    expect((await create().actuate(floor(10, 9), never)).detail).toContain('left alone until');
    expect(memory.held('web').units).toBe(5);
  });

  it('are known by another instance, after a restart', async () => {
    await create().actuate(floor(0, 9), never);
    memory.held('web').units = 4;
    await create().actuate(floor(1, 10), never);
    expect(await create().actuate(floor(2, 10), never)).toMatchObject({ status: 'refused', units: 4 });
  });

  it('are nobody else’s where units may fall by themselves', async () => {
    const actuator = create({ watchful: false });
    await actuator.actuate(floor(0, 9), never);
    memory.held('web').units = 7;
    expect(await actuator.actuate(floor(1, 9), never)).toMatchObject({ status: 'applied', units: 9 });
  });
});

describe('limits of the target', () => {
  it('cap an order, and the receipt says so', async () => {
    memory.most = 5;
    expect(await create().actuate(floor(0, 9), never)).toMatchObject({
      status: 'applied',
      units: 5,
      detail: '9 wanted, and the target allows 5 at most',
    });
    memory.most = undefined;
    memory.least = 4;
    expect(await create().actuate(order(1, 2), never)).toMatchObject({
      status: 'applied',
      units: 4,
      detail: '2 wanted, and the target keeps 4 at least',
    });
  });

  it('outside the bounds of the pool refuse it', async () => {
    memory.most = 2;
    expect(await create().actuate(order(0, 9, { min: 4 }), never)).toMatchObject({
      status: 'refused',
      detail: 'the target allows 0..2 units, the pool 4..20',
    });
    expect(memory.written).toEqual([]);
  });
});

describe('a target that fails', () => {
  it('is asked again while that may help, and not for longer than the patience', async () => {
    const actuator = create();
    memory.failures.push(new Unavailable('429', { after: 1_500 }), new Unavailable('500'), new Conflict('409'));
    expect(await actuator.actuate(order(0, 5), never)).toMatchObject({ status: 'applied', units: 5 });
    expect(clock.slept).toHaveLength(3);
    expect(clock.slept[0]).toBe(1_500);
    expect((context.meter as RecordingMeter).values.get('auspex_actuator_retries_total{plugin=memory}')).toBe(3);
    memory.failing = true;
    const before = clock.at;
    await expect(actuator.actuate(order(1, 6), never)).rejects.toThrow(/^the target is gone \(asked \d+ times in \d+/);
    expect(clock.at - before).toBeLessThanOrEqual(8_000);
    memory.failing = false;
    expect(await actuator.actuate(order(1, 6), never)).toMatchObject({ status: 'applied', units: 6 });
  });

  it('that asks for longer than the patience is not waited for', async () => {
    memory.failures.push(new Unavailable('429', { after: 60_000 }));
    await expect(create().actuate(order(0, 5), never)).rejects.toThrow('429');
    expect(clock.slept).toEqual([]);
  });

  it('that takes its time is not asked again where that would end after the patience', async () => {
    const actuator = create();
    const status = memory.status.bind(memory);
    let asked = 0;
    memory.status = async (...given) => {
      asked++;
      clock.at += 3_000;
      await status(...given);
      throw new Unavailable('no answer within 3s');
    };
    const since = clock.at;
    await expect(actuator.actuate(order(0, 4), never)).rejects.toThrow('no answer');
    expect(asked).toBe(2);
    expect(clock.at - since).toBeLessThanOrEqual(8_000);
  });

  it('that refuses, and then is away, says why it refused, at once', async () => {
    const actuator = create();
    memory.failures.push(new Refused('quota'), ...Array.from({ length: 20 }, () => new Unavailable('gone')));
    expect(await actuator.actuate(order(0, 4), never)).toMatchObject({ status: 'refused', detail: 'quota', units: 0 });
    expect(clock.slept).toEqual([]);
  });

  it('is told nothing by a floor that ran out while it waited', async () => {
    const actuator = create();
    clock.at = STEP + 3 * MINUTE;
    expect(await actuator.actuate(floor(0, 9), never)).toMatchObject({
      status: 'refused',
      detail: 'the floor ran out at 2026-01-05T00:03:00Z, before it could be set',
    });
    expect(memory.changes).toBe(0);
  });

  it('that refuses is not asked again', async () => {
    memory.failures.push(new Refused('quota of 3 exceeded'));
    expect(await create().actuate(order(0, 5), never)).toMatchObject({ status: 'refused', units: 1, detail: 'quota of 3 exceeded' });
    expect(clock.slept).toEqual([]);
  });

  it('that refuses to be read, too, holds nothing that is known', async () => {
    memory.failures.push(new Refused('403'), new Refused('403'));
    expect(await create().actuate(order(0, 5), never)).toMatchObject({ status: 'refused', units: 0, ready: 0, detail: '403' });
  });

  it('whose answer got lost holds no change by somebody else', async () => {
    const lost = new MemoryTarget();
    const scale = lost.scale.bind(lost);
    let losing = true;
    lost.scale = async (...given) => {
      await scale(...given);
      if (losing) throw new Unavailable('reset');
    };
    memory = lost;
    await expect(create({ patience: 0 }).actuate(floor(0, 9), never)).rejects.toThrow('reset');
    losing = false;
    expect(await create().actuate(floor(1, 8), never)).toMatchObject({ status: 'applied', units: 8 });
    expect(lost.held('web').mark).toMatchObject({ original: 1 });
  });
});

describe('two instances', () => {
  it('on one store: the older epoch is refused by all, also where the target keeps none', async () => {
    const [old, next] = [create(), create()];
    await next.actuate(order(0, 9, { epoch: 2 }), never);
    delete memory.held('web').mark;
    expect(await old.actuate(order(1, 3), never)).toMatchObject({
      status: 'refused',
      units: 9,
      detail: 'epoch 1 is older than 2: another instance leads',
    });
  });

  it('on different stores: the target itself knows the newer epoch', async () => {
    await create().actuate(order(0, 9, { epoch: 2 }), never);
    context = fakeContext({ clock });
    expect(await create().actuate(order(1, 3), never)).toMatchObject({
      status: 'refused',
      detail: expect.stringContaining('or the store is another one than that of the last order'),
    });
    expect(memory.held('web').units).toBe(9);
  });
});

it('a shadow of a later epoch, beside the engine on one store, takes nothing from it', async () => {
  const [shadow, engine] = [create(), create()];
  expect(await shadow.actuate(order(0, 9, { epoch: 5, shadow: true }), never)).toMatchObject({ status: 'shadow' });
  expect(await engine.actuate(order(0, 4), never)).toMatchObject({ status: 'applied', units: 4 });
});

it('a new leader is not silenced by the clock of the old one, which was ahead', async () => {
  await create().actuate(order(90, 9), never);
  expect(await create().actuate(order(1, 4, { epoch: 2 }), never)).toMatchObject({ status: 'applied', units: 4 });
  expect(await create().actuate(order(0, 7, { epoch: 2 }), never)).toMatchObject({ status: 'duplicate', units: 4 });
});

it('orders of a pool wait for each other, and those of other pools do not', async () => {
  const [first, second] = [defer(), [] as string[]];
  const scale = memory.scale.bind(memory);
  memory.scale = async (pool, ...rest) => {
    if (pool === 'web' && second.length === 0) {
      second.push('first begins');
      await first.promise;
    }
    await scale(pool, ...rest);
    second.push(`${pool} ${rest[0].units}`);
  };
  const actuator = create();
  const late = actuator.actuate(order(0, 9), never);
  const next = actuator.actuate(order(1, 4), never);
  await actuator.actuate(order(0, 7, { pool: 'api', key: 'api@0' }), never);
  first.resolve(undefined);
  await Promise.all([late, next]);
  expect(second).toEqual(['first begins', 'api 7', 'web 9', 'web 4']);
});

function defer(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('marks in files', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'auspex-marks-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const mark: Mark = { units: 4, original: 2, step: STEP, epoch: 3, expires: STEP + MINUTE, parts: ['a', 'b'] };

  it('that a dead process holds are freed for one, however many find it dead at once', async () => {
    const file = join(directory, 'web.lock');
    const gone = 2 ** 22 - 1;
    let [inside, most, got] = [0, 0, 0];
    const hold = async (): Promise<void> => {
      const held = holding(file, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
        got++;
      });
      await held.catch((error: unknown) => expect(error).toBeInstanceOf(Conflict));
    };
    for (let round = 0; round < 40; round++) {
      writeFileSync(file, `${gone} ${hostname()} left\n`);
      await Promise.all(Array.from({ length: 12 }, hold));
      // Nothing is left of it, whoever won.
      if (readdirSync(directory).length > 0) expect(readdirSync(directory)).toEqual(['web.lock']);
    }
    expect(most).toBe(1);
    expect(got).toBeGreaterThan(30);
  });

  it('outlive the process, one a pool, whatever its name', async () => {
    const marks = new FileMarks(directory, 'x');
    for (const pool of ['web', '../../etc', 'a/b c', 'é']) {
      expect(await marks.read(pool)).toBeUndefined();
      await marks.write(pool, mark);
      expect(await new FileMarks(directory, 'x').read(pool)).toEqual(mark);
    }
    expect(readdirSync(join(directory, 'x'))).toHaveLength(4);
    await marks.write('web', undefined);
    await marks.write('web', undefined);
    expect(await marks.read('web')).toBeUndefined();
  });

  it('of engine and keeper in containers, both with pid 1, are never a part of each other', async () => {
    const [engine, keeper] = [new FileMarks(directory, 'x'), new FileMarks(directory, 'x')];
    const long: Mark = { ...mark, parts: Array.from({ length: 2_000 }, (_, n) => `host-${n}`) };
    for (let round = 0; round < 20; round++) {
      await Promise.all([engine.write('web', long), keeper.write('web', mark), engine.write('web', mark), keeper.write('web', long)]);
      expect([mark, long]).toContainEqual(await engine.read('web'));
    }
    expect(readdirSync(join(directory, 'x'))).toEqual(['web.json']);
  });

  it('of another object are nobody’s to go by: the pool was pointed elsewhere, or two actuators share the directory', async () => {
    const one = new FileMarks(directory, 'x', () => 'backend web');
    await one.write('web', mark);
    expect(await one.read('web')).toEqual(mark);
    const other = new FileMarks(directory, 'x', () => 'backend front');
    await expect(other.read('web')).rejects.toThrow('is a record of backend web, and the pool "web" is backend front');
    await expect(other.write('web', mark)).rejects.toThrow('is a record of backend web');
    expect(await one.read('web')).toEqual(mark);
    // What says nothing of whose it is was written before there was anything to say.
    await new FileMarks(directory, 'x').write('web', mark);
    expect(await other.read('web')).toEqual(mark);
  });

  it('keep a keeper from ending a floor while the engine renews it: neither undoes the other, nor is the original forgotten', async () => {
    const marks = new FileMarks(directory, 'x');
    const plain = new MemoryTarget();
    let between = async (): Promise<void> => undefined;
    const kept = withMarks(
      {
        status: async (pool, signal) => {
          const { mark: _, ...status } = await plain.status(pool, signal);
          return status;
        },
        scale: async (pool, { units }) => {
          await between();
          plain.held(pool).units = units;
        },
      },
      marks,
    );
    const made = (): Actuator => actuatorOver(kept, { plugin: 'x', patience: 0, handsOff: MINUTE }, context);
    const [engine, keeper] = [made(), made()];
    await engine.actuate(floor(0, 9), never);
    clock.at = STEP + 4 * MINUTE;
    const during: unknown[] = [];
    between = async () => {
      between = async () => undefined;
      await engine.actuate(floor(4, 7), never).catch((error: Error) => during.push(error.message));
    };
    expect(await keeper.restore?.('web', never)).toMatchObject({ from: 9, units: 1 });
    expect(during).toEqual([expect.stringContaining('another process holds')]);
    expect(await engine.actuate(floor(5, 7), never)).toMatchObject({ status: 'applied', units: 7 });
    expect(await marks.read('web')).toMatchObject({ units: 7, original: 1 });
    expect(readdirSync(join(directory, 'x'))).toEqual(['web.json']);
  });

  it('of a process that died while it held the pool are free again', async () => {
    const marks = new FileMarks(directory, 'x');
    await marks.write('web', mark);
    const lock = join(directory, 'x', 'web.lock');
    writeFileSync(lock, `${process.pid} ${hostname()}\n`);
    await expect(marks.alone('web', async () => 1)).rejects.toThrow(Conflict);
    utimesSync(lock, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
    expect(await marks.alone('web', async () => 2)).toBe(2);
    const { pid = 0 } = spawnSync(process.execPath, ['-e', '0']);
    writeFileSync(lock, `${pid} ${hostname()}\n`);
    expect(await marks.alone('web', async () => 3)).toBe(3);
    // Of another machine nothing is known but the time.
    writeFileSync(lock, `${pid} elsewhere\n`);
    await expect(marks.alone('web', async () => 4)).rejects.toThrow(Conflict);
    expect(readdirSync(join(directory, 'x')).sort()).toEqual(['web.json', 'web.lock']);
  });

  it('that cannot be read keep everything as it is, and say which file it is', async () => {
    const marks = new FileMarks(directory, 'x');
    await marks.write('web', mark);
    const file = join(directory, 'x', 'web.json');
    for (const text of ['', '{"units":4}', '\u0000\u0001', '{"units":-1,"original":1,"step":0,"epoch":0}']) {
      writeFileSync(file, text);
      const kept = withMarks({ status: (...given) => memory.status(...given), scale: (...given) => memory.scale(...given) }, marks);
      const actuator = actuatorOver(kept, { plugin: 'x', patience: 0, handsOff: 0 }, context);
      await expect(actuator.actuate(floor(0, 9), never)).rejects.toThrow(`${file} is no record of a lease`);
    }
    expect(memory.written).toEqual([]);
  });

  it('are written before the units: a crash between the two forgets no original, and is no change by somebody else', async () => {
    const marks = new FileMarks(directory, 'x');
    const plain = new MemoryTarget();
    let dying = true;
    const kept = withMarks(
      {
        status: async (pool, signal) => {
          const { mark: _, ...status } = await plain.status(pool, signal);
          return status;
        },
        scale: async (pool, scaling, signal) => {
          if (dying) throw new Unavailable('killed');
          await plain.scale(pool, { units: scaling.units, status: scaling.status }, signal);
        },
      },
      marks,
    );
    const restarted = (): Actuator => actuatorOver(kept, { plugin: 'x', patience: 0, handsOff: MINUTE }, context);
    await expect(restarted().actuate(floor(0, 9), never)).rejects.toThrow('killed');
    expect(await marks.read('web')).toMatchObject({ units: 9, was: 1, original: 1 });
    dying = false;
    // The same order again, to a new process: it was not done.
    expect(await restarted().actuate(floor(0, 9), never)).toMatchObject({ status: 'applied', units: 9 });
    expect((await marks.read('web'))?.was).toBeUndefined();
    expect(JSON.parse(readFileSync(join(directory, 'x', 'web.json'), 'utf8'))).toMatchObject({ original: 1 });
  });
});

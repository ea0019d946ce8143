import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, unwatchFile, watch, watchFile } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Assessor } from '@auspex/contracts';
import { LAWS, type Law, type LawResult, runLaws, type Subjects, testLaws, type Verdict, verdictText } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LawClock } from '../src/run/clock.ts';
import { leaks } from '../src/run/leaks.ts';
import { tryLaw } from '../src/run/run.ts';
import { rightActuator } from './broken/actuate.ts';
import { rightAssessor } from './broken/assess.ts';
import { rightExtension } from './broken/extend.ts';

type Subject = Subjects['assessor'];

function law(given: Partial<Law<'assessor'>>): Law {
  return { name: 'a law', why: 'else this test breaks', check: () => {}, ...given } as unknown as Law;
}

const outcome = ({ outcome: came, seen }: LawResult): [string, string?] => (seen === undefined ? [came] : [came, seen]);

/** A right assessor that notes when it is closed. */
function closing(log: string[], close: () => Promise<void> | void = () => {}): Subject {
  const { plugin } = rightAssessor();
  const create = (): Assessor => Object.assign(plugin.create({}, undefined as never), { close: () => void log.push('instance') });
  return {
    plugin: { ...plugin, create },
    close: () => {
      log.push('subject');
      return close();
    },
  };
}

describe('one law', () => {
  it('holds where it returns', async () => {
    expect(outcome(await tryLaw(law({}), rightAssessor))).toEqual(['holds']);
  });

  it('is broken by what is thrown, at once or later, an error or not', async () => {
    const thrown = (check: Law<'assessor'>['check']) => tryLaw(law({ check }), rightAssessor).then(outcome);
    expect(
      await thrown(() => {
        throw new Error('at once');
      }),
    ).toEqual(['broken', 'at once']);
    expect(await thrown(async () => Promise.reject(new Error('later')))).toEqual(['broken', 'later']);
    expect(
      await thrown(() => {
        throw 'a text';
      }),
    ).toEqual(['broken', 'a text']);
  });

  it('is cut off where it hangs', async () => {
    const result = await tryLaw(law({ check: () => new Promise(() => {}) }), rightAssessor, 50);
    expect(outcome(result)).toEqual(['broken', 'no end within 50 ms']);
    expect(result.ms).toBeLessThan(2_000);
  });

  it('is broken by a subject that cannot be made', async () => {
    const make = (act: () => Subject | Promise<Subject>) => tryLaw(law({}), act, 50).then(outcome);
    const refuse = (): never => {
      throw new Error('no port is free');
    };
    expect(await make(refuse)).toEqual(['broken', 'no port is free']);
    expect(await make(async () => refuse())).toEqual(['broken', 'no port is free']);
    expect(await make(() => new Promise(() => {}))).toEqual(['broken', 'the subject is not made within 50 ms']);
  });

  it('is skipped with a reason, which may come from the plugin itself', async () => {
    const never = () => expect.fail('a law that was skipped was tried');
    expect(outcome(await tryLaw(law({ unless: () => 'no target', check: never }), rightAssessor))).toEqual(['skipped', 'no target']);
    const asks = law({ unless: (_, tools) => ('assess' in tools.create() ? 'it can assess' : undefined), check: never });
    expect(outcome(await tryLaw(asks, rightAssessor))).toEqual(['skipped', 'it can assess']);
  });

  it('closes what it made, then the subject, also where it was skipped, broken or cut off', async () => {
    const uses = (rest: Partial<Law<'assessor'>> = {}) => law({ check: (_, tools) => void tools.create(), ...rest });
    const cases = [
      uses(),
      uses({ unless: (_, tools) => (tools.create() ? 'skipped' : undefined) }),
      uses({
        check: (_, tools) => {
          tools.create();
          throw new Error('broken');
        },
      }),
      uses({
        check: (_, tools) => {
          tools.create();
          return new Promise(() => {});
        },
      }),
    ];
    for (const each of cases) {
      const log: string[] = [];
      await tryLaw(each, () => closing(log), 50);
      expect(log).toEqual(['instance', 'subject']);
    }
  });

  it('is not broken by a subject that fails to close', async () => {
    const fail = (): never => {
      throw new Error('it was closed already');
    };
    for (const close of [fail, async () => fail()]) {
      expect(outcome(await tryLaw(law({}), () => closing([], close)))).toEqual(['holds']);
    }
  });

  it('refuses options that the schema refuses', async () => {
    const subject = (): Subject => ({ ...rightAssessor(), with: { speed: 'high' } });
    const result = await tryLaw(law({ check: (_, tools) => void tools.create() }), subject);
    expect(outcome(result)).toEqual(['broken', 'its schema refuses the subject\'s options: Unrecognized key: "speed"']);
  });

  it('hands out options that are frozen, to instances that are new', async () => {
    const check: Law<'assessor'>['check'] = (_, tools) => {
      expect(Object.isFrozen(tools.options())).toBe(true);
      expect(tools.create()).not.toBe(tools.create());
    };
    expect(outcome(await tryLaw(law({ check }), rightAssessor))).toEqual(['holds']);
  });
});

describe('all laws', () => {
  it('each on a new subject, one after the other, told as they come', async () => {
    let [made, open, most] = [0, 0, 0];
    const told: string[] = [];
    const verdict = await runLaws(
      () => {
        made++;
        most = Math.max(most, ++open);
        return { ...rightAssessor(), close: () => void open-- };
      },
      { onResult: (result) => told.push(result.law) },
    );
    expect(verdict).toMatchObject({ plugin: 'tiny', kind: 'assessor', passed: true });
    expect(told).toEqual(LAWS.assessor.map((each) => each.name));
    expect(verdict.results.map((result) => result.law)).toEqual(told);
    // One more, to see which kind it is.
    expect([made, open, most]).toEqual([told.length + 1, 0, 1]);
  });

  it('do not pass where one is broken, and where none holds', async () => {
    const { plugin } = rightAssessor();
    const wrong = await runLaws((): Subject => ({ plugin: { ...plugin, create: () => ({ assess: () => ({}) as never }) } }));
    expect(wrong.passed).toBe(false);
    const none = await runLaws((): Subject => {
      throw new Error('no port is free');
    }).catch((error: Error) => error.message);
    expect(none).toBe('no port is free');
  });

  it('skip what the subject does not offer', async () => {
    const verdict = await runLaws(() => {
      const { target, ...subject } = rightActuator();
      return {
        ...subject,
        target: { state: (pool) => target.state(pool), settle: (pool) => target.settle(pool), changes: () => target.changes() },
      };
    });
    expect(verdict.passed).toBe(true);
    expect(verdict.results.filter((result) => result.outcome === 'skipped').map((result) => [result.law, result.seen])).toEqual([
      ['a target that fails is no success', 'the fake target cannot be made to fail'],
      ['a floor that is not renewed lapses', "the fake target's time cannot be moved"],
      ['a keeper brings the original back', 'it declares lease: target'],
    ]);
  });
});

it('a verdict as text', () => {
  const verdict: Verdict = {
    plugin: 'scaler',
    kind: 'actuator',
    passed: false,
    results: [
      { law: 'one key, one effect', why: 'an order is sent again', outcome: 'holds', ms: 3.4 },
      { law: 'a shadow order changes nothing', why: 'it must be safe', outcome: 'broken', seen: 'it brought 2 units to 7', ms: 12 },
      { law: 'failing is no success', why: 'nobody has it', outcome: 'skipped', seen: 'it cannot fail', ms: 0.1 },
    ],
  };
  expect(verdictText(verdict)).toMatchInlineSnapshot(`
    "scaler (actuator) · 3 laws
      ✓ one key, one effect             3 ms
      ✗ a shadow order changes nothing
          seen: it brought 2 units to 7
          why:  it must be safe
      - failing is no success           skipped: it cannot fail
    1 hold, 1 broken, 1 skipped (0.0 s)"
  `);
});

describe('laws as tests', () => {
  /** A runner that keeps what it is given. */
  function recorder() {
    const tests = new Map<string, () => Promise<void>>();
    const suites: string[] = [];
    return {
      tests,
      suites,
      describe: (name: string, define: () => void) => {
        suites.push(name);
        define();
      },
      it: (name: string, test: () => Promise<void>) => void tests.set(name, test),
    };
  }

  it('are one test each', async () => {
    const runner = recorder();
    testLaws('assessor', rightAssessor, runner);
    expect(runner.suites).toEqual(['assessor laws']);
    expect([...runner.tests.keys()]).toEqual(LAWS.assessor.map((each) => each.name));
    for (const test of runner.tests.values()) await test();
  });

  it('fail with what was seen and why it matters', async () => {
    const runner = recorder();
    const { plugin } = rightAssessor();
    const about = {
      group: 'all',
      pop: 'all',
      score: 0,
      probability: 0,
      expected: 0,
      actual: 0,
      deviation: 0,
      eventImpact: 0,
      contributions: [],
    };
    testLaws('assessor', (): Subject => ({ plugin: { ...plugin, create: () => ({ assess: () => about }) } }), runner);
    await expect(runner.tests.get('it says whom and what it is about')?.()).rejects.toThrow(
      'asked about retail@fra, it answers about all@all\nwhy: the allocator weighs a surge by its group',
    );
    await runner.tests.get('the same input gives the same answer')?.();
  });

  it('are skipped where the runner can say so, if the subject lacks what they need', async () => {
    const { target, plugin } = rightActuator();
    const lacking = (): Subjects['actuator'] => ({
      plugin,
      target: { state: (pool) => target.state(pool), settle: (pool) => target.settle(pool), changes: () => target.changes() },
    });
    const runner = recorder();
    testLaws('actuator', lacking, runner);
    const test = runner.tests.get('a target that fails is no success') as (context?: object) => Promise<void>;
    // One with a parameter is given a callback by jest and mocha, and waited for.
    expect(test).toHaveLength(0);
    const skipped: string[] = [];
    await test({ skip: (reason: string) => skipped.push(reason) });
    await test();
    expect(skipped).toEqual(['not tried: the fake target cannot be made to fail']);
    // What does not apply to the plugin is not skipped: it passes.
    const none = recorder();
    const silent = { ...rightExtension().plugin, create: () => ({ decided: () => {} }) };
    testLaws('extension', () => ({ plugin: silent }), none);
    await (none.tests.get('a veto is a reason') as (context?: object) => Promise<void>)({ skip: () => expect.fail('skipped') });
  });

  it('run under node:test', () => {
    const program = `
      import { describe, it } from 'node:test';
      import { defineAssessor } from '@auspex/contracts';
      import { testLaws } from '@auspex/testkit';
      import { z } from 'zod';
      const assess = ({ group, pop, expected = 0, actual = 0 }) =>
        ({ group, pop, expected, actual, score: 2, probability: 1, deviation: 0, eventImpact: 0, contributions: [] });
      const plugin = defineAssessor({ id: 'tiny', summary: 'A test.', config: z.strictObject({}), create: () => ({ assess }) });
      testLaws('assessor', () => ({ plugin }), { describe, it });
    `;
    const args = ['--conditions=source', '--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program];
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
    expect(status).toBe(1);
    expect(stdout).toContain('they add up to 0, the score is 2');
    expect(stdout).toContain(`# pass ${LAWS.assessor.length - 1}\n# fail 1\n`);
  }, 20_000);
});

describe('what is left running', () => {
  const left = async (act: () => Promise<void>): Promise<string[]> => (await leaks(act)).map(({ what }) => what);
  const listen = (server: Server): Promise<number> =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
  const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

  it('a server, also one that keeps nothing alive', async () => {
    const server = createTcpServer();
    expect(await left(async () => void (await listen(server.unref())))).toEqual(['a listening server']);
    await closed(server);
    const ended = createTcpServer();
    const act = async (): Promise<void> => {
      await listen(ended);
      await closed(ended);
    };
    expect(await left(act)).toEqual([]);
  });

  it('a watched file', async () => {
    const file = fileURLToPath(import.meta.url);
    const [watchers, poll] = [[] as FSWatcher[], () => {}];
    expect(await left(async () => void watchers.push(watch(file)))).toEqual(['a watched file']);
    watchers[0]?.close();
    expect(await left(async () => watch(file).close())).toEqual([]);
    expect(await left(async () => void watchFile(file, poll))).toEqual(['a watched file']);
    unwatchFile(file, poll);
  });

  it('a child process', async () => {
    const child = {} as { of?: ChildProcess };
    const start = async (): Promise<void> => {
      child.of = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
    };
    expect(await left(start)).toEqual(['a child process']);
    child.of?.kill();
    const act = async (): Promise<void> => {
      const ended = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
      await once(ended, 'exit');
    };
    expect(await left(act)).toEqual([]);
  });

  it('no connection that a pool keeps, nor its timers', async () => {
    const server = createServer((_, answer) => answer.end('yes'));
    const port = await listen(server);
    const agent = new Agent({ keepAlive: true });
    const act = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) await (await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(10_000) })).text();
      const [answer] = await once(get({ port, agent }), 'response');
      for await (const _ of answer);
    };
    expect(await left(act)).toEqual([]);
    agent.destroy();
    server.closeAllConnections();
    await closed(server);
  });
});

describe('the clock of an instance under a law', () => {
  it('goes on by itself where somebody sleeps, in the order of their times', async () => {
    const clock = new LawClock();
    const begun = clock.now();
    const woken: string[] = [];
    const sleep = (ms: number): Promise<void> => clock.sleep(ms).then(() => void woken.push(`${ms} at ${clock.now() - begun}`));
    await Promise.all([sleep(300), sleep(100), sleep(200).then(() => sleep(50))]);
    expect(woken).toEqual(['100 at 100', '200 at 200', '50 at 250', '300 at 300']);
  });

  it('lets what really happens come first, and those be who were told to stop', async () => {
    const clock = new LawClock();
    const stop = new AbortController();
    const late = clock.sleep(30_000, stop.signal).then(
      () => 'late',
      () => 'stopped',
    );
    expect(await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 20, 'in time'))])).toBe('in time');
    stop.abort();
    expect(await late).toBe('stopped');
    expect(await clock.rest(200)).toBe(0);
  });

  it('knows who is still asleep after a rest, and who only had a little left', async () => {
    const clock = new LawClock();
    const short = clock.sleep(150);
    void clock.sleep(60_000);
    expect(await clock.rest(200)).toBe(1);
    await short;
    const endless = new LawClock();
    void (async () => {
      for (;;) await endless.sleep(0);
    })();
    expect(await endless.rest(200)).toBe(1);
  });
});

it('a client among the options may change: it is the same one', async () => {
  class Client {
    calls = 0;
  }
  const make = (): Subject => {
    const { plugin } = rightAssessor();
    const config = z.strictObject({ client: z.instanceof(Client).describe('A client.') });
    const create = (options: { client: Client }): Assessor => {
      const right = plugin.create({} as never, undefined as never);
      return {
        assess: (input) => {
          options.client.calls++;
          return right.assess(input);
        },
      };
    };
    return { plugin: { ...plugin, config, create } as never, with: { client: new Client() } };
  };
  const { results } = await runLaws(make);
  expect(results.filter(({ outcome }) => outcome !== 'holds')).toEqual([]);
});

describe('timers that are left', () => {
  const left: (NodeJS.Timeout | NodeJS.Immediate)[] = [];
  const keep = (timer: NodeJS.Timeout): void => void left.push(timer);
  const after = async (act: () => Promise<void>): Promise<string[]> => {
    try {
      return (await leaks(act)).map(({ what }) => what);
    } finally {
      for (const timer of left.splice(0)) clearTimeout(timer as NodeJS.Timeout);
    }
  };

  it('are named by their delay', async () => {
    expect(await after(async () => keep(setInterval(() => {}, 60_000)))).toEqual(['an interval of 60000 ms']);
    expect(await after(async () => keep(setTimeout(() => {}, 30_000)))).toEqual(['a timer of 30000 ms']);
  });

  it('are found behind a promise', async () => {
    const later = async (): Promise<void> => {
      await Promise.resolve();
      keep(setTimeout(() => {}, 30_000));
    };
    expect(await after(later)).toEqual(['a timer of 30000 ms']);
  });

  it('are none where they were cleared, are over, or go off once and keep no process alive', async () => {
    expect(await after(async () => clearInterval(setInterval(() => {}, 60_000)))).toEqual([]);
    expect(await after(() => new Promise((resolve) => setTimeout(resolve, 20)))).toEqual([]);
    expect(await after(async () => keep(setTimeout(() => {}, 60_000).unref()))).toEqual([]);
  });

  it('are found where they come again, though they keep no process alive', async () => {
    expect(await after(async () => keep(setInterval(() => {}, 60_000).unref()))).toEqual(['an interval of 60000 ms']);
  });

  it('are not those of others', async () => {
    keep(setInterval(() => {}, 60_000));
    const other = new Promise<void>((resolve) =>
      setTimeout(() => {
        keep(setInterval(() => {}, 50_000));
        resolve();
      }, 10),
    );
    expect(await after(() => other)).toEqual([]);
  });
});

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Plugin, Prediction } from '@auspex/contracts';
import { describe, expect, it } from 'vitest';
import type { RemotePredictor } from '../src/client/predictor.ts';
import { isolate, type Limits, remotePredictor } from '../src/index.ts';
import { Restarts } from '../src/process/restarts.ts';
import { children, isRunning, observations, request, series, type TestContext, testContext, until } from './tools.ts';

const MODULE = new URL('./fixtures/predictors.mjs', import.meta.url).href;
const plugins: Readonly<Record<string, Plugin>> = await import(MODULE);
const never = new AbortController().signal;

function make(exported: 'bad' | 'good' | 'unborn', context: TestContext, limits: Limits = {}): RemotePredictor {
  const plugin = isolate({ module: MODULE, exported, plugin: plugins[exported] as Plugin<'predictor'>, limits });
  return plugin.create(plugin.config.parse({}), context) as RemotePredictor;
}

/** Asks for these series, each with three observations of 10. Per series: its first quantile, or its note where there is none. */
async function ask(predictor: RemotePredictor, ids: readonly string[]): Promise<(number | string)[]> {
  const states = ids.map((id) => observations(3).reduce((state, one) => predictor.observe(state, one), predictor.begin(series(id))));
  const answers = await predictor.forecastBatch(
    states,
    ids.map(() => request(3)),
    never,
  );
  return (answers as Prediction[]).map(({ quantiles, note }) => quantiles[0] ?? note ?? '');
}

/** A plugin in a line of JavaScript. */
function scripted(script: string, context: TestContext, options: object = {}): RemotePredictor {
  const command = [process.execPath, '-e', script];
  return remotePredictor.create(remotePredictor.config.parse({ command, ...options }), context) as RemotePredictor;
}

describe('a series on which the plugin', () => {
  it('loops, takes all memory or ends costs it alone its answer', async () => {
    const context = testContext();
    const predictor = make('bad', context, { batch: 1, deadline: '1s', memory: 300 });
    const memory = 'predictor\\(bad\\): used \\d+ MB of memory where 300 MB are allowed: killed';
    for (const [deed, message] of [
      ['loop', 'predictor\\(bad\\): did not answer Forecast within 1s: killed'],
      ['heap', memory],
      ['buffers', memory],
      ['exit', 'predictor\\(bad\\): ended with exit code 3; it wrote last: I have had enough'],
      ['kill', 'predictor\\(bad\\): was ended by SIGKILL'],
    ] as const) {
      context.lines.length = 0;
      const said = expect.stringMatching(new RegExp(`^${message}`));
      expect(await ask(predictor, ['a', deed, 'b'])).toEqual([10, said, expect.stringContaining('is started again in')]);
      expect(context.lines.filter(({ level }) => level === 'warn').map((line) => line.message)).toEqual([said]);
      context.advance(60_000);
      expect(await ask(predictor, ['a', 'b'])).toEqual([10, 10]);
    }
  });

  it('throws, or answers nonsense, costs it alone its answer', async () => {
    const answers = await ask(make('bad', testContext()), ['a', 'throw', 'garbage', 'short', 'b']);
    // The engine refuses rows of the wrong length for that series alone.
    expect(answers).toEqual([10, 'I do not like this series', 'its answer holds no quantiles', 0, 10]);
  });

  it('crashes is found among many, put in quarantine, reported once, and tried again', async () => {
    const context = testContext();
    const predictor = make('bad', context);
    const ids = ['a', 'exit/1', 'b', 'c'];
    await expect(ask(predictor, ids)).rejects.toMatchObject({ code: 'PLUGIN_CRASHED', message: expect.stringContaining('exit code 3') });
    const served: number[] = [];
    while (!context.lines.some(({ message }) => message.includes('crashes on the series'))) {
      context.advance(60_000);
      served.push((await ask(predictor, ids).catch(() => [])).filter((answer) => answer === 10).length);
      expect(served.length).toBeLessThan(6);
    }
    // The half a, exit/1 crashes; then the other half is asked first, then a alone, then exit/1 alone.
    expect(served).toEqual([0, 3]);
    context.advance(60_000);
    const quarantined = 'predictor(bad) crashed on this series: not asked for a while';
    expect(await ask(predictor, ids)).toEqual([10, quarantined, 10, 10]);
    expect(await ask(predictor, ids)).toEqual([10, quarantined, 10, 10]);
    const reports = context.lines.filter(({ message }) => message.includes('crashes on the series exit/1'));
    expect(reports.map(({ message }) => message)).toEqual([expect.stringContaining('it is not asked for 10 minutes')]);
    expect(context.counts.get('auspex_plugin_crashes_total')).toBe(served.length + 1);
    context.advance(600_000);
    expect((await ask(predictor, ids)).filter((answer) => answer === 10)).toHaveLength(3);
    expect(context.counts.get('auspex_plugin_crashes_total')).toBe(served.length + 2);
  });
});

describe('a plugin that cannot be used', () => {
  it('throws at create', async () => {
    await expect(ask(make('unborn', testContext()), ['a'])).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      message: 'predictor(unborn): no licence on this machine',
    });
    expect(children()).toEqual([]);
  });

  it.each([
    [
      'never prints its address',
      'console.log("hello"); setInterval(() => {}, 1000)',
      'PLUGIN_CRASHED',
      /did not print "auspex-plugin 1 127.0.0.1:PORT" within 300ms: killed; it wrote last: hello/,
    ],
    [
      'ends first',
      'console.error("no model file"); process.exit(7)',
      'PLUGIN_CRASHED',
      /ended with exit code 7; it wrote last: no model file, before it was ready/,
    ],
    [
      'speaks another protocol',
      'console.log("auspex-plugin 2 127.0.0.1:1"); setInterval(() => {}, 1000)',
      'PLUGIN_VERSION',
      /speaks version 2 of the plugin protocol, not 1/,
    ],
    [
      'listens to others',
      'console.log("auspex-plugin 1 0.0.0.0:1"); setInterval(() => {}, 1000)',
      'PLUGIN_INVALID',
      /listens on 0.0.0.0:1, which others can reach/,
    ],
    ['does not listen', 'console.log("auspex-plugin 1 127.0.0.1:1"); setInterval(() => {}, 1000)', 'PLUGIN_CRASHED', /no longer talks/],
  ])('%s', async (_, script, code, message) => {
    const predictor = scripted(script, testContext(), script.includes('hello') ? { startLimit: '300ms' } : {});
    await expect(ask(predictor, ['a'])).rejects.toMatchObject({ code, message: expect.stringMatching(/^predictor\(remote\): /) });
    expect(children()).toEqual([]);
    await expect(ask(predictor, ['a'])).rejects.toMatchObject({ code: 'PLUGIN_CRASHED', message: expect.stringMatching(message) });
  });

  it('is no program at all', async () => {
    const config = remotePredictor.config.parse({ command: ['/nowhere/to/be/found'] });
    const predictor = remotePredictor.create(config, testContext()) as RemotePredictor;
    await expect(ask(predictor, ['a'])).rejects.toThrow('predictor(remote): could not be started: spawn /nowhere/to/be/found ENOENT');
  });

  it('answers with bytes that are no answer', async () => {
    // A server that greets every connection with noise instead of HTTP/2.
    const server = createServer((socket) => socket.on('error', () => {}).end('this is not gRPC\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const config = remotePredictor.config.parse({ address: `127.0.0.1:${port}`, deadline: '1s', startLimit: '1s' });
    const predictor = remotePredictor.create(config, testContext()) as RemotePredictor;
    await expect(ask(predictor, ['a'])).rejects.toMatchObject({ code: expect.stringMatching(/^PLUGIN_/), path: 'predictor(remote)' });
    server.close();
  });
});

it('restarts wait longer each time, by the engine’s clock and chance', async () => {
  const context = testContext();
  const predictor = scripted('process.exit(1)', context, { restart: { first: '1s', max: '3s' } });
  const attempt = (): Promise<string> => ask(predictor, ['a']).then(String, (error: Error) => error.message);
  const crash = 'predictor(remote): ended with exit code 1, before it was ready';
  expect(await attempt()).toBe(crash);
  const shares: number[] = [];
  for (const nominal of [1_000, 2_000, 3_000, 3_000]) {
    let waited = 0;
    for (let said = await attempt(); said !== crash; said = await attempt()) {
      expect(waited).toBeLessThanOrEqual(nominal);
      expect(said).toMatch(/^predictor\(remote\): is started again in \S+; predictor\(remote\): ended with exit code 1/);
      context.advance(nominal / 20);
      waited += nominal / 20;
    }
    expect(waited).toBeGreaterThanOrEqual(nominal / 2);
    shares.push(waited / nominal);
  }
  expect(new Set(shares).size).toBeGreaterThan(1);
});

it('after a healthy minute the waits begin anew', () => {
  const context = testContext();
  const restarts = new Restarts({ first: 1_000, max: 60_000, reset: 60_000 }, context.clock, { next: () => 1, fork: () => context.random });
  const crashAfter = (ms: number): number => {
    restarts.started();
    context.advance(ms);
    return restarts.failed('it crashed');
  };
  expect([crashAfter(0), crashAfter(59_999), crashAfter(10), crashAfter(60_000), crashAfter(10)]).toEqual([
    1_000, 2_000, 4_000, 1_000, 2_000,
  ]);
  expect(() => restarts.check('predictor(x)')).toThrow('predictor(x): is started again in 2s; it crashed');
});

it('close leaves no process, even of a plugin that does not want to end', async () => {
  const predictor = make('bad', testContext());
  await ask(predictor, ['a']);
  expect(children()).toHaveLength(1);
  await predictor.close();
  expect(children()).toEqual([]);
  const stubborn = scripted('process.on("SIGTERM", () => {}); console.log("x"); setInterval(() => {}, 1000)', testContext());
  const starting = ask(stubborn, ['a']).catch((error: Error) => error.message);
  await until(() => children().length === 1);
  await stubborn.close();
  expect(children()).toEqual([]);
  expect(await starting).toContain('was closed while it started');
});

it('the plugin ends with its engine, even when that is killed and the plugin loops for ever', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'auspex-remote-'));
  const tsx = import.meta.resolve('tsx');
  const script = new URL('./fixtures/parent.mjs', import.meta.url).pathname;
  const parent = spawn(process.execPath, ['--conditions=source', '--import', tsx, script, path.join(folder, 'pid')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await new Promise<string>((resolve) => parent.stdout.once('data', (data) => resolve(String(data)))));
  expect(isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !isRunning(pid), 4_000);
  rmSync(folder, { recursive: true });
});

describe('a plugin that leaves things behind', () => {
  const OTHERS = new URL('./fixtures/others.mjs', import.meta.url).href;
  const order = (pool: string) => ({ key: `${pool}@1`, pool, pop: '', units: 2, min: 1, max: 9, epoch: 1, shadow: false, step: 0 });
  const family = async (context: TestContext, pidFile: string): Promise<import('@auspex/contracts').Actuator> => {
    const plugin = ((await import(OTHERS)) as { family: Plugin<'actuator'> }).family;
    const isolated = isolate({ module: OTHERS, exported: 'family', plugin, limits: { memory: 300 } });
    return isolated.create(isolated.config.parse({ pidFile }) as never, context);
  };
  const folder = (): string => mkdtempSync(path.join(tmpdir(), 'auspex-family-'));

  it.each(['crashes', 'is closed'])('takes what it started along when it %s', async (how) => {
    const context = testContext();
    const at = folder();
    const actuator = await family(context, path.join(at, 'pid'));
    await actuator.actuate(order('child'), never);
    const pid = Number(readFileSync(path.join(at, 'pid'), 'utf8'));
    expect(isRunning(pid)).toBe(true);
    if (how === 'crashes') await expect(actuator.actuate(order('exit'), never)).rejects.toMatchObject({ code: 'PLUGIN_CRASHED' });
    await actuator.close?.();
    await until(() => !isRunning(pid));
    rmSync(at, { recursive: true });
  });

  it('is ended for memory that it takes between calls', async () => {
    const context = testContext();
    const at = folder();
    const actuator = await family(context, path.join(at, 'pid'));
    await actuator.actuate(order('grow'), never);
    const before = children();
    await until(() => children().length < before.length);
    await expect(actuator.actuate(order('web'), never)).rejects.toThrow(
      /used \d+ MB of memory where 300 MB are allowed: killed|is started again in/,
    );
    await actuator.close?.();
    rmSync(at, { recursive: true });
  });
});

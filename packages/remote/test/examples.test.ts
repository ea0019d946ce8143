import { spawn } from 'node:child_process';
import { LEVELS, NOT_READY, type Order, type Prediction } from '@auspex/contracts';
import { describe, expect, it } from 'vitest';
import type { RemotePredictor } from '../src/client/predictor.ts';
import { remoteActuator, remoteCalendar, remotePredictor } from '../src/index.ts';
import { needGo, needPython, PREDICTOR } from './toolchains.ts';
import { HORIZON, isRunning, observations, request, START, series, type TestContext, testContext, until } from './tools.ts';

const never = new AbortController().signal;
/** A machine that runs other tests at the same time needs a moment to start an interpreter. */
const PATIENCE = { startLimit: '20s', deadline: '10s' };

describe('a predictor in Python', { timeout: 300_000 }, () => {
  function make(python: string, options: Record<string, number> = { season: 24 }, context: TestContext = testContext()): RemotePredictor {
    const config = remotePredictor.config.parse({
      command: [python, PREDICTOR],
      env: { PYTHONDONTWRITEBYTECODE: '1' },
      with: options,
      ...PATIENCE,
    });
    return remotePredictor.create(config, context) as RemotePredictor;
  }

  const day = (i: number): number => 100 + 50 * Math.sin((2 * Math.PI * i) / 24) + (i % 5);

  it('forecasts each series from the state that it gave back', async (test) => {
    const predictor = make(needPython(test));
    let state = predictor.begin(series('a'));
    const fresh = predictor.begin(series('b'));
    const all = observations(240, day);
    for (const one of all.slice(0, 239)) state = predictor.observe(state, one);
    const [before, unready] = await predictor.forecastBatch([state, fresh], [request(239), request(0)], never);
    expect(unready).toBe(NOT_READY);
    expect((before as Prediction).note).toBe('season of 24 steps');
    state = predictor.observe(state, all[239] as never);
    const copy = predictor.decode(predictor.encode(state));
    const [answer] = (await predictor.forecastBatch([state], [request(240)], never)) as [Prediction];
    expect(answer.quantiles).toHaveLength(HORIZON.length * LEVELS.length);
    const median = answer.quantiles[LEVELS.indexOf(0.5)] as number;
    expect(Math.abs(median - day(240))).toBeLessThan(6);
    expect([...answer.quantiles.subarray(0, 8)]).toEqual([...answer.quantiles.subarray(0, 8)].sort((a, b) => a - b));
    expect(await predictor.forecastBatch([copy], [request(240)], never)).toEqual([answer]);
  });

  it('refuses an option that it does not have, and a state that is not its own', async (test) => {
    const python = needPython(test);
    const wrong = make(python, { saison: 24 });
    await expect(wrong.forecastBatch([wrong.begin(series('a'))], [request(0)], never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'predictor(remote): with.saison: there is no such option',
    });
    const context = testContext();
    const predictor = make(python, {}, context);
    const foreign = { ...predictor.begin(series('a')), bytes: Uint8Array.of(1, 2, 3) };
    const [answer] = (await predictor.forecastBatch([foreign], [request(0)], never)) as [Prediction];
    expect(answer.quantiles).toHaveLength(0);
    expect(await predictor.forecastBatch([foreign], [request(0)], never)).toEqual([NOT_READY]);
    expect(context.lines.some(({ message }) => message.includes('refuses its state of a'))).toBe(true);
    expect(await predictor.train([{ series: series('a'), observations: observations(100, day) }], never)).toBeUndefined();
  });
});

// A machine that has never built it downloads and compiles gRPC first: minutes, once.
describe('an actuator in Go', { timeout: 300_000 }, () => {
  const order = (units: number, more: Partial<Order> = {}): Order => {
    return { key: `web@${units}`, pool: 'web', pop: 'all', units, min: 0, max: 10, epoch: 5, shadow: false, step: START, ...more };
  };

  it('honours shadow, key, epoch and bounds', async (test) => {
    const config = remoteActuator.config.parse({ command: [needGo(test)], with: { initial: 2 }, ...PATIENCE });
    const actuator = remoteActuator.create(config, testContext());
    expect(await actuator.read('web', never)).toEqual({ units: 2, ready: 2 });
    expect(await actuator.actuate(order(9, { shadow: true, epoch: 99 }), never)).toMatchObject({ status: 'shadow', units: 2 });
    expect(await actuator.actuate(order(4), never)).toEqual({ key: 'web@4', pool: 'web', status: 'applied', units: 4, ready: 4 });
    expect(await actuator.actuate(order(4), never)).toMatchObject({ status: 'duplicate', units: 4 });
    expect(await actuator.actuate(order(11), never)).toMatchObject({ status: 'refused', detail: '11 units are outside 0..10' });
    const old = await actuator.actuate(order(1, { epoch: 4 }), never);
    expect(old).toMatchObject({ status: 'refused', detail: 'epoch 4 is older than 5: another instance leads', units: 4 });
    expect(await actuator.read('web', never)).toEqual({ units: 4, ready: 4 });
    expect(await actuator.read('api', never)).toEqual({ units: 2, ready: 2 });
  });

  it('refuses a misspelt option; is no calendar; ends with its stdin', async (test) => {
    const command = [needGo(test)];
    const actuator = remoteActuator.create(remoteActuator.config.parse({ command, with: { inital: 2 }, ...PATIENCE }), testContext());
    await expect(actuator.read('web', never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'actuator(remote): with: json: unknown field "inital"',
    });
    const calendar = remoteCalendar.create(remoteCalendar.config.parse({ command, ...PATIENCE }), testContext());
    await expect(calendar.between(0, 1)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: 'calendar(remote): says that it is of the kind actuator, not calendar',
    });
    const child = spawn(command[0] as string, { stdio: ['pipe', 'pipe', 'inherit'], env: { AUSPEX_PLUGIN_PROTOCOL: '1' } });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.end();
    await until(() => !isRunning(child.pid as number));
  });
});

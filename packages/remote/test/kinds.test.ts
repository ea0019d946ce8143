import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Actuator, AlertSink, Calendar, Order, Plugin, PluginKind, PluginKinds, Source, SourceBatch } from '@auspex/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { isolate, type Limits } from '../src/index.ts';
import { children, START, testContext, until } from './tools.ts';

const MODULE = new URL('./fixtures/others.mjs', import.meta.url).href;
const plugins: Readonly<Record<string, Plugin>> = await import(MODULE);
const never = new AbortController().signal;
const folder = mkdtempSync(path.join(tmpdir(), 'auspex-remote-'));
afterAll(() => rmSync(folder, { recursive: true }));

function make<K extends PluginKind>(
  exported: string,
  options: object = {},
  limits: Limits = {},
  context = testContext(),
): PluginKinds[K]['instance'] {
  const plugin = isolate({ module: MODULE, exported, plugin: plugins[exported] as Plugin<K>, limits });
  return plugin.create(plugin.config.parse(options), context);
}

function order(pool: string, units = 5, more: Partial<Order> = {}): Order {
  return { key: `${pool}@${units}`, pool, pop: 'all', units, min: 0, max: 10, epoch: 1, shadow: false, step: START, ...more };
}

describe('an isolated actuator', () => {
  it('carries orders, receipts, the target’s state, and what it throws', async () => {
    const actuator: Actuator = make<'actuator'>('fleet');
    const shadow = await actuator.actuate(order('web', 7, { shadow: true }), never);
    expect(shadow).toEqual({ key: 'web@7', pool: 'web', status: 'shadow', units: 1, ready: 1 });
    expect(await actuator.actuate(order('web'), never)).toMatchObject({ status: 'applied', units: 5 });
    expect(await actuator.actuate(order('web'), never)).toMatchObject({ status: 'duplicate', units: 5 });
    expect(await actuator.actuate(order('refuse', 3), never)).toMatchObject({ status: 'refused', detail: 'not to 3 from 1' });
    await expect(actuator.actuate(order('throw'), never)).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      message: 'actuator(fleet): the cloud says no',
      remedy: 'Ask the cloud.',
    });
    await expect(actuator.actuate(order('garbage'), never)).rejects.toThrow(/^actuator\(fleet\): .*(string|units|splendid)/);
    await expect(actuator.actuate(order('nan'), never)).rejects.toThrow('actuator(fleet): answered with NaN units');
    const abort = new AbortController();
    const call = actuator.actuate(order('never'), abort.signal);
    abort.abort(new Error('no longer wanted'));
    await expect(call).rejects.toThrow('no longer wanted');
    // After all that it is the same process.
    expect(await actuator.read('web', never)).toEqual({ units: 5, ready: 1 });
  });

  it('that loops, hangs or ends is started again and serves other pools', async () => {
    const context = testContext();
    const actuator: Actuator = make<'actuator'>('fleet', {}, { deadline: '400ms' }, context);
    for (const [pool, message] of [
      ['loop', 'actuator(fleet): did not answer Actuate within 400ms: killed'],
      ['never', 'actuator(fleet): did not answer Actuate within 400ms: killed'],
      ['exit', 'actuator(fleet): ended with exit code 9'],
    ] as const) {
      const crash = { code: 'PLUGIN_CRASHED', message: expect.stringContaining(message) };
      await expect(actuator.actuate(order(pool), never)).rejects.toMatchObject(crash);
      context.advance(60_000);
      expect(await actuator.actuate(order('web'), never)).toMatchObject({ status: 'applied' });
    }
  });
});

describe('an isolated calendar', () => {
  it('carries events, and refuses nonsense', async () => {
    const calendar: Calendar = make<'calendar'>('fairs');
    expect(await calendar.between(0, 155)).toEqual([
      { id: 'a', name: 'Fair', start: 100, end: 200, groups: ['web'], category: 'fair', impact: 0.5 },
      { id: 'b', name: 'For all', start: 150, end: 250, impact: 0 },
    ]);
    expect(await calendar.between(240, Number.POSITIVE_INFINITY)).toEqual([
      { id: 'b', name: 'For all', start: 150, end: 250, impact: 0 },
      { id: 'c', name: 'For none', start: 160, end: 250, groups: [], impact: 0 },
      { id: 'd', name: 'To be learnt', start: 170, end: 300, pops: ['ATL'] },
      { id: 'e', name: 'Shaped', start: 180, end: 300, shape: { rampMs: 0, decayMs: 1.5 }, impact: -0.25 },
    ]);
    await expect(calendar.between(0, 2)).rejects.toThrow('the event "y" that comes in -1 ms and goes in 0 ms');
    await expect(calendar.between(0, 0)).rejects.toThrow('calendar(fairs): answered with the event "x" from 5 to 1');
    await expect(calendar.between(0, 1)).rejects.toMatchObject({ code: 'SUPPORT', message: expect.stringContaining('store') });
  });
});

describe('an isolated alert sink', () => {
  it('carries alerts, and is closed in order with no process left', async () => {
    const file = path.join(folder, 'alerts');
    const sink: AlertSink = make<'alertSink'>('file', { path: file });
    const same = { fingerprint: 'f', severity: 'page', summary: 'süß', step: START, startsAt: START - 60_000 } as const;
    const alert = { ...same, key: 'f@1/firing', status: 'firing', details: ['a', 'b'], labels: { pool: 'web' } } as const;
    const over = { ...same, key: 'f@1/resolved', status: 'resolved', severity: 'info', endsAt: START, labels: {} } as const;
    await sink.send([alert, over], never);
    expect(children()).toHaveLength(1);
    await sink.close?.();
    expect(children()).toEqual([]);
    const [first, second] = readFileSync(file, 'utf8').split('\n') as [string, string];
    expect(JSON.parse(first)).toEqual([alert, over]);
    expect(second).toBe('closed');
    await expect(sink.send([], never)).rejects.toMatchObject({ code: 'LIFECYCLE' });
  });
});

describe('an isolated source', () => {
  async function read(source: Source, from: Record<string, string> = {}, signal = never): Promise<SourceBatch[]> {
    const batches: SourceBatch[] = [];
    for await (const batch of source.open(from, signal)) batches.push(batch);
    return batches;
  }

  it('carries batches from a position on, commits, and ends on abort', async () => {
    const file = path.join(folder, 'commits');
    const source: Source = make<'source'>('numbers', { path: file });
    const batches = await read(source, { p: '1', count: '3' });
    const second = { at: 1, kind: 'sign-in', group: '', pop: 'x', outcome: 'timed-out', attempt: 2, count: 0.5, user: 'u' };
    expect(batches[0]).toEqual({
      partition: 'p',
      position: '2',
      events: [
        { at: 1, kind: 'request', group: 'g', pop: '', outcome: 'served' },
        { ...second, sessionStart: true, bytes: 0 },
      ],
      watermark: 7,
      gaps: [{ from: 1, to: 2 }],
      malformed: 3,
      end: true,
    });
    expect(Object.keys(batches[1] as SourceBatch)).toEqual(['partition', 'events', 'position']);
    expect(batches).toHaveLength(2);
    await source.commit?.({ p: '3' });
    expect(readFileSync(file, 'utf8')).toBe('{"p":"3"}');
    // More than the connection holds: they wait for the reader.
    const positions = (await read(source, { count: '3000' })).map(({ position }) => Number(position));
    expect(positions).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1));
    const abort = new AbortController();
    let seen = 0;
    for await (const _ of source.open({ count: '1', last: 'wait' }, abort.signal)) {
      seen++;
      abort.abort();
    }
    expect(seen).toBe(1);
  });

  it('that is down is reported, never shown as silence', async () => {
    const context = testContext();
    const source: Source = make<'source'>('numbers', { path: folder }, { deadline: '300ms' }, context);
    for (const [last, code, message] of [
      ['throw', 'SOURCE_NOT_FOUND', 'source(numbers): the file is gone'],
      ['garbage', 'PLUGIN_FAILED', 'source(numbers): answered with an event whose outcome is "nice"'],
      ['exit', 'PLUGIN_CRASHED', 'source(numbers): ended with exit code 4'],
      ['loop', 'PLUGIN_CRASHED', 'source(numbers): did not answer Describe within 300ms: killed'],
    ] as const) {
      const positions: string[] = [];
      const reading = (async () => {
        for await (const { position } of source.open({ last }, never)) positions.push(position);
      })();
      await expect(reading).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
      expect(positions).toEqual(['1', '2']);
      context.advance(60_000);
    }
  });
});

it('a kind that is called for each event is refused with what to do instead', () => {
  expect(() => make<'enricher'>('enricher')).toThrow(
    expect.objectContaining({ code: 'SUPPORT', message: expect.stringContaining('enricher(names): runs only inline') }),
  );
});

it('the engine’s signal ends the process', async () => {
  const context = testContext();
  const calendar: Calendar = make<'calendar'>('fairs', {}, {}, context);
  await calendar.between(0, 155);
  expect(children()).toHaveLength(1);
  context.stop();
  await until(() => children().length === 0, 3_000);
});

import { AuspexError, LEVELS, NOT_READY, type Plugin, type Prediction } from '@auspex/contracts';
import { describe, expect, it } from 'vitest';
import type { RemotePredictor } from '../src/client/predictor.ts';
import { MOST_PENDING } from '../src/client/state.ts';
import { isolate } from '../src/index.ts';
import { HORIZON, observations, request, series, type TestContext, testContext } from './tools.ts';

const MODULE = new URL('./fixtures/predictors.mjs', import.meta.url).href;
const plugins: Readonly<Record<string, Plugin>> = await import(MODULE);
const never = new AbortController().signal;

function make(exported: 'good' | 'batched' | 'odd', options: object = {}, context: TestContext = testContext()): RemotePredictor {
  const plugin = isolate({ module: MODULE, exported, plugin: plugins[exported] as Plugin<'predictor'> });
  return plugin.create(plugin.config.parse(options), context) as RemotePredictor;
}

async function ask(predictor: RemotePredictor, ids: readonly string[], count = 3): Promise<unknown[]> {
  const states = ids.map((id) => observations(count).reduce((state, one) => predictor.observe(state, one), predictor.begin(series(id))));
  return [
    ...(await predictor.forecastBatch(
      states,
      ids.map(() => request(count)),
      never,
    )),
  ];
}

describe('an isolated predictor', () => {
  it('keeps id and config, and declares batch', () => {
    const plugin = isolate({ module: MODULE, exported: 'good', plugin: plugins['good'] as Plugin<'predictor'> });
    expect(plugin).toMatchObject({ id: 'good', kind: 'predictor', capabilities: { batch: true, trains: true } });
    expect(plugin.config).toBe(plugins['good']?.config);
  });

  it('answers every series from its own state, step after step', async () => {
    const predictor = make('good', { boost: 2 });
    let [a, b, c] = ['a', 'b', 'c'].map((id) => predictor.begin(series(id))) as [never, never, never];
    for (const [i, one] of observations(5, (n) => n + 1).entries()) {
      a = predictor.observe(a, one) as never;
      if (i % 2 === 0) b = predictor.observe(b, one) as never;
      const [first, second, third] = await predictor.forecastBatch([a, b, c], [request(i + 1), request(i + 1), request(i + 1)], never);
      expect((first as Prediction).quantiles).toEqual(new Float64Array(HORIZON.length * LEVELS.length).fill(i + 2));
      expect((first as Prediction).note).toBe(`${i + 1} steps`);
      expect((second as Prediction).note).toBe(`${Math.floor(i / 2) + 1} steps`);
      expect(third).toBe(NOT_READY);
    }
  });

  it('a forecast leaves the encoded state alone, and a decoded state goes on as it was', async () => {
    const predictor = make('good');
    let state = predictor.begin(series('a'));
    for (const one of observations(7, (n) => n)) state = predictor.observe(state, one);
    await predictor.forecastBatch([state], [request(7)], never);
    state = predictor.observe(state, { step: 1, value: 50, truth: 'observed' });
    const before = predictor.encode(state);
    const [answer] = await predictor.forecastBatch([state], [request(8)], never);
    expect(predictor.encode(state)).toEqual(before);
    const copy = predictor.decode(before);
    expect(await predictor.forecastBatch([copy], [request(8)], never)).toEqual([answer]);
    const next = { step: 2, value: 1, truth: 'missing' } as const;
    const [one, two] = [predictor.observe(state, next), predictor.observe(copy, next)];
    expect(await predictor.forecastBatch([one], [request(9)], never)).toEqual(await predictor.forecastBatch([two], [request(9)], never));
    expect(predictor.encode(one)).toEqual(predictor.encode(two));
  });

  it('more pending steps than are kept reach it as missing', async () => {
    const predictor = make('good');
    let state = predictor.begin(series('a'));
    const count = MOST_PENDING + 10;
    for (const one of observations(count, (n) => (n < 10 ? 1_000 : 10))) state = predictor.observe(state, one);
    const [answer] = await predictor.forecastBatch([state], [request(count)], never);
    expect(answer).toMatchObject({ note: `${count} steps` });
    expect((answer as Prediction).quantiles[0]).toBe(10);
  });

  it.each([new Uint8Array(0), Uint8Array.of(0xc0), Uint8Array.of(0x80), Uint8Array.of(1, 2, 250)])('refuses to decode %s', (bytes) => {
    expect(() => make('good').decode(bytes)).toThrow();
  });

  it('options arrive once validated, log lines and counts come back', async () => {
    const context = testContext();
    await ask(make('good', { boost: 3, window: '14 days' }, context), ['a']);
    expect(context.lines).toContainEqual({
      level: 'warn',
      fields: { boost: 3, plugin: 'predictor(good)' },
      message: 'good is made',
    });
    expect(context.counts.get('good_made_total')).toBe(1);
  });

  it('an option that is not JSON is named', () => {
    expect(() => make('odd', { rule: { of: () => 1 } })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('with.rule.of (a function)') }),
    );
    expect(() => make('odd', { rule: { of: [new Map()] } })).toThrow('with.rule.of.0 (a Map)');
  });

  it('trains in a process of its own and serves the weights', async () => {
    const predictor = make('good');
    expect(((await ask(predictor, ['a'])) as Prediction[])[0]?.quantiles[0]).toBe(10);
    const artifact = await predictor.train([{ series: series('a'), observations: observations(60_000) }], never);
    expect(JSON.parse(new TextDecoder().decode(artifact))).toEqual({ weight: 60_000 });
    // As the engine gives it: no array, in pieces that do not come out even; and a series without a step.
    const some = {
      *[Symbol.iterator]() {
        yield* observations(25_001);
      },
    };
    const odd = await predictor.train(
      [
        { series: series('a'), observations: some },
        { series: series('b'), observations: [] },
      ],
      never,
    );
    expect(JSON.parse(new TextDecoder().decode(odd))).toEqual({ weight: 25_001 });
    predictor.use(artifact as Uint8Array);
    expect(((await ask(predictor, ['a'])) as Prediction[])[0]?.quantiles[0]).toBe(600_000);
  });

  it('weights that it refuses leave the old ones in service, and say so', async () => {
    const context = testContext();
    const predictor = make('good', {}, context);
    predictor.use(new TextEncoder().encode('{"weight":2}'));
    await ask(predictor, ['a']);
    predictor.use(Uint8Array.of(1, 2, 3));
    expect(((await ask(predictor, ['a'])) as Prediction[])[0]?.quantiles[0]).toBe(20);
    expect(context.lines.some(({ level, message }) => level === 'warn' && message.includes('refuses these weights'))).toBe(true);
  });

  it('one series that a batch cannot bear costs the others nothing', async () => {
    const predictor = make('batched');
    const states = [5, -5, 5].map((value, i) =>
      predictor.observe(predictor.begin(series(String(i))), { step: 0, value, truth: 'observed' }),
    );
    const answers = (await predictor.forecastBatch(states, [request(1), request(1), request(1)], never)) as Prediction[];
    expect(answers.map(({ quantiles }) => quantiles.length)).toEqual([16, 0, 16]);
    expect(answers[1]?.note).toBe('a negative sum');
  });

  it('cannot be asked for one answer at once', () => {
    expect(() => make('good').forecast()).toThrow(AuspexError);
  });
});

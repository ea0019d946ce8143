import { AuspexError, LEVELS, NOT_READY, type Observation, type PluginContext, type Prediction, type Predictor } from '@auspex/contracts';
import { pinball, SeededRandom } from '@auspex/numerics';
import { testLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { context, request, START, series, world } from '../../../test/support/series.ts';
import { rnn } from '../src/index.ts';

const MINUTE = 60_000;
const QUICK = { steps: 100, batch: 32, maxWindows: 800, backend: 'own' };
const create = (options: Record<string, unknown> = QUICK, given: PluginContext = context): Predictor =>
  rnn.create(rnn.config.parse(options), given);
const signal = new AbortController().signal;

/** A day of sine with a little noise: what a network must at least learn. */
function sine(steps: number, seed: string, scale = 100, stepMs = 15 * MINUTE): Observation[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: steps }, (_, i) => {
    const step = START + i * stepMs;
    const value = scale * (1.2 + Math.sin((2 * Math.PI * step) / 86_400_000)) * Math.exp(0.05 * random.normal());
    return { step, value, truth: 'observed' as const };
  });
}

const history = ['a', 'b', 'c'].map((seed, i) => ({ series: series(15 * MINUTE, seed), observations: sine(1500, seed, 10 ** i) }));
const artifact = (await create().train?.(history, signal)) as Uint8Array;

function ready(options: Record<string, unknown> = QUICK): Predictor {
  const predictor = create(options);
  predictor.use?.(artifact);
  return predictor;
}

function feed(predictor: Predictor, observations: readonly Observation[], stepMs = 15 * MINUTE): unknown {
  let state = predictor.begin(series(stepMs));
  for (const observation of observations) state = predictor.observe(state, observation);
  return state;
}

describe.each([1, 15, 60])('laws at a step of %i minutes', (minutes) => {
  const quick = { steps: 25, maxWindows: 500, batch: 32, backend: 'own' };
  testLaws('predictor', () => ({ plugin: rnn, with: quick, stepMs: minutes * MINUTE, warmUp: minutes === 1 ? 4000 : 900 }), {
    describe,
    it,
  });
});

describe('training', () => {
  it.each([4, 8, 12, 16])('beats persistence on a series that it never saw, h = %i', (h) => {
    const observations = sine(700, 'unseen', 3000);
    const predictor = ready();
    let state = predictor.begin(series(15 * MINUTE));
    let loss = 0;
    let naive = 0;
    observations.forEach((observation, i) => {
      state = predictor.observe(state, observation);
      const due = observations[i + h];
      if (i < 200 || !due) return;
      const { quantiles } = predictor.forecast(state, request([observation], 15 * MINUTE, [h])) as Prediction;
      LEVELS.forEach((p, q) => {
        loss += pinball(due.value, quantiles[q] as number, p);
        naive += pinball(due.value, observation.value, p);
      });
    });
    expect(loss).toBeLessThan(0.5 * naive);
  });

  it('the same seed and history give the same bytes, another seed others', async () => {
    expect(await create().train?.(history, signal)).toEqual(artifact);
    const other = create(QUICK, { ...context, random: new SeededRandom('other') });
    expect(await other.train?.(history, signal)).not.toEqual(artifact);
  });

  it('needs 100 windows', async () => {
    expect(await create().train?.([{ series: series(15 * MINUTE), observations: sine(140, 'few') }], signal)).toBeUndefined();
    expect(await create().train?.([], signal)).toBeUndefined();
    expect(await create().train?.([{ series: series(15 * MINUTE), observations: sine(150, 'few') }], signal)).toBeDefined();
  });

  it('with too little history it says how much there was, not that nothing better was found', async () => {
    const told: string[] = [];
    const logger = { ...context.logger, info: (_: object, text: string) => void told.push(text) };
    const few = [{ series: series(15 * MINUTE), observations: sine(90, 'few') }];
    await create(QUICK, { ...context, logger }).train?.(few, signal);
    expect(told).toEqual([expect.stringContaining('42 windows of the 100')]);
  });

  it('stops when told', async () => {
    expect(await create().train?.(history, AbortSignal.abort())).toBeUndefined();
  });

  it('a loss that explodes is an error, and the weights in service stay', async () => {
    const wild = create({ ...QUICK, learningRate: 1e300 });
    wild.use?.(artifact);
    const observations = sine(300, 'wild');
    const state = feed(wild, observations);
    const before = wild.forecast(state, request(observations, 15 * MINUTE));
    await expect(wild.train?.(history, signal)).rejects.toMatchObject({
      code: 'TRAINING_DIVERGED',
      remedy: expect.stringContaining('learningRate'),
    });
    expect(wild.forecast(state, request(observations, 15 * MINUTE))).toEqual(before);
  });

  it('goes on from the weights in service, and keeps them when nothing better is found', async () => {
    const warm = ready();
    const again = (await warm.train?.(history, signal)) as Uint8Array;
    expect(again).not.toEqual(artifact);
    const still = ready({ ...QUICK, learningRate: 1e-12 });
    expect(await still.train?.(history, signal)).toBeUndefined();
  });

  it('says where it was trained, and what was not taken', async () => {
    const told: object[] = [];
    const logger = { ...context.logger, info: (fields: object) => void told.push(fields) };
    await create(QUICK, { ...context, logger }).train?.(history, signal);
    expect(told).toEqual([expect.objectContaining({ backend: expect.objectContaining({ name: 'own' }), skipped: expect.any(Array) })]);
  });
});

describe('artifact', () => {
  const observations = sine(300, 'art');
  const changed = (at: number, by = 1) => {
    const bytes = artifact.slice();
    bytes[at] = ((bytes[at] as number) + by) & 255;
    return bytes;
  };
  const fixed = (change: (view: DataView) => void) => {
    // A writer of other bytes that knows the checksum: only what it says can give it away.
    const bytes = artifact.slice();
    change(new DataView(bytes.buffer));
    let h = 0x811c9dc5;
    bytes.forEach((byte, i) => {
      if (i >> 2 !== 8) h = Math.imul(h ^ byte, 0x01000193);
    });
    new DataView(bytes.buffer).setUint32(32, h >>> 0);
    return bytes;
  };

  it.each([
    ['nothing', new Uint8Array(0), 'short'],
    ['another magic', changed(0), 'magic'],
    ['another version', changed(7), 'version'],
    ['another cell', changed(11), 'cell'],
    ['another size', changed(15, 4), 'hidden'],
    ['another decoder', changed(19), 'decoder'],
    ['other inputs', changed(23), 'inputs'],
    ['other statics', changed(27), 'statics'],
    ['other locals', changed(31), 'locals'],
    ['a broken checksum', changed(32), 'checksum'],
    ['a flipped weight', changed(1000), 'checksum'],
    ['a cut end', artifact.slice(0, -4), 'bytes'],
    ['more at the end', Uint8Array.of(...artifact, 0, 0, 0, 0), 'bytes'],
    ['a weight that is no number', fixed((view) => view.setFloat32(400, Number.NaN, true)), 'no number'],
    ['an infinite weight', fixed((view) => view.setFloat32(400, Number.POSITIVE_INFINITY, true)), 'no number'],
  ])('%s is refused and the old weights stay', (_, bytes, why) => {
    const predictor = ready();
    const state = feed(predictor, observations);
    const before = predictor.forecast(state, request(observations, 15 * MINUTE));
    let refused: unknown;
    try {
      predictor.use?.(bytes);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(AuspexError);
    expect((refused as AuspexError).code).toBe('STATE_UNREADABLE');
    expect((refused as AuspexError).message).toContain(why);
    expect(predictor.forecast(state, request(observations, 15 * MINUTE))).toEqual(before);
  });

  it('weights that come late are used at once, and as if they had been there for the window', () => {
    const late = create();
    const state = feed(late, observations);
    const question = request(observations, 15 * MINUTE);
    expect(late.forecast(state, question)).toBe(NOT_READY);
    late.use?.(artifact);
    const bytes = late.encode(state);
    const answer = late.forecast(state, question) as Prediction;
    expect(late.encode(state)).toEqual(bytes);
    const always = ready();
    const carried = always.forecast(feed(always, observations), question) as Prediction;
    answer.quantiles.forEach((q, i) => {
      expect(q / (carried.quantiles[i] as number)).toBeCloseTo(1, 1);
    });
  });

  it('an artifact read from the middle of a buffer works', () => {
    const buffer = new Uint8Array(artifact.length + 3);
    buffer.set(artifact, 3);
    const predictor = create();
    predictor.use?.(buffer.subarray(3));
    const state = feed(predictor, observations);
    expect(predictor.forecast(state, request(observations, 15 * MINUTE))).not.toBe(NOT_READY);
  });
});

describe('batch and state', () => {
  it('many at once equal one by one', () => {
    const predictor = ready();
    const all = [0, 10, 100, 300].map((n) => sine(n, `b${n}`));
    const states = all.map((observations) => feed(predictor, observations));
    const requests = all.map((observations) => request(observations, 15 * MINUTE));
    expect(predictor.forecastBatch?.(states, requests, signal)).toEqual(
      states.map((state, i) => predictor.forecast(state, requests[i] as never)),
    );
  });

  it('is under 16 KB at any step', () => {
    const predictor = ready();
    for (const minutes of [1, 2, 5, 15, 60]) {
      const state = feed(predictor, world(3000, minutes * MINUTE, 100), minutes * MINUTE);
      expect(predictor.encode(state).length).toBeLessThan(16_384);
    }
  });

  it('refuses a state with a number missing, whichever it is', () => {
    const predictor = create();
    const state = feed(predictor, sine(60, 'whole')) as { memory: Record<string, unknown> };
    const { memory } = state;
    for (const name of Object.keys(memory)) {
      const broken = { ...state, memory: { ...memory, [name]: typeof memory[name] === 'number' ? Number.NaN : undefined } };
      if (name === 'openSlot' || name === 'dayBefore') broken.memory[name] = undefined;
      expect(() => create().decode(predictor.encode(broken)), name).toThrow('incomplete');
    }
  });

  it('refuses a state made with other options', () => {
    const bytes = create({ ...QUICK, hidden: 8 }).encode(create({ ...QUICK, hidden: 8 }).begin(series(15 * MINUTE)));
    expect(() => create().decode(bytes)).toThrow('other options');
  });

  it('a day ahead the season goes on', () => {
    const predictor = ready();
    const observations = sine(300, 'wide');
    const { quantiles } = predictor.forecast(feed(predictor, observations), request(observations, 15 * MINUTE, [40, 96])) as Prediction;
    for (const [row, ahead] of [40, 96].entries()) {
      const due = 120 + 100 * Math.sin((2 * Math.PI * (START + (299 + ahead) * 15 * MINUTE)) / 86_400_000);
      expect((quantiles[row * 8 + 3] as number) / due).toBeGreaterThan(0.7);
      expect((quantiles[row * 8 + 3] as number) / due).toBeLessThan(1.4);
    }
  });

  it('a series that is asked for less than others gets the same answer beside them', () => {
    const predictor = ready();
    const observations = sine(300, 'short');
    const state = feed(predictor, observations);
    const short = request(observations, 15 * MINUTE, [3]);
    const [alone] = (predictor.forecastBatch?.([state], [short], signal) ?? []) as readonly Prediction[];
    const [, beside] = (predictor.forecastBatch?.([state, state], [request(observations, 15 * MINUTE), short], signal) ??
      []) as readonly Prediction[];
    expect(alone).toBeDefined();
    expect(beside).toEqual(alone);
  });

  it('follows a day whose noon is hundreds of times its night', () => {
    const observations = world(400, 60 * MINUTE, 100).map((o) => ({
      ...o,
      value: 100 * Math.exp(3.5 * Math.sin((2 * Math.PI * o.step) / 86_400_000)),
    }));
    const predictor = ready();
    const lowest = observations.slice(0, observations.findLastIndex((o) => o.value < 3.1) + 1);
    const state = feed(predictor, lowest, 60 * MINUTE);
    const { quantiles } = predictor.forecast(state, request(lowest, 60 * MINUTE, [12])) as Prediction;
    expect(quantiles[3] as number).toBeGreaterThan(1000);
  });

  it('a backend that is asked for by name and is not installed stops the start, and says what to install', () => {
    const { AUSPEX_PEERS: before } = process.env;
    process.env['AUSPEX_PEERS'] = import.meta.dirname;
    try {
      for (const backend of ['tensorflow', 'wasm']) {
        expect(() => create({ ...QUICK, backend })).toThrow(
          expect.objectContaining({ code: 'PLUGIN_NOT_FOUND', remedy: expect.stringContaining('npm install @tensorflow/') }),
        );
      }
      expect(() => create({ ...QUICK, backend: 'auto' })).not.toThrow();
    } finally {
      if (before === undefined) delete process.env['AUSPEX_PEERS'];
      else process.env['AUSPEX_PEERS'] = before;
    }
  });

  it('refuses options that it does not know', () => {
    expect(() => rnn.config.parse({ layers: 2 })).toThrow();
    expect(rnn.config.parse({})).toMatchObject({ cell: 'lstm', hidden: 16, decoder: 16, window: 48, backend: 'auto' });
  });
});

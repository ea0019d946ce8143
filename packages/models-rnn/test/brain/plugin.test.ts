import { AuspexError, NOT_READY, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { testLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { context, request, START, series } from '../../../../test/support/series.ts';
import { brainLstm } from '../../src/brain/index.ts';
import { loadBrain } from '../../src/brain/network.ts';
import { required, tellMissing } from '../peers.ts';

const MINUTE = 60_000;
const STEP = 15 * MINUTE;
const never = new AbortController().signal;

let missing = '';
try {
  loadBrain();
} catch (error) {
  missing = (error as Error).message;
  tellMissing(missing);
}

const create = (options: Record<string, unknown> = {}): Predictor => brainLstm.create(brainLstm.config.parse(options), context);

/** A quick wave with a little noise. */
function wave(steps: number, seed: string, scale = 100): Observation[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: steps }, (_, i) => ({
    step: START + i * STEP,
    value: scale * Math.exp(Math.sin(i / 4) + 0.05 * random.normal()),
    truth: 'observed' as const,
  }));
}

const history = ['a', 'b'].map((seed, i) => ({ series: series(STEP, seed), observations: wave(700, seed, 10 ** (i + 1)) }));

if (missing) {
  it.runIf(required)('brain.js is here, as this run asks', () => {
    throw new Error(missing);
  });
  it.skip(`brain-lstm (${missing})`, () => {});
} else {
  for (const cell of ['lstm', 'gru']) {
    describe(`laws: ${cell}`, () => {
      const quick = { cell, maxWindows: 200, passes: 1, hidden: 4, window: 12 };
      testLaws('predictor', () => ({ plugin: brainLstm, with: quick, stepMs: STEP, warmUp: 400 }), { describe, it });
    });
  }

  describe('training', () => {
    it('beats the last value on a series that it never saw, and its intervals keep their promise', async () => {
      const predictor = create();
      predictor.use?.((await predictor.train?.(history, never)) as Uint8Array);
      const observations = wave(600, 'unseen', 5000);
      let state = predictor.begin(series(STEP));
      const errors = { ours: 0, last: 0 };
      let [below, asked] = [0, 0];
      observations.forEach((observation, i) => {
        state = predictor.observe(state, observation);
        const due = observations[i + 4];
        if (i < 200 || !due) return;
        const answer = predictor.forecast(state, { ...request([observation], STEP, [4]), levels: [0.1, 0.5, 0.9] }) as Prediction;
        const [, middle, high] = answer.quantiles as unknown as [number, number, number];
        errors.ours += Math.abs(Math.log(middle / due.value));
        errors.last += Math.abs(Math.log(observation.value / due.value));
        asked++;
        if (due.value <= high) below++;
      });
      expect(errors.ours).toBeLessThan(0.6 * errors.last);
      expect(below / asked).toBeGreaterThan(0.82);
      expect(below / asked).toBeLessThan(0.98);
    });

    it('gives the same bytes for the same history and seed, and leaves Math.random as it was', async () => {
      const { random } = Math;
      const options = { maxWindows: 150, passes: 1 };
      const [one, two] = [await create(options).train?.(history, never), await create(options).train?.(history, never)];
      expect(one).toEqual(two);
      expect(Math.random).toBe(random);
    });

    it('answers nothing where too little was seen, or when it is told to stop', async () => {
      const few = [{ series: series(STEP), observations: wave(40, 'few') }];
      expect(await create().train?.(few, never)).toBeUndefined();
      expect(await create().train?.(history, AbortSignal.abort())).toBeUndefined();
    });

    it('stops in the middle', async () => {
      const controller = new AbortController();
      // Some ten seconds of work.
      const training = create({ passes: 20, hidden: 16 }).train?.(history, controller.signal);
      setTimeout(() => controller.abort(), 300);
      expect(await training).toBeUndefined();
    });
  });

  it('is not ready before it has weights, nor before it knows its own errors', async () => {
    const options = { maxWindows: 150, passes: 1 };
    const predictor = create(options);
    let state = predictor.begin(series(STEP));
    const observations = wave(130, 'young');
    for (const observation of observations.slice(0, 30)) state = predictor.observe(state, observation);
    expect(predictor.forecast(state, request(observations.slice(0, 30), STEP))).toBe(NOT_READY);
    predictor.use?.((await predictor.train?.(history, never)) as Uint8Array);
    expect(predictor.forecast(state, request(observations.slice(0, 30), STEP))).toBe(NOT_READY);
    for (const observation of observations.slice(30)) state = predictor.observe(state, observation);
    expect(predictor.forecast(state, request(observations, STEP))).not.toBe(NOT_READY);
  });

  it('refuses weights that were changed, or are for other options', async () => {
    const options = { maxWindows: 150, passes: 1 };
    const bytes = (await create(options).train?.(history, never)) as Uint8Array;
    const changed = bytes.slice();
    changed[200] = (changed[200] as number) ^ 1;
    for (const [artifact, predictor] of [
      [changed, create(options)],
      [bytes, create({ ...options, hidden: 4 })],
      [bytes.slice(0, 20), create(options)],
      [new Uint8Array(0), create(options)],
    ] as const) {
      expect(() => predictor.use?.(artifact)).toThrow(AuspexError);
    }
  });
}

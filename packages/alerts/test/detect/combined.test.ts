import { type Anomaly, defineDetector, type Plugin, type PluginUse, use } from '@auspex/contracts';
import { pack, scoreOf, surpriseOf, unpack } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { combine } from '../../src/detect/combine.ts';
import { combined, shape } from '../../src/detect/index.ts';
import { made, STEP } from './golden/series.ts';
import { at, infoOf, make, scores } from './tools.ts';

const plugin = combined as unknown as Plugin<'detector'>;

/** Says the same of every step, and counts them. */
function constant(id: string, surprise: number, v = 1): PluginUse<'detector'> {
  const made = defineDetector({
    id,
    summary: 'Always of one opinion.',
    config: z.strictObject({ more: z.number().default(0).describe('Surprise on top. Default 0.') }),
    create: ({ more }) => ({
      begin: () => ({ n: 0 }),
      detect: (state: { n: number }, { step }): Anomaly => ({
        group: 'web',
        pop: '*',
        step,
        score: scoreOf(surprise + more),
        cause: `${id} ${++state.n}`,
      }),
      encode: ({ n }) => pack({ v, n }),
      decode: (bytes) => {
        const read = unpack<{ v: number; n: number }>(bytes);
        if (read.v !== v) throw new Error('another version');
        return { n: read.n };
      },
    }),
  });
  return use(made);
}

const told = (...parts: PluginUse<'detector'>[]): Anomaly => {
  const detector = make(plugin, { parts });
  return detector.detect(detector.begin(infoOf()), at(0, 1), undefined);
};

it('of a bare series says what shape says, to the last digit', () => {
  const values = made('bare', 2500).map(({ value }) => value);
  const got = scores(make(plugin), values, infoOf(STEP));
  expect(got).toEqual(scores(make(shape as unknown as Plugin<'detector'>), values, infoOf(STEP)));
  expect(Math.max(...got)).toBeGreaterThan(0.999);
});

describe('several opinions', () => {
  it('what one alone is sure of survives, less the logarithm of how many were asked', () => {
    expect(combine([8, 0.1, 0.1])).toBeCloseTo(8 - Math.log10(3), 6);
    expect(combine([5, 5, 5])).toBeCloseTo(5, 9);
    expect(combine([3])).toBe(3);
    expect(combine([300, 299])).toBeGreaterThan(299.6);
    expect(surpriseOf(told(constant('a', 7), constant('b', 0.2)).score)).toBeCloseTo(7 - Math.log10(2), 3);
  });

  it('who has nothing to say does not count', () => {
    expect(told(constant('a', 7), constant('b', 0)).score).toBe(scoreOf(7));
    expect(told(constant('a', 0), constant('b', 0))).toMatchObject({ score: 0, cause: 'a 1' });
  });

  it('the cause is that of the strongest', () => {
    expect(told(constant('a', 1), constant('b', 4)).cause).toBe('b 1');
  });
});

describe('parts', () => {
  const problem = (parts: unknown): string =>
    combined.config
      .safeParse({ parts })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('\n') ?? '';

  it('are given by value', () => {
    expect(problem([{ use: 'shape' }])).toMatch(/^parts\.0: "shape" is a name, and a part is given by value: import/);
  });

  it('are detectors', () => {
    expect(problem([use(shape), { use: { kind: 'predictor' } }])).toMatch(/^parts\.1: expected a detector/);
    expect(problem(['shape'])).toMatch(/expected use\(detector, options\)/);
    expect(problem([])).not.toBe('');
  });

  it('have their options checked', () => {
    expect(problem([{ use: shape, with: { bank: -1 } }])).toMatch(/^parts\.0\.with\.bank: shape: /);
    expect(problem([{ use: shape, with: { banks: 3 } }])).toMatch(/^parts\.0\.with: shape: .*banks/);
  });

  it('may be of one kind twice', () => {
    const twice = make(plugin, { parts: [use(shape), use(shape, { bank: 40 })] });
    const state = twice.begin(infoOf());
    for (let n = 0; n < 300; n++) twice.detect(state, at(n, 100 + (n % 7)), undefined);
    const back = twice.decode(twice.encode(state));
    expect(twice.encode(back)).toEqual(twice.encode(state));
  });
});

describe('a state that was written with other parts', () => {
  const written = (): Uint8Array => {
    const detector = make(plugin, { parts: [constant('a', 1), constant('b', 2)] });
    const state = detector.begin(infoOf());
    for (let n = 0; n < 5; n++) detector.detect(state, at(n, 1), undefined);
    return detector.encode(state);
  };
  const cause = (...parts: PluginUse<'detector'>[]): string => {
    const detector = make(plugin, { parts });
    return detector.detect(detector.decode(written()), at(5, 1), undefined).cause;
  };

  it('is gone on with by those that know it, in whatever order', () => {
    expect(cause(constant('b', 2), constant('a', 1))).toBe('b 6');
    expect(cause(constant('a', 1))).toBe('a 6');
  });

  it('is begun anew by those that are new, or of another version', () => {
    expect(cause(constant('a', 1), constant('c', 3))).toBe('c 1');
    expect(cause(constant('b', 2, 2), constant('a', 1))).toBe('b 1');
  });
});

it('a state of another version is refused', () => {
  const detector = make(plugin);
  const written = detector.encode(detector.begin(infoOf()));
  expect(() => detector.decode(pack({ ...unpack<object>(written), v: 2 }))).toThrow(/format 1/);
});

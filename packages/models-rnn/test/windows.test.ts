import type { Observation, SeriesInfo } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { START, series, world } from '../../../test/support/series.ts';
import { own } from '../src/backends/own.ts';
import { INPUTS, LOCALS } from '../src/features.ts';
import { startNetwork } from '../src/network/start.ts';
import { shapeOf } from '../src/shape.ts';
import { Diverged, fitNetwork } from '../src/train/fit.ts';
import { type PackedSeries, packAll } from '../src/train/packed.ts';
import { drawWindows, POINTS, type Windows } from '../src/train/windows.ts';

const STEP = 15 * 60_000;
const signal = new AbortController().signal;
const pack = async (observations: readonly Observation[], info: SeriesInfo = series(STEP)): Promise<PackedSeries> =>
  (await packAll([{ series: info, observations }], signal))[0] as PackedSeries;
const later = (observations: readonly Observation[], steps: number): Observation[] =>
  observations.map((each) => ({ ...each, step: each.step + steps * STEP }));

describe('windows', () => {
  it('what is learnt from lies before one moment of the calendar in every series, what is judged by begins after it', async () => {
    // The second series is of later days: by counting its own steps it would be learnt from while the first is judged.
    const early = world(800, STEP, 100, 'early');
    const late = later(world(800, STEP, 100, 'late'), 400);
    const all = [await pack(early, series(STEP, 'a')), await pack(late, series(STEP, 'b'))];
    const before = drawWindows(all, 48, 1e6, new SeededRandom(1));
    const ends = [early, late].flatMap((each) => each.slice(47, -1).map(({ step }) => step)).sort((a, b) => a - b);
    const cut = ends[Math.floor(ends.length * 0.85)] as number;
    expect(before.training.count).toBe(ends.filter((step) => step < cut).length);
    expect(before.heldOut.count).toBe(ends.filter((step) => step >= cut).length);

    // Whatever comes from that moment on changes nothing of what is learnt from, in either series.
    const changed = [early, late].map((each) => each.map((o) => (o.step >= cut ? { ...o, value: 9 * o.value } : o)));
    const after = drawWindows(
      [await pack(changed[0] as Observation[], series(STEP, 'a')), await pack(changed[1] as Observation[], series(STEP, 'b'))],
      48,
      1e6,
      new SeededRandom(1),
    );
    expect(after.training).toEqual(before.training);
    expect(after.heldOut).not.toEqual(before.heldOut);
  });

  it('a target is the change of the log rate to its point, in one unit for all points of a window', async () => {
    // Rates double every slot: the change to a point is its distance times log 2.
    const observations = Array.from({ length: 60 }, (_, i) => ({
      step: START + i * STEP,
      value: 2 ** (i / 4),
      truth: 'observed' as const,
    }));
    const { training } = drawWindows([await pack(observations)], 48, 1e6, new SeededRandom(1));
    expect(training.count).toBeGreaterThan(5);
    for (let n = 0; n < training.count; n++) {
      const ratios = new Set<string>();
      for (let point = 0; point < POINTS; point++) {
        const target = training.targets[n * POINTS + point] as number;
        const ahead = 2 ** (4 * (training.locals[(n * POINTS + point) * LOCALS + 16] as number));
        if (!Number.isNaN(target)) ratios.add((target / ahead).toFixed(2));
      }
      expect(ratios.size).toBeLessThan(2);
    }
  });

  it.each(['censored', 'masked', 'missing'] as const)('no input or target comes from a %s step', async (truth) => {
    const make = (value: number) => world(400, STEP, 100).map((o, i) => (i % 50 < 5 ? { ...o, value, truth } : o));
    const low = drawWindows([await pack(make(0))], 48, 1e6, new SeededRandom(1));
    expect(low).toEqual(drawWindows([await pack(make(1e9))], 48, 1e6, new SeededRandom(1)));
    const { targets } = low.training;
    expect(targets.some(Number.isNaN)).toBe(true);
    expect(targets.every(Number.isNaN)).toBe(false);
  });

  it('are as many as asked for, drawn by the seed', async () => {
    const packed = [await pack(world(2000, STEP, 100))];
    const { training, heldOut, usable } = drawWindows(packed, 48, 800, new SeededRandom(1));
    expect([training.count, heldOut.count, usable]).toEqual([800, 100, 2000 - 48]);
    expect(drawWindows(packed, 48, 800, new SeededRandom(2)).training.inputs).not.toEqual(training.inputs);
    expect(training.inputs.length).toBe(800 * 48 * INPUTS);
  });
});

describe('fit', () => {
  const shape = shapeOf({ cell: 'lstm', hidden: 8, decoder: 8 });
  const options = { steps: 100, batch: 32, learningRate: 0.01 };
  const begin = () => startNetwork(shape, new SeededRandom('begin'));

  it('lowers the loss on both parts', async () => {
    const split = drawWindows([await pack(world(1500, STEP, 100))], 48, 800, new SeededRandom(1));
    const { better, losses, heldOut } = fitNetwork(own, begin(), split, options, new SeededRandom('order'));
    expect(better).toBe(true);
    expect(losses.at(-1) as number).toBeLessThan(losses[0] as number);
    expect(Math.min(...heldOut)).toBeLessThan(0.8 * (heldOut[0] as number));
  });

  it('stops when later data says that it learns nothing more', async () => {
    // Noise: what is learnt of it by heart is worth nothing later.
    const random = new SeededRandom('noise');
    const noise = Array.from({ length: 250 }, (_, i) => ({
      step: START + i * STEP,
      value: 100 * Math.exp(0.5 * random.normal()),
      truth: 'observed' as const,
    }));
    const split = drawWindows([await pack(noise)], 48, 800, new SeededRandom(1));
    const { steps } = fitNetwork(own, begin(), split, { ...options, steps: 5000 }, new SeededRandom('order'));
    expect(steps).toBeLessThan(2000);
  });

  it('inputs that are no numbers are noticed before they reach the weights', async () => {
    const split = drawWindows([await pack(world(600, STEP, 100))], 48, 800, new SeededRandom(1));
    const broken = (windows: Windows): Windows => ({ ...windows, inputs: windows.inputs.map(() => Number.NaN) });
    const fit = (training: Windows, heldOut: Windows) =>
      fitNetwork(own, begin(), { ...split, training, heldOut }, options, new SeededRandom('order'));
    expect(() => fit(broken(split.training), split.heldOut)).toThrow(Diverged);
    expect(() => fit(split.training, broken(split.heldOut))).toThrow(Diverged);
    expect(() => fit(broken(split.training), split.heldOut)).toThrow('the loss was NaN after');
  });
});

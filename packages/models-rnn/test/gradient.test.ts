import { LEVELS } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { sigmoid, tanh } from '../src/cells/gates.ts';
import { stepLstm } from '../src/cells/lstm.ts';
import { rawOutputs, rise } from '../src/head.ts';
import { EXTRAS, HORIZONS, INPUTS, networkOver, OUTPUTS, startNetwork } from '../src/network.ts';
import { Batch } from '../src/train/batch.ts';
import type { Slots, Window } from '../src/train/windows.ts';

const HIDDEN = 8;
const LENGTH = 7;
const random = new SeededRandom('gradient');
const draw = (n: number) => Float64Array.from({ length: n }, () => random.normal());
const slots: Slots = {
  count: 20,
  inputs: draw(20 * INPUTS),
  extras: draw(20 * EXTRAS),
  targets: Float32Array.from({ length: 20 * HORIZONS.length }, () => 3 * random.normal()),
};
const windows: Window[] = [7, 10, 11, 15, 19].map((slot) => ({ series: 0, slot }));

describe('gradient against finite differences', () => {
  const network = startNetwork(HIDDEN, random);
  for (let i = 0; i < network.flat.length; i++) network.flat[i] = (network.flat[i] as number) + 0.1 * random.normal();
  // Eight rows for five windows: the rows past the end must add nothing.
  const batch = new Batch(HIDDEN, LENGTH, 8);
  batch.run(network, [slots], windows, 0, 5, true);
  const { gradient } = batch;
  const loss = () => batch.run(network, [slots], windows, 0, 5, false);

  it.each(['lstm', 'lstmBias', 'head', 'headBias'] as const)('%s', (group) => {
    const weights = network[group];
    const known = gradient[group].slice();
    let checked = 0;
    for (let i = 0; i < weights.length; i++) {
      const before = weights[i] as number;
      // Pinball has corners: a step so small that none of these targets is crossed.
      const step = 1e-6;
      weights[i] = before + step;
      const up = loss();
      weights[i] = before - step;
      const down = loss();
      weights[i] = before;
      const slope = (up - down) / (2 * step);
      expect(Math.abs(slope - (known[i] as number))).toBeLessThan(1e-7 + 1e-4 * Math.abs(slope));
      if (slope !== 0) checked++;
    }
    expect(checked).toBeGreaterThan(0.9 * weights.length);
  });

  it('is the same when taken twice', () => {
    const once = gradient.flat.slice();
    batch.run(network, [slots], windows, 0, 5, true);
    expect(gradient.flat).toEqual(once);
  });
});

it('one slot at a time gives what a batch gives', () => {
  const network = startNetwork(HIDDEN, new SeededRandom(3));
  const [hidden, cell, gates] = [new Float64Array(HIDDEN), new Float64Array(HIDDEN), new Float64Array(4 * HIDDEN)];
  for (let t = 0; t < LENGTH; t++) stepLstm(network, slots.inputs, (7 - LENGTH + 1 + t) * INPUTS, hidden, cell, gates);
  const v = Float64Array.of(...hidden, ...slots.inputs.subarray(7 * INPUTS, 8 * INPUTS), ...slots.extras.subarray(7 * EXTRAS, 8 * EXTRAS));
  const raw = new Float64Array(OUTPUTS);
  const quantiles = new Float64Array(OUTPUTS);
  rawOutputs(network, v, raw);
  rise(raw, quantiles);
  let loss = 0;
  quantiles.forEach((q, i) => {
    const error = (slots.targets[7 * HORIZONS.length + Math.floor(i / LEVELS.length)] as number) - q;
    const p = LEVELS[i % LEVELS.length] as number;
    loss += error >= 0 ? p * error : (p - 1) * error;
  });
  const batch = new Batch(HIDDEN, LENGTH, 4);
  expect(batch.run(network, [slots], windows, 0, 1, false)).toBeCloseTo(loss / OUTPUTS, 12);
});

it('quantiles rise whatever the raw outputs are', () => {
  const quantiles = new Float64Array(OUTPUTS);
  rise(
    draw(OUTPUTS).map((x) => 40 * x),
    quantiles,
  );
  for (let i = 1; i < OUTPUTS; i++)
    if (i % LEVELS.length > 0) expect(quantiles[i] as number).toBeGreaterThanOrEqual(quantiles[i - 1] as number);
});

it('a view of weights covers them all, once', () => {
  const network = networkOver(HIDDEN);
  let next = 0;
  for (const group of ['lstm', 'lstmBias', 'head', 'headBias'] as const) {
    for (let i = 0; i < network[group].length; i++) network[group][i] = next++;
  }
  expect(network.flat.every((w, i) => w === i)).toBe(true);
});

it('gates are within 1e-6 of the exact ones', () => {
  for (let x = -20; x < 20; x += 0.0137) {
    if (Math.abs(tanh(x) - Math.tanh(x)) > 1e-6) expect.fail(`tanh(${x})`);
    if (Math.abs(sigmoid(x) - 1 / (1 + Math.exp(-x))) > 1e-6) expect.fail(`sigmoid(${x})`);
  }
  expect(tanh(Number.NaN)).toBeNaN();
});

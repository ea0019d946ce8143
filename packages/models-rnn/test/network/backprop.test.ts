import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/backends/backend.ts';
import { Backprop } from '../../src/network/backprop.ts';
import { groupsOf, type Network, networkOver, type Shape } from '../../src/network/shape.ts';
import { madeBatch, madeNetwork, madeShape } from './made.ts';

const SHAPES: Readonly<Record<string, Shape>> = {
  'lstm, decoder, rising': madeShape(),
  'lstm, decoder, free': madeShape({ rising: false }),
  'lstm, linear head, rising': madeShape({ decoder: 0 }),
  'lstm, linear head, free, nothing but inputs': madeShape({ decoder: 0, rising: false, statics: 0, locals: 0, inputs: 4 }),
  'lstm, one input, one level': madeShape({ inputs: 1, levels: [0.5], hidden: 4 }),
  'lstm, many inputs': madeShape({ inputs: 11, statics: 5, locals: 1 }),
  'gru, decoder, rising': madeShape({ cell: 'gru' }),
  'gru, linear head, free': madeShape({ cell: 'gru', decoder: 0, rising: false }),
  'gru, many inputs': madeShape({ cell: 'gru', inputs: 9, statics: 0, locals: 4, hidden: 12 }),
  'gru, one input': madeShape({ cell: 'gru', inputs: 1, locals: 0 }),
};

/** The gradient by central differences. The rational tanh is smooth to 1e-7 or so: a step of 1e-4 keeps that out. */
function differences(network: Network, batch: Batch): Float64Array {
  const step = 1e-4;
  const backprop = new Backprop();
  return network.flat.map((weight, i) => {
    network.flat[i] = weight + step;
    const above = backprop.loss(network, batch);
    network.flat[i] = weight - step;
    const below = backprop.loss(network, batch);
    network.flat[i] = weight;
    return (above - below) / (2 * step);
  });
}

describe('gradient', () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    it(`equals differences of the loss in every weight: ${name}`, () => {
      const network = madeNetwork(shape);
      const batch = madeBatch(shape, 6);
      const gradient = networkOver(shape);
      new Backprop().gradient(network, batch, gradient);
      const expected = networkOver(shape, differences(network, batch));
      for (const [group] of groupsOf(shape)) {
        const off = gradient[group].map((value, i) => Math.abs(value - (expected[group][i] as number)));
        expect(Math.max(0, ...off), group).toBeLessThan(2e-6);
        if (gradient[group].length > 0)
          expect(Math.max(...gradient[group].map(Math.abs)), `${group} is not all zeros`).toBeGreaterThan(1e-5);
      }
    });
  }

  it('is that of the batch alone, whatever came before', () => {
    for (const shape of [madeShape(), madeShape({ cell: 'gru' })]) {
      const network = madeNetwork(shape);
      const used = new Backprop();
      // 7 windows leave a row behind that 6 do not have, 2 of 6 points as many quantiles as 6 of 2.
      used.gradient(network, madeBatch(shape, 7, { seed: 3 }), networkOver(shape));
      used.gradient(network, madeBatch(shape, 2, { seed: 4, points: 6 }), networkOver(shape));
      for (const [rows, points] of [
        [6, 2],
        [8, 1],
        [5, 1],
      ] as const) {
        const batch = madeBatch(shape, rows, { points });
        const [one, other] = [networkOver(shape), networkOver(shape)];
        expect(used.gradient(network, batch, one)).toBe(new Backprop().gradient(network, batch, other));
        expect(one.flat).toEqual(other.flat);
      }
    }
  });

  it('is that of the observed points: a window without any changes neither loss nor gradient', () => {
    const shape = madeShape({ cell: 'gru' });
    const network = madeNetwork(shape);
    const few = madeBatch(shape, 1, { points: 6, gaps: false });
    const more = madeBatch(shape, 2, { points: 6, gaps: false });
    const { length, inputs } = few;
    const step = shape.inputs;
    for (let t = 0; t < length; t++) more.inputs.set(inputs.subarray(t * step, (t + 1) * step), 2 * t * step);
    more.statics.set(few.statics);
    more.locals.set(few.locals);
    more.targets.set(few.targets);
    more.targets.fill(Number.NaN, 6);
    const [one, two] = [networkOver(shape), networkOver(shape)];
    const backprop = new Backprop();
    expect(backprop.gradient(network, more, two)).toBeCloseTo(backprop.gradient(network, few, one), 14);
    for (const [i, value] of one.flat.entries()) expect(two.flat[i]).toBeCloseTo(value, 14);
  });
});

describe('loss', () => {
  it('is 0, with a gradient of zeros, when nothing was observed', () => {
    const shape = madeShape();
    const batch = madeBatch(shape, 3);
    batch.targets.fill(Number.NaN);
    const gradient = madeNetwork(shape, 9);
    expect(new Backprop().gradient(madeNetwork(shape), batch, gradient)).toBe(0);
    expect(gradient.flat.every((value) => value === 0)).toBe(true);
  });

  for (const cell of ['lstm', 'gru'] as const) {
    for (const group of ['inputs', 'statics', 'locals'] as const) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        it(`is not finite when ${group} hold ${value}: ${cell}`, () => {
          const shape = madeShape({ cell });
          const batch = madeBatch(shape, 3);
          batch[group][4] = value;
          const gradient = networkOver(shape);
          expect(new Backprop().gradient(madeNetwork(shape), batch, gradient)).not.toSatisfy(Number.isFinite);
          expect(gradient.flat.every((each) => each === 0)).toBe(true);
        });
      }
    }
  }

  it('is not finite when a target is infinite or a weight is NaN', () => {
    const shape = madeShape();
    const batch = madeBatch(shape, 3, { gaps: false });
    for (const [group] of groupsOf(shape)) {
      const network = madeNetwork(shape);
      if (network[group].length === 0) continue;
      network[group][1] = Number.NaN;
      expect(new Backprop().loss(network, batch), group).toBeNaN();
    }
    batch.targets[2] = Number.POSITIVE_INFINITY;
    expect(new Backprop().loss(madeNetwork(shape), batch)).toBe(Number.POSITIVE_INFINITY);
  });

  it('forgets a broken batch', () => {
    const shape = madeShape();
    const [network, backprop] = [madeNetwork(shape), new Backprop()];
    const broken = madeBatch(shape, 7);
    broken.inputs.fill(Number.NaN);
    backprop.loss(network, broken);
    const gradient = networkOver(shape);
    expect(backprop.gradient(network, madeBatch(shape, 5), gradient)).toSatisfy(Number.isFinite);
    expect(gradient.flat.every(Number.isFinite)).toBe(true);
  });
});

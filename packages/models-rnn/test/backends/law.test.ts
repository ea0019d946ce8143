import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { own } from '../../src/backends/own.ts';
import { loadPeer, type Tf } from '../../src/backends/tfjs.ts';
import type { Shape } from '../../src/network/shape.ts';
import { stepCell } from '../../src/network/step.ts';
import { madeBatch, madeNetwork, madeShape } from '../network/made.ts';
import { required } from '../peers.ts';
import { presentBackends } from './present.ts';

const SHAPES: Readonly<Record<string, Shape>> = {
  'decoder, rising': madeShape({ hidden: 16, inputs: 5 }),
  'decoder, free': madeShape({ rising: false }),
  'linear head, rising, no statics': madeShape({ decoder: 0, statics: 0 }),
  'linear head, free, inputs alone': madeShape({ decoder: 0, rising: false, statics: 0, locals: 0 }),
  'decoder, no locals, one level': madeShape({ locals: 0, levels: [0.5], inputs: 1 }),
};

/** Largest absolute difference; NaN where one of both is NaN. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const off = Math.abs((a[i] as number) - (b[i] as number));
    if (!(off <= most)) most = off;
  }
  return most;
}

/** The law: every backend gives own's numbers. */
function keepsTheLaw(backend: Backend): void {
  for (const cell of ['lstm', 'gru'] as const) {
    for (const [name, shape] of Object.entries(SHAPES)) {
      const each: Shape = { ...shape, cell };
      it(`${cell}, ${name}: states, quantiles and loss to 1e-5`, () => {
        const network = madeNetwork(each);
        const before = network.flat.slice();
        for (const [rows, points, length] of [
          [7, 3, 12],
          [1, 1, 1],
          [4, 1, 48],
        ] as const) {
          const batch = madeBatch(each, rows, { points, length });
          const expected = own.encode(network, batch.inputs, length, rows);
          const carried = backend.encode(network, batch.inputs, length, rows);
          expect(distance(carried.hidden, expected.hidden)).toBeLessThan(1e-5);
          if (cell === 'lstm') expect(distance(carried.cell, expected.cell)).toBeLessThan(1e-5);
          const quantiles = backend.decode(network, expected.hidden, batch);
          expect(distance(quantiles, own.decode(network, expected.hidden, batch))).toBeLessThan(1e-5);
          const [mine, theirs] = [own.trainer(network), backend.trainer(network)];
          expect(theirs.loss(batch)).toBeCloseTo(mine.loss(batch), 5);
          theirs.close();
        }
        expect(network.flat).toEqual(before);
      });

      it(`${cell}, ${name}: weights after 20 steps to 1e-3, batches uneven, gradients clipped`, () => {
        const network = madeNetwork(each);
        const before = network.flat.slice();
        // An epsilon of the size of small gradients: where it goes in the formula shows.
        const options = { epsilon: 1e-3, clip: 0.05 };
        const [mine, theirs] = [own.trainer(network, options), backend.trainer(network, options)];
        for (let step = 0; step < 20; step++) {
          const batch = madeBatch(each, step % 4 === 3 ? 3 : 8, { length: 10, seed: step });
          expect(theirs.step(batch, 0.01)).toBeCloseTo(mine.step(batch, 0.01), 5);
        }
        expect(distance(theirs.weights(), mine.weights())).toBeLessThan(1e-3);
        expect(distance(theirs.weights(), before), 'it moved').toBeGreaterThan(0.02);
        expect(network.flat, 'what it was given stays').toEqual(before);
        theirs.close();
      });
    }

    it(`${cell}: a batch that is broken gives a loss that is not finite and changes nothing`, () => {
      const shape = madeShape({ cell });
      const trainer = backend.trainer(madeNetwork(shape));
      const before = trainer.weights();
      for (const group of ['inputs', 'statics', 'locals'] as const) {
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
          const batch = madeBatch(shape, 4);
          batch[group][3] = value;
          expect(trainer.step(batch, 0.1), `${group} ${value}`).not.toSatisfy(Number.isFinite);
          expect(trainer.loss(batch), `${group} ${value}`).not.toSatisfy(Number.isFinite);
        }
      }
      expect(trainer.weights()).toEqual(before);
      expect(trainer.step(madeBatch(shape, 4), 0.1)).toSatisfy(Number.isFinite);
      trainer.close();
    });

    it(`${cell}: a batch without an observed point has no loss`, () => {
      const shape = madeShape({ cell });
      const trainer = backend.trainer(madeNetwork(shape));
      const batch = madeBatch(shape, 4);
      batch.targets.fill(Number.NaN);
      expect(trainer.step(batch, 0.1)).toBe(0);
      trainer.close();
    });

    it(`${cell}: many windows at once are the same as one by one`, () => {
      const shape = madeShape({ cell, hidden: 4, inputs: 2 });
      const network = madeNetwork(shape);
      const rows = 1030;
      const { inputs, length } = madeBatch(shape, rows, { length: 3 });
      const { hidden, cell: carried } = backend.encode(network, inputs, length, rows);
      for (const row of [0, 63, 64, 1023, 1024, 1029]) {
        const alone = new Float64Array(length * 2);
        for (let t = 0; t < length; t++) alone.set(inputs.subarray((t * rows + row) * 2, (t * rows + row + 1) * 2), t * 2);
        const one = backend.encode(network, alone, length, 1);
        expect(distance(hidden.subarray(row * 4, row * 4 + 4), one.hidden)).toBeLessThan(1e-6);
        if (cell === 'lstm') expect(distance(carried.subarray(row * 4, row * 4 + 4), one.cell)).toBeLessThan(1e-6);
      }
    });

    it(`${cell}: serving slot by slot ends where a whole window does`, () => {
      for (const inputs of [1, 4, 7]) {
        const shape = madeShape({ cell, inputs });
        const network = madeNetwork(shape);
        const batch = madeBatch(shape, 1, { length: 20 });
        const [hidden, carried] = [new Float64Array(8), new Float64Array(8)];
        const gates = new Float64Array(32).fill(Number.NaN);
        for (let t = 0; t < 20; t++) stepCell(network, batch.inputs as Float64Array, t * inputs, hidden, carried, gates);
        const expected = backend.encode(network, batch.inputs, 20, 1);
        expect(distance(hidden, expected.hidden)).toBeLessThan(1e-5);
        if (cell === 'lstm') expect(distance(carried, expected.cell)).toBeLessThan(1e-5);
      }
    });
  }
}

describe('backend own', () => keepsTheLaw(own));

for (const present of await presentBackends()) {
  describe(`backend ${present.name}`, () => {
    if ('missing' in present) {
      if (required) {
        it('is here, as this run asks', () => {
          throw new Error(present.missing);
        });
      } else it.skip(`keeps the law (${present.missing})`, () => {});
      return;
    }
    const { backend } = present;
    keepsTheLaw(backend);

    it('leaves no tensor behind, and another backend in charge as it was', async () => {
      const tf = loadPeer<Tf>('@tensorflow/tfjs-core');
      for (const cell of ['lstm', 'gru'] as const) {
        const shape = madeShape({ cell });
        const network = madeNetwork(shape);
        const batch = madeBatch(shape, 8);
        const trainer = backend.trainer(network);
        trainer.step(batch, 0.01);
        const before = tf.memory().numTensors;
        for (let step = 0; step < 20; step++) {
          trainer.step(batch, 0.01);
          trainer.loss(batch);
          backend.decode(network, backend.encode(network, batch.inputs, batch.length, batch.rows).hidden, batch);
        }
        expect(tf.memory().numTensors).toBe(before);
        trainer.close();
      }
      const others = (await presentBackends()).flatMap((each) => ('backend' in each ? [each.backend.name] : []));
      for (const other of others) {
        await tf.setBackend(other);
        expect(backend.encode(madeNetwork(madeShape()), new Float64Array(6), 1, 2).hidden.every(Number.isFinite)).toBe(true);
        expect(tf.getBackend()).toBe(other);
      }
    });
  });
}

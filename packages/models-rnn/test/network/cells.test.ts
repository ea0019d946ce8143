import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { own } from '../../src/backends/own.ts';
import { sigmoid, tanh } from '../../src/network/gates.ts';
import { pinballLoss } from '../../src/network/pinball.ts';
import type { Network } from '../../src/network/shape.ts';
import { startNetwork } from '../../src/network/start.ts';
import { madeBatch, madeNetwork, madeShape } from './made.ts';

describe('gates', () => {
  it('are within 1e-6 of the exact functions, everywhere', () => {
    for (let x = -40; x <= 40; x += 0.0137) {
      expect(Math.abs(tanh(x) - Math.tanh(x))).toBeLessThan(1e-6);
      expect(Math.abs(sigmoid(x) - 1 / (1 + Math.exp(-x)))).toBeLessThan(1e-6);
    }
    expect(tanh(0)).toBe(0);
    expect(tanh(Number.POSITIVE_INFINITY)).toBeCloseTo(1, 6);
    expect(sigmoid(Number.NEGATIVE_INFINITY)).toBeCloseTo(0, 6);
    expect(tanh(Number.NaN)).toBeNaN();
  });
});

/** [x, h] W + b of column `j`. */
function affine(joined: readonly number[], weights: Float64Array, bias: Float64Array, j: number): number {
  const columns = bias.length;
  return joined.reduce((sum, value, i) => sum + value * (weights[i * columns + j] as number), bias[j] as number);
}

/** One window, as the formulas say, one number after the other. */
function byTheBook({ shape, gates, gatesBias, candidate, candidateBias }: Network, slots: readonly number[][]): number[] {
  const units = Array.from({ length: shape.hidden }, (_, u) => u);
  const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
  let h = units.map(() => 0);
  let c = units.map(() => 0);
  for (const x of slots) {
    const gate = (n: number, u: number): number => affine([...x, ...h], gates, gatesBias, n * shape.hidden + u);
    if (shape.cell === 'lstm') {
      c = units.map((u) => logistic(gate(1, u)) * (c[u] as number) + logistic(gate(0, u)) * Math.tanh(gate(2, u)));
      h = units.map((u) => logistic(gate(3, u)) * Math.tanh(c[u] as number));
    } else {
      const reset = units.map((u) => logistic(gate(0, u)) * (h[u] as number));
      const update = units.map((u) => logistic(gate(1, u)));
      const next = units.map((u) => Math.tanh(affine([...x, ...reset], candidate, candidateBias, u)));
      h = units.map((u) => (update[u] as number) * (h[u] as number) + (1 - (update[u] as number)) * (next[u] as number));
    }
  }
  return h;
}

describe('cells', () => {
  for (const cell of ['lstm', 'gru'] as const) {
    it(`compute what the formulas say: ${cell}`, () => {
      for (const inputs of [1, 4, 6]) {
        const shape = madeShape({ cell, inputs });
        const network = madeNetwork(shape);
        const rows = 5;
        const { inputs: values, length } = madeBatch(shape, rows, { length: 9 });
        const { hidden } = own.encode(network, values, length, rows);
        for (let b = 0; b < rows; b++) {
          const slots = Array.from({ length }, (_, t) => [...values.subarray((t * rows + b) * inputs, (t * rows + b + 1) * inputs)]);
          for (const [u, h] of byTheBook(network, slots).entries()) expect(hidden[b * shape.hidden + u]).toBeCloseTo(h, 5);
        }
      }
    });
  }
});

describe('head', () => {
  it('raises quantiles with their levels where it is told to', () => {
    const shape = madeShape({ levels: [0.05, 0.25, 0.5, 0.75, 0.95] });
    const network = madeNetwork(shape, 5, 3);
    const batch = madeBatch(shape, 4);
    const { hidden } = own.encode(network, batch.inputs, batch.length, batch.rows);
    const quantiles = own.decode(network, hidden, batch);
    for (let i = 0; i < quantiles.length; i++) if (i % 5 > 0) expect(quantiles[i]).toBeGreaterThan(quantiles[i - 1] as number);
  });

  it('begins with the forecast that it is given', () => {
    const shape = madeShape({ statics: 0, inputs: 2 });
    const network = startNetwork(shape, new SeededRandom(1), { skip: [0, 1, 0] });
    network.out.fill(0);
    const batch = madeBatch(shape, 3);
    const { hidden } = own.encode(network, batch.inputs, batch.length, batch.rows);
    const quantiles = own.decode(network, hidden, batch);
    for (let p = 0; p < 6; p++) expect(quantiles[p * 4 + 1]).toBeCloseTo(batch.locals[p * 3 + 1] as number, 12);
  });
});

describe('pinballLoss', () => {
  it('is the mean over observed targets and levels, with its slopes', () => {
    const d = new Float64Array(4);
    const loss = pinballLoss([0.1, 0.9], Float64Array.of(1, 5, 7, 7), [3, Number.NaN], 2, d);
    // 3 is 2 above 1 and 2 below 5.
    expect(loss).toBeCloseTo((0.1 * 2 + 0.1 * 2) / 2, 14);
    expect([...d]).toEqual([-0.05, expect.closeTo(0.05, 14), 0, 0]);
  });
});

import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it, vi } from 'vitest';
import { Backprop } from '../../src/network/backprop.ts';
import { allot, allotFast } from '../../src/network/kernels.ts';
import { networkOver } from '../../src/network/shape.ts';
import { madeBatch, madeNetwork, madeShape } from './made.ts';

const random = new SeededRandom('kernels');

/** C, X and W with numbers in them, X and C a little longer than needed. */
function filled(how: typeof allot, m: number, k: number, n: number, numbers: readonly number[]) {
  const made = how({ before: 3, c: m * n + 8, x: m * k + 8, w: k * n, d: m * n, g: k * n });
  for (const array of Object.values(made.arrays)) for (let i = 0; i < array.length; i++) array[i] = numbers[i % numbers.length] as number;
  return made;
}

describe('kernels', () => {
  const numbers = Array.from({ length: 997 }, () => 2 * random.next() - 1);

  it('in WebAssembly are really used here', () => {
    expect(allotFast({ a: 1 }).kernels).not.toBe(allot({ a: 1 }).kernels);
  });

  it('give the same bits in both, and what the sums say', () => {
    for (const [m, k, n] of [
      [4, 4, 4],
      [8, 12, 16],
      [64, 36, 128],
      [4, 128, 32],
      [12, 20, 4],
    ] as const) {
      const [plain, fast] = [filled(allot, m, k, n, numbers), filled(allotFast, m, k, n, numbers)];
      const expected = plain.arrays.c.slice();
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          for (let q = 0; q < k; q++) {
            const product = (plain.arrays.x[4 + i * k + q] as number) * (plain.arrays.w[q * n + j] as number);
            expected[8 + i * n + j] = (expected[8 + i * n + j] as number) + product;
          }
      for (const { kernels, arrays } of [plain, fast]) {
        kernels.addProduct(arrays.c, 8, arrays.x, 4, arrays.w, m, k, n);
        kernels.addOuter(arrays.g, arrays.x, 4, arrays.d, m, k, n);
      }
      expect(plain.arrays.c).toEqual(expected);
      expect(fast.arrays).toEqual(plain.arrays);
      const start = filled(allot, m, k, n, numbers).arrays;
      for (let q = 0; q < k; q++)
        for (let j = 0; j < n; j++) {
          let sum = start.g[q * n + j] as number;
          for (let i = 0; i < m; i++) sum += (start.x[4 + i * k + q] as number) * (start.d[i * n + j] as number);
          expect(fast.arrays.g[q * n + j]).toBeCloseTo(sum, 12);
        }
    }
  });

  it('train the same bits in both', () => {
    for (const shape of [madeShape({ inputs: 5 }), madeShape({ cell: 'gru', inputs: 5 })]) {
      const network = madeNetwork(shape);
      const [one, two] = [networkOver(shape), networkOver(shape)];
      const batch = madeBatch(shape, 9, { length: 12 });
      expect(new Backprop(allot).gradient(network, batch, one)).toBe(new Backprop(allotFast).gradient(network, batch, two));
      expect(two.flat).toEqual(one.flat);
    }
  });

  it('fall back to JavaScript where WebAssembly cannot be had', async () => {
    vi.resetModules();
    vi.stubGlobal('WebAssembly', undefined);
    try {
      const again = await import('../../src/network/kernels.ts');
      const { kernels, arrays } = again.allotFast({ a: 2 });
      expect(kernels).toBe(again.allot({ a: 1 }).kernels);
      expect(arrays.a).toEqual(new Float64Array(2));
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

import { describe, expect, it } from 'vitest';
import { Adam, clip } from '../../src/network/adam.ts';

describe('Adam', () => {
  it('follows algorithm 1 of the paper: epsilon stands beside the corrected root', () => {
    const [rate, epsilon] = [0.1, 0.02];
    const adam = new Adam(2, epsilon);
    const weights = Float64Array.of(1, -2);
    const expected = [1, -2];
    const [m, v] = [
      [0, 0],
      [0, 0],
    ];
    for (let t = 1; t <= 5; t++) {
      const gradient = Float64Array.of(0.03 * t, -0.5 / t);
      adam.step(weights, gradient, rate);
      for (const [i, g] of gradient.entries()) {
        m[i] = 0.9 * (m[i] as number) + 0.1 * g;
        v[i] = 0.999 * (v[i] as number) + 0.001 * g * g;
        const [mHat, vHat] = [(m[i] as number) / (1 - 0.9 ** t), (v[i] as number) / (1 - 0.999 ** t)];
        expected[i] = (expected[i] as number) - (rate * mHat) / (Math.sqrt(vHat) + epsilon);
        expect(weights[i]).toBeCloseTo(expected[i] as number, 13);
      }
    }
  });
});

describe('clip', () => {
  it('shortens a gradient that is too long, keeps its direction, and returns its length before', () => {
    const gradient = Float64Array.of(3, 0, -4);
    expect(clip(gradient, 1)).toBe(5);
    expect([...gradient]).toEqual([0.6, 0, -0.8]);
  });

  it('leaves others alone, and any when there is no limit', () => {
    const gradient = Float64Array.of(3, 0, -4);
    clip(gradient, 5);
    clip(gradient, Number.POSITIVE_INFINITY);
    expect([...gradient]).toEqual([3, 0, -4]);
  });
});

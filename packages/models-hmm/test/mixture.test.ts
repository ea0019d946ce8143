import { normalCdf, normalQuantile } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { CDF, REACH, STEPS } from '../src/predictor/cdf-table.ts';
import { beginMixture, mixtureCdf, mixtureQuantile, setComponent } from '../src/predictor/mixture.ts';

describe('normal', () => {
  it('agrees with published values', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 7);
    expect(normalCdf(1.959963985)).toBeCloseTo(0.975, 7);
    expect(normalCdf(-3) / 0.001349898031630095).toBeCloseTo(1, 6);
    expect(normalQuantile(0.99)).toBeCloseTo(2.3263478740408408, 7);
    expect(normalQuantile(0.01)).toBeCloseTo(-2.3263478740408408, 7);
    expect(normalQuantile(0.5)).toBe(0);
  });

  it('the table is within 2e-6 halfway between its points, and rises', () => {
    for (let i = 0; i + 2 < CDF.length; i++) {
      const halfway = 0.5 * ((CDF[i] as number) + (CDF[i + 1] as number));
      if (Math.abs(halfway - normalCdf((i + 0.5) / STEPS - REACH)) > 2e-6) expect.fail(`at ${i}`);
      if ((CDF[i + 1] as number) < (CDF[i] as number)) expect.fail(`falls at ${i}`);
    }
  });
});

describe('mixtureQuantile', () => {
  it.each([
    ['like components', [0.3, 0.4, 0.3], [0, 0.1, 0.2], [1, 1.1, 0.9]],
    ['far apart', [0.3, 0.4, 0.3], [-8, 0, 8], [0.01, 0.02, 0.01]],
    ['one component', [1, 0, 0], [2, 5, 9], [0.5, 1, 1]],
    ['a rare wide one', [0.97, 0.02, 0.01], [0, 1, 4], [0.05, 0.3, 2]],
  ])('inverts the cdf: %s', (_, w, m, s) => {
    const mixture = beginMixture(w.length);
    w.forEach((weight, k) => {
      setComponent(mixture, k, weight, m[k] as number, s[k] as number);
    });
    for (const p of [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]) {
      const x = mixtureQuantile(mixture, p, normalQuantile(p));
      // Where the cdf is flat between two components any point there is as good.
      expect(Math.abs(mixtureCdf(mixture, x) - p)).toBeLessThan(5e-5);
    }
  });
});

import { quantileSorted, SeededRandom } from '@auspex/numerics';
import { expect, it } from 'vitest';
import { binInputs } from '../src/boost/bins.ts';
import { fitQuantile, quantileOf } from '../src/boost/fit.ts';
import { growTree } from '../src/boost/grow.ts';
import { leafValue } from '../src/boost/tree.ts';

const BOOSTING = { trees: 60, leaves: 8, rate: 0.1 };

it('few distinct values get a bin each, as the minutes of an hour must (they had one for all)', () => {
  const minutes = Float32Array.from({ length: 6_000 }, (_, i) => i % 60);
  const { columns } = binInputs(minutes, 1);
  expect(new Set(columns[0]).size).toBe(60);
});

it('a value that is mostly zero keeps a bin for zero alone', () => {
  const mostly = Float32Array.from({ length: 10_000 }, (_, i) => (i % 20 === 0 ? 1 + (i % 7) : 0));
  const { columns } = binInputs(mostly, 1);
  const column = columns[0] as Uint8Array;
  const zeros = new Set([...column].filter((_, i) => mostly[i] === 0));
  const others = new Set([...column].filter((_, i) => mostly[i] !== 0));
  expect([...zeros].some((bin) => others.has(bin))).toBe(false);
});

it('bins and thresholds say the same of every value, and what is not known is in the first', () => {
  const random = new SeededRandom('bins');
  const values = Float32Array.from({ length: 3_000 }, (_, i) => (i % 50 === 0 ? Number.NaN : Math.exp(3 * random.normal())));
  const { columns, edges } = binInputs(values, 1);
  const [column, cuts] = [columns[0] as Uint8Array, edges[0] as Float32Array];
  expect(cuts.length).toBeGreaterThan(50);
  values.forEach((value, i) => {
    const bin = column[i] as number;
    expect(bin).toBe(cuts.filter((cut) => value > cut).length);
    expect(bin === 0).toBe(Number.isNaN(value));
  });
});

it('a tree finds a step of a target, gives each side its quantile, and keeps its leaves as large as they must be', () => {
  const random = new SeededRandom('step');
  const rows = 2_000;
  const inputs = Float32Array.from({ length: 2 * rows }, () => random.next());
  const targets = Float64Array.from({ length: rows }, (_, i) => ((inputs[2 * i + 1] as number) > 0.7 ? 10 : 0) + random.next());
  const gradients = Float32Array.from(targets, (target) => (target > 1 ? 0.5 : -0.5));
  const binned = binInputs(inputs, 2);
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const tree = growTree(binned, all, [0, 1], gradients, targets, { leaves: 2, fewest: 60, level: 0.5, rate: 1 });
  expect(tree.input).toEqual(Uint8Array.of(1));
  expect(Math.abs((tree.threshold[0] as number) - 0.7)).toBeLessThan(0.02);
  const side = (above: boolean): number[] =>
    [...targets].filter((_, i) => (inputs[2 * i + 1] as number) > (tree.threshold[0] as number) === above);
  expect(leafValue(tree, Float32Array.of(0, 0.1), 0)).toBeCloseTo(
    quantileSorted(
      side(false).sort((a, b) => a - b),
      0.5,
    ),
    5,
  );
  expect(leafValue(tree, Float32Array.of(0, 0.9), 0)).toBeCloseTo(
    quantileSorted(
      side(true).sort((a, b) => a - b),
      0.5,
    ),
    5,
  );
  const none = growTree(binned, all.subarray(0, 100), [0, 1], gradients, targets, { leaves: 8, fewest: 60, level: 0.5, rate: 1 });
  expect(none.leaves).toHaveLength(1);
});

it('quantiles follow a spread that depends on an input: nine of ten outcomes lie below .9 on either side', () => {
  const random = new SeededRandom('spread');
  const make = (rows: number): { inputs: Float32Array; targets: Float64Array } => {
    const inputs = Float32Array.from({ length: 3 * rows }, () => random.next());
    const targets = Float64Array.from({ length: rows }, (_, i) => ((inputs[3 * i] as number) > 0.5 ? 5 : 0.5) * random.normal());
    return { inputs, targets };
  };
  const seen = make(8_000);
  const fitted = fitQuantile(binInputs(seen.inputs, 3), seen.inputs, seen.targets, 0.9, BOOSTING, new SeededRandom('fit'));
  const fresh = make(8_000);
  for (const wide of [false, true]) {
    let [below, all] = [0, 0];
    fresh.targets.forEach((target, i) => {
      if ((fresh.inputs[3 * i] as number) > 0.5 !== wide) return;
      all++;
      if (target <= quantileOf(fitted, fresh.inputs, 3 * i)) below++;
    });
    expect(below / all).toBeGreaterThan(0.87);
    expect(below / all).toBeLessThan(0.93);
  }
});

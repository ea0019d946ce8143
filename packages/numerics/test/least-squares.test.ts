import { expect, test } from 'vitest';
import { addRow, type NormalEquations, SeededRandom, solveRidge } from '../src/index.ts';

function begin(p: number): NormalEquations {
  return { gram: new Float64Array((p * (p + 1)) / 2), moment: new Float64Array(p) };
}

const ones = (p: number, value: number) => new Float64Array(p).fill(value);

test('finds the coefficients that made the rows', () => {
  const truth = [0.5, -2, 3, 0];
  const random = new SeededRandom(1);
  const equations = begin(4);
  for (let t = 0; t < 200; t++) {
    const x = Float64Array.from(truth, () => random.normal());
    addRow(
      equations,
      x,
      truth.reduce((sum, b, i) => sum + b * (x[i] as number), 0),
      1,
      0.99,
    );
  }
  const out = new Float64Array(4);
  expect(solveRidge(equations, ones(4, 0), ones(4, 1e-9), out, new Float64Array(14))).toBe(true);
  truth.forEach((b, i) => {
    expect(out[i]).toBeCloseTo(b, 6);
  });
});

test('the gradient of the penalised, weighted, forgotten squares is zero at the solution', () => {
  const random = new SeededRandom(2);
  const p = 5;
  const keep = 0.9;
  const equations = begin(p);
  const rows: { x: Float64Array; y: number; weight: number }[] = [];
  for (let t = 0; t < 30; t++) {
    const row = { x: Float64Array.from({ length: p }, () => random.normal()), y: random.normal(), weight: random.next() };
    rows.push(row);
    addRow(equations, row.x, row.y, row.weight, keep);
  }
  const prior = Float64Array.from({ length: p }, () => random.normal());
  const penalty = Float64Array.from({ length: p }, () => 0.1 + random.next());
  const b = new Float64Array(p);
  solveRidge(equations, prior, penalty, b, new Float64Array(20));
  for (let j = 0; j < p; j++) {
    let gradient = (penalty[j] as number) * ((b[j] as number) - (prior[j] as number));
    rows.forEach(({ x, y, weight }, t) => {
      const error = x.reduce((sum, v, i) => sum + v * (b[i] as number), 0) - y;
      gradient += weight * keep ** (rows.length - 1 - t) * error * (x[j] as number);
    });
    expect(gradient).toBeCloseTo(0, 9);
  }
});

test('without rows the prior is the answer; a matrix that is not positive definite changes nothing', () => {
  const out = ones(3, 7);
  const prior = Float64Array.of(1, 2, 3);
  expect(solveRidge(begin(3), prior, ones(3, 1), out, new Float64Array(9))).toBe(true);
  expect(out).toEqual(prior);
  out.fill(7);
  expect(solveRidge(begin(3), prior, ones(3, 0), out, new Float64Array(9))).toBe(false);
  expect(out).toEqual(ones(3, 7));
});

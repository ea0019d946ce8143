import { networkOver, type Shape, sizeOf } from '../network/shape.ts';
import type { Backend } from './backend.ts';
import { own } from './own.ts';

/** Largest difference between two backends' numbers of order 1. */
const TOLERANCE = 1e-5;

/**
 * Computes two small networks with real kernels, there and back, and compares with `own`.
 *
 * @returns what is wrong, in one line; undefined when all agrees
 */
export function agrees(backend: Backend): string | undefined {
  for (const cell of ['lstm', 'gru'] as const) {
    const shape: Shape = { cell, inputs: 3, hidden: 4, statics: 1, locals: 2, decoder: 4, levels: [0.1, 0.5, 0.9], rising: true };
    // Numbers without a pattern, the same each time.
    const draw = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => Math.fround(Math.sin(12.9 * i + 1)));
    const network = networkOver(shape, draw(sizeOf(shape)));
    const asked = { rows: 2, points: 2, statics: draw(2), locals: draw(8) };
    const batch = { ...asked, length: 3, inputs: draw(18), targets: Float64Array.of(0.5, Number.NaN, -1, 2) };
    const answer = ({ encode, decode, trainer }: Backend): Float64Array => {
      const { hidden } = encode(network, batch.inputs, batch.length, batch.rows);
      const training = trainer(network);
      const loss = training.step(batch, 0.01);
      const numbers = [...decode(network, hidden, asked), loss, ...training.weights()];
      training.close();
      return Float64Array.from(numbers);
    };
    const expected = answer(own);
    const off = answer(backend).reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
    // Not `off > TOLERANCE`: that would let NaN pass.
    if (!(off <= TOLERANCE)) return `self-check of the ${cell} is off by ${off.toExponential(1)}`;
  }
  return undefined;
}

import { SeededRandom } from '@auspex/numerics';
import type { Batch } from '../../src/backends/backend.ts';
import { type Network, networkOver, type Shape } from '../../src/network/shape.ts';

/** A shape with everything in it, `change` applied. */
export function madeShape(change: Partial<Shape> = {}): Shape {
  return { cell: 'lstm', inputs: 3, hidden: 8, statics: 2, locals: 3, decoder: 8, levels: [0.1, 0.5, 0.75, 0.9], rising: true, ...change };
}

/** Weights of no particular kind: none is zero, so that none can hide. */
export function madeNetwork(shape: Shape, seed = 1, size = 0.5): Network {
  const random = new SeededRandom(seed);
  const network = networkOver(shape);
  for (let i = 0; i < network.flat.length; i++) network.flat[i] = size * (2 * random.next() - 1);
  return network;
}

/** A batch for the shape; about a fifth of its targets were not observed. */
export function madeBatch(shape: Shape, rows: number, { length = 5, points = 2, seed = 2, gaps = true } = {}): Batch {
  const random = new SeededRandom(seed);
  const draw = (size: number): Float64Array => Float64Array.from({ length: size }, () => Math.fround(2 * random.next() - 1));
  const targets = draw(rows * points);
  if (gaps) for (let i = 0; i < targets.length; i++) if (random.next() < 0.2) targets[i] = Number.NaN;
  return {
    length,
    rows,
    points,
    inputs: draw(length * rows * shape.inputs),
    statics: draw(rows * shape.statics),
    locals: draw(rows * points * shape.locals),
    targets,
  };
}

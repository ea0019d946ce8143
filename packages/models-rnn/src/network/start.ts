import type { SeededRandom } from '@auspex/numerics';
import { medianOf, type Network, networkOver, type Shape } from './shape.ts';

/** How the head begins: what the median takes from each local, and how far apart the levels are. */
export interface Beginning {
  /** [L]. Default zeros. */
  readonly skip?: readonly number[];
  /** Raw output of every level but the median. Default -1: about a third of a unit apart. */
  readonly spread?: number;
}

/**
 * Start values: uniform by fan-in and fan-out (Glorot & Bengio 2010), forget gates open (Jozefowicz et al. 2015), and a head that
 * begins with a forecast of its own, so that training improves on that.
 */
export function startNetwork(shape: Shape, random: SeededRandom, { skip = [], spread = -1 }: Beginning = {}): Network {
  const network = networkOver(shape);
  const { cell, inputs, hidden, statics, locals, decoder, levels, rising } = shape;
  const draw = (into: Float64Array, limit: number): void => {
    for (let i = 0; i < into.length; i++) into[i] = limit * (2 * random.next() - 1);
  };
  draw(network.gates, Math.sqrt(6 / (inputs + (cell === 'lstm' ? 5 : 3) * hidden)));
  draw(network.candidate, Math.sqrt(6 / (inputs + 2 * hidden)));
  if (cell === 'lstm') network.gatesBias.fill(1, hidden, 2 * hidden);
  const width = network.contextBias.length;
  draw(network.context, decoder > 0 ? Math.sqrt(6 / (hidden + statics + width)) : 0.1 / Math.sqrt(hidden));
  draw(network.local, Math.sqrt(6 / Math.max(1, locals + decoder)));
  draw(network.out, 0.1 / Math.sqrt(Math.max(1, decoder)));
  const bias = decoder > 0 ? network.outBias : network.contextBias;
  const median = medianOf(levels);
  if (rising) for (let q = 0; q < levels.length; q++) bias[q] = q === median ? 0 : spread;
  for (let i = 0; i < skip.length; i++) network.skip[i * levels.length + median] = skip[i] as number;
  return network;
}

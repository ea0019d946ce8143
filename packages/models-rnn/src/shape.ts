import { LEVELS } from '@auspex/contracts';
import type { RnnOptions } from './config.ts';
import { INPUTS, LOCALS, STATICS } from './features.ts';
import type { Shape } from './network/shape.ts';

/** The network that options ask for. */
export function shapeOf({ cell, hidden, decoder }: Pick<RnnOptions, 'cell' | 'hidden' | 'decoder'>): Shape {
  return { cell, inputs: INPUTS, hidden, statics: STATICS, locals: LOCALS, decoder, levels: LEVELS, rising: true };
}

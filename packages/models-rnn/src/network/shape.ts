/** How a network is built: enough to lay out its weights. */
export interface Shape {
  /** Recurrent cell: LSTM (Hochreiter & Schmidhuber 1997, forget gate by Gers et al. 2000) or GRU (Cho et al. 2014). */
  readonly cell: 'lstm' | 'gru';
  /** I: inputs of the cell at each slot. */
  readonly inputs: number;
  /** H: cells; a multiple of 4. */
  readonly hidden: number;
  /** S: what the head sees once a window, beside the final hidden state. 0 = nothing. */
  readonly statics: number;
  /** L: what the head sees for each point that it is asked for, such as its distance and its time of day. 0 = nothing. */
  readonly locals: number;
  /** D: tanh units between those and the quantiles; a multiple of 4. 0 = a linear head. */
  readonly decoder: number;
  /** Probability levels of the quantiles, rising, inside (0, 1). */
  readonly levels: readonly number[];
  /** Whether quantiles are made to rise with their level; without it each output is a quantile of its own, and they may cross. */
  readonly rising: boolean;
}

/**
 * All weights in one flat array, with a view for each group: optimisers and artifacts see one array, the maths its groups.
 *
 * The head, for a window with final hidden state h, statics s and a point with locals l (MQ-RNN's two decoders, Wen et al. 2017):
 *
 *     g = [h, s] context + contextBias
 *     D > 0:  raw = tanh(g + l local) out + l skip + outBias
 *     D = 0:  raw = g + l skip
 *     quantiles = rise(raw) when `rising`, else raw
 */
export interface Network {
  readonly shape: Shape;
  readonly flat: Float64Array;
  /**
   * [I + H x 4H] of an LSTM, columns by gate: input, forget, candidate, output (the order of Keras and PyTorch, and TensorFlow's BlockLSTMV2).
   * [I + H x 2H] of a GRU: reset, update (the order of TensorFlow's GRUBlockCell).
   */
  readonly gates: Float64Array;
  /** [4H], or [2H] of a GRU. */
  readonly gatesBias: Float64Array;
  /** [I + H x H] of a GRU, which multiplies [x, r h]; empty of an LSTM. */
  readonly candidate: Float64Array;
  /** [H] of a GRU; empty of an LSTM. */
  readonly candidateBias: Float64Array;
  /** [H + S x W], W = D, or the number of levels when D = 0. */
  readonly context: Float64Array;
  /** [W]. */
  readonly contextBias: Float64Array;
  /** [L x D]; empty when D = 0. */
  readonly local: Float64Array;
  /** [D x Q]; empty when D = 0. */
  readonly out: Float64Array;
  /** [Q]; empty when D = 0. */
  readonly outBias: Float64Array;
  /** [L x Q]. */
  readonly skip: Float64Array;
}

/** Sizes of a network's groups, in the order in which they lie in the flat array. */
export function groupsOf({ cell, inputs, hidden, statics, locals, decoder, levels }: Shape): readonly (readonly [Group, number])[] {
  const gates = (cell === 'lstm' ? 4 : 2) * hidden;
  const candidate = cell === 'gru' ? hidden : 0;
  const quantiles = levels.length;
  const width = decoder > 0 ? decoder : quantiles;
  return [
    ['gates', (inputs + hidden) * gates],
    ['gatesBias', gates],
    ['candidate', (inputs + hidden) * candidate],
    ['candidateBias', candidate],
    ['context', (hidden + statics) * width],
    ['contextBias', width],
    ['local', locals * decoder],
    ['out', decoder * quantiles],
    ['outBias', decoder > 0 ? quantiles : 0],
    ['skip', locals * quantiles],
  ];
}

export type Group = Exclude<keyof Network, 'shape' | 'flat'>;

/** Number of weights. */
export function sizeOf(shape: Shape): number {
  return groupsOf(shape).reduce((sum, [, size]) => sum + size, 0);
}

/** A network that looks into `flat`, new zeros by default. @throws RangeError when it has another length */
export function networkOver(shape: Shape, flat: Float64Array = new Float64Array(sizeOf(shape))): Network {
  if (flat.length !== sizeOf(shape)) throw new RangeError(`a network of this shape has ${sizeOf(shape)} weights, not ${flat.length}`);
  let at = 0;
  const views = groupsOf(shape).map(([name, size]) => {
    at += size;
    return [name, flat.subarray(at - size, at)] as const;
  });
  return { shape, flat, ...(Object.fromEntries(views) as Record<Group, Float64Array>) };
}

/** Column of the level nearest to one half: rising quantiles grow from it to both sides. */
export function medianOf(levels: readonly number[]): number {
  let best = 0;
  for (let q = 1; q < levels.length; q++) if (Math.abs((levels[q] as number) - 0.5) < Math.abs((levels[best] as number) - 0.5)) best = q;
  return best;
}

import type { Shape } from '../network/shape.ts';
import { agrees } from './agree.ts';
import type { Backend } from './backend.ts';
import { type Cell, graphBackend, type Passed, type Weights } from './graph.ts';
import { loadPeer, type Tensor, type Tf, unavailable } from './tfjs.ts';

/** How to get it, in one line. */
export const WASM_REMEDY: string = 'Install it: npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0.';

/**
 * TensorFlow.js in WebAssembly, where nothing native may run: op by op, slot by slot, so that training takes about six times as
 * long as on `own`. For comparison, never chosen by itself.
 *
 * @throws AuspexError (PLUGIN_NOT_FOUND) when it is not installed, (PLUGIN_FAILED) when it does not load or compute what `own` does
 */
export async function loadWasm(): Promise<Backend> {
  try {
    const tf = loadPeer<Tf>('@tensorflow/tfjs-core');
    loadPeer('@tensorflow/tfjs-backend-wasm');
    if (!(await tf.setBackend('wasm'))) throw new Error('tfjs-backend-wasm does not start');
    await tf.ready();
    const version = `tfjs-backend-wasm ${tf.version_core}`;
    const backend = graphBackend(tf, 'wasm', version, cellByOps(tf), () => {});
    const wrong = agrees(backend);
    if (wrong) throw new Error(`${version}: ${wrong}`);
    return backend;
  } catch (error) {
    throw unavailable('wasm', error, WASM_REMEDY);
  }
}

/** Both cells by plain ops, a dozen a slot, and their way back by the formulas of lstm.ts and gru.ts. */
function cellByOps(tf: Tf): Cell {
  const { add, concat, matMul, mul, sigmoid, slice, sub, tanh } = tf;
  /** a - a b: what is left when the share b is taken. */
  const without = (a: Tensor, b: Tensor): Tensor => sub(a, mul(a, b));
  const block = (of: Tensor, from: number, count: number): Tensor => slice(of, [0, from], [of.shape[0] as number, count]);
  /** d by [x, h] = d by z times W transposed, the part of h. */
  const dJoined = (d: Tensor, weights: Tensor, wide: number, units: number): Tensor => block(matMul(d, weights, false, true), wide, units);

  function lstm({ hidden: units, inputs: wide }: Shape, inputs: Tensor, { gates, gatesBias }: Weights): Passed {
    const [, rows] = inputs.shape as [number, number];
    const tape: Record<'joined' | 'i' | 'f' | 'g' | 'o' | 'before' | 'squashed', Tensor>[] = [];
    let hidden = tf.zeros([rows, units]);
    let cell = tf.zeros([rows, units]);
    for (const slot of tf.unstack(inputs, 0)) {
      const joined = concat([slot, hidden], 1);
      const z = add(matMul(joined, gates), gatesBias);
      const [i, f] = [sigmoid(block(z, 0, units)), sigmoid(block(z, units, units))];
      const [g, o] = [tanh(block(z, 2 * units, units)), sigmoid(block(z, 3 * units, units))];
      const before = cell;
      cell = add(mul(f, before), mul(i, g));
      const squashed = tanh(cell);
      hidden = mul(o, squashed);
      tape.push({ joined, i, f, g, o, before, squashed });
    }
    return {
      hidden,
      cell,
      back: (dFinal) => {
        const [joineds, dGates]: [Tensor[], Tensor[]] = [[], []];
        let dHidden = dFinal;
        let dCell = tf.zeros([rows, units]);
        for (const { joined, i, f, g, o, before, squashed } of tape.reverse()) {
          const dSquashed = mul(dHidden, o);
          const d = add(dCell, without(dSquashed, mul(squashed, squashed)));
          const dI = without(mul(mul(d, g), i), i);
          const dF = without(mul(mul(d, before), f), f);
          const dG = without(mul(d, i), mul(g, g));
          const dO = without(mul(mul(dHidden, squashed), o), o);
          const dz = concat([dI, dF, dG, dO], 1);
          joineds.push(joined);
          dGates.push(dz);
          dCell = mul(d, f);
          dHidden = dJoined(dz, gates, wide, units);
        }
        const dz = concat(dGates, 0);
        return [
          ['gates', matMul(concat(joineds, 0), dz, true)],
          ['gatesBias', tf.sum(dz, 0)],
        ];
      },
    };
  }

  function gru({ hidden: units, inputs: wide }: Shape, inputs: Tensor, weights: Weights): Passed {
    const { gates, gatesBias, candidate, candidateBias } = weights;
    const [, rows] = inputs.shape as [number, number];
    const tape: Record<'joined' | 'reset' | 'before' | 'r' | 'u' | 'c', Tensor>[] = [];
    let hidden = tf.zeros([rows, units]);
    for (const slot of tf.unstack(inputs, 0)) {
      const before = hidden;
      const joined = concat([slot, before], 1);
      const ru = sigmoid(add(matMul(joined, gates), gatesBias));
      const [r, u] = [block(ru, 0, units), block(ru, units, units)];
      const reset = concat([slot, mul(r, before)], 1);
      const c = tanh(add(matMul(reset, candidate), candidateBias));
      hidden = add(c, mul(u, sub(before, c)));
      tape.push({ joined, reset, before, r, u, c });
    }
    return {
      hidden,
      back: (dFinal) => {
        const [joineds, resets, dGates, dCandidates]: [Tensor[], Tensor[], Tensor[], Tensor[]] = [[], [], [], []];
        let dHidden = dFinal;
        for (const { joined, reset, before, r, u, c } of tape.reverse()) {
          const dU = without(mul(mul(dHidden, sub(before, c)), u), u);
          const dC = without(without(dHidden, u), mul(c, c));
          const dReset = dJoined(dC, candidate, wide, units);
          const dR = without(mul(mul(dReset, before), r), r);
          const dru = concat([dR, dU], 1);
          joineds.push(joined);
          resets.push(reset);
          dGates.push(dru);
          dCandidates.push(dC);
          dHidden = add(add(mul(dHidden, u), mul(dReset, r)), dJoined(dru, gates, wide, units));
        }
        const [dg, dc] = [concat(dGates, 0), concat(dCandidates, 0)];
        return [
          ['gates', matMul(concat(joineds, 0), dg, true)],
          ['gatesBias', tf.sum(dg, 0)],
          ['candidate', matMul(concat(resets, 0), dc, true)],
          ['candidateBias', tf.sum(dc, 0)],
        ];
      },
    };
  }

  return (shape, inputs, weights) => (shape.cell === 'lstm' ? lstm : gru)(shape, inputs, weights);
}

import type { SeriesInfo } from '@auspex/contracts';
import { emptyTail, isTail, pack, Ring, type Tail, unpack } from '@auspex/numerics';
import type { Regimes } from '../predictor/state.ts';
import { type PlainRegimes, plainRegimes, readRegimes } from '../predictor/state.ts';

/** All that is known of one series. */
export interface RegimeState {
  readonly id: string;
  readonly group: string;
  readonly pop: string;
  readonly stepMs: number;
  /** Logarithms of the rate over what was expected, newest last; NaN = a step that was not observed. */
  readonly residuals: Ring;
  /** Observations so far, and at the last fit. */
  observed: number;
  observedAtFit: number;
  regimes: Regimes | undefined;
  /** Mean log-likelihood, of so many steps; and how far below it steps were. */
  usual: number;
  judged: number;
  readonly below: Tail;
}

export function beginState({ id, name, pop, stepMs }: SeriesInfo, window: number): RegimeState {
  return {
    id,
    group: name,
    pop,
    stepMs,
    residuals: new Ring(window),
    observed: 0,
    observedAtFit: 0,
    regimes: undefined,
    usual: 0,
    judged: 0,
    below: emptyTail(),
  };
}

const KIND = 'regime';
const FORMAT = 1;

interface Plain extends Omit<RegimeState, 'residuals' | 'regimes'> {
  readonly kind: string;
  readonly v: number;
  readonly residuals: Float64Array;
  readonly regimes: PlainRegimes | null;
}

export function encodeState({ residuals, regimes, ...rest }: RegimeState): Uint8Array {
  const plain: Plain = { kind: KIND, v: FORMAT, ...rest, residuals: residuals.toArray(), regimes: regimes ? plainRegimes(regimes) : null };
  return pack(plain);
}

/**
 * Reads a state for the options as they are now: a window of another size keeps the newest steps, and regimes of another number are fitted again.
 *
 * @throws Error on bytes that `encodeState` of this version did not write
 */
export function decodeState(bytes: Uint8Array, states: number, window: number): RegimeState {
  const plain = unpack<Plain | null>(bytes);
  if (plain?.kind !== KIND || plain.v !== FORMAT) throw new Error(`this is no state of the detector ${KIND}, format ${FORMAT}`);
  const { kind: _, v: __, residuals, regimes, ...rest } = plain;
  if (!(residuals instanceof Float64Array) || !isTail(rest.below)) throw new Error(`the state of the detector ${KIND} is incomplete`);
  const read = regimes ? readRegimes(regimes) : undefined;
  return { ...rest, residuals: Ring.from(window, residuals), regimes: read?.model.states === states ? read : undefined };
}

import type { SeriesInfo } from '@auspex/contracts';
import { pack, Ring, unpack } from '@auspex/numerics';
import { beginExpectations, type Expectations } from './expectation.ts';
import { checkParameters, type Parameters } from './parameters.ts';

/** Version of the encoding. */
const VERSION = 2;

/** The fitted regimes and how a residual lasts within one. */
export interface Regimes {
  readonly parameters: Parameters;
  /** Correlation of a residual with the one a step before, both taken from their regime's mean; 0 .. 0.99. */
  readonly rho: number;
}

/** All that is known of one series. */
export interface HmmState {
  readonly zone: string;
  readonly stepMs: number;
  readonly id: string;
  readonly expectations: Expectations;
  /** Log residuals from what was expected, newest last; NaN = a step that was not observed. */
  readonly residuals: Ring;
  /** Steps since the last residual that was a number. */
  sinceSeen: number;
  /** The last residual. NaN = none yet. */
  last: number;
  /** Start of the last step. NaN = none. */
  lastStep: number;
  /** Log of the greatest rate seen, which halves every week; -Infinity = none yet. No forecast goes far beyond it. */
  most: number;
  /** Observations so far, and at the last fit. */
  observed: number;
  observedAtFit: number;
  regimes: Regimes | undefined;
  /** P(regime at `lastStep` | all so far), [K]. */
  belief: Float64Array;
}

export function beginState(series: SeriesInfo, window: number): HmmState {
  return {
    zone: series.zone,
    stepMs: series.stepMs,
    id: series.id,
    expectations: beginExpectations(),
    residuals: new Ring(window),
    sinceSeen: 0,
    last: Number.NaN,
    lastStep: Number.NaN,
    most: Number.NEGATIVE_INFINITY,
    observed: 0,
    observedAtFit: 0,
    regimes: undefined,
    belief: new Float64Array(0),
  };
}

export function encodeState(state: HmmState): Uint8Array {
  const { residuals, ...rest } = state;
  return pack({ v: VERSION, ...rest, window: residuals.values.length, residuals: residuals.toArray() });
}

/** @throws Error on bytes that `encodeState` did not write */
export function decodeState(bytes: Uint8Array): HmmState {
  const plain = unpack<Omit<HmmState, 'residuals'> & { v: number; window: number; residuals: Float64Array }>(bytes);
  if (plain === null || typeof plain !== 'object' || plain.v !== VERSION) throw new Error(`this is no state of hmm, version ${VERSION}`);
  const { v: _, window, residuals, ...rest } = plain;
  const state: HmmState = { ...rest, residuals: Ring.from(window, residuals) };
  check(state);
  return state;
}

function check({ expectations, regimes, belief, stepMs, zone, most }: HmmState): void {
  const whole =
    typeof zone === 'string' &&
    stepMs > 0 &&
    typeof most === 'number' &&
    expectations.day.length === 24 &&
    expectations.daySeen.length === 24 &&
    expectations.week.length === 168 &&
    expectations.weekSeen.length === 168 &&
    belief.length === (regimes?.parameters.states ?? 0) &&
    belief.every(Number.isFinite);
  if (!whole) throw new Error('the state of hmm is incomplete');
  if (regimes) checkParameters(regimes.parameters);
}

import type { SeriesInfo } from '@auspex/contracts';
import { pack, Ring, unpack } from '@auspex/numerics';
import type { GaussianEmission } from '../emissions/emission.ts';
import { Filter } from '../filter.ts';
import { checkModel, type Model } from '../model.ts';
import type { HmmRegimeOptions } from './config.ts';
import { beginExpectations, type Expectations } from './expectation.ts';

/** Version of the encoding. */
const VERSION = 3;

/** The fitted regimes and how a residual lasts within one. */
export interface Regimes {
  /** One-dimensional, states by rising mean. */
  readonly model: Model<GaussianEmission>;
  /** Correlation of a residual with the one a step before, both taken from their regime's mean; 0 .. 0.99. */
  readonly rho: number;
  /** Its belief: P(regime at `lastStep` | all so far), [K]. */
  readonly filter: Filter;
}

/** All that is known of one series. */
export interface HmmRegimeState {
  readonly zone: string;
  readonly stepMs: number;
  readonly id: string;
  /** Share over what is expected from which a regime is a surge. */
  readonly surgeAt: number;
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
}

export function beginState(series: SeriesInfo, window: number, surgeAt: number): HmmRegimeState {
  return {
    zone: series.zone,
    stepMs: series.stepMs,
    id: series.id,
    surgeAt,
    expectations: beginExpectations(),
    residuals: new Ring(window),
    sinceSeen: 0,
    last: Number.NaN,
    lastStep: Number.NaN,
    most: Number.NEGATIVE_INFINITY,
    observed: 0,
    observedAtFit: 0,
    regimes: undefined,
  };
}

/** What a state is read for. */
export type DecodeOptions = Pick<HmmRegimeOptions, 'states' | 'window' | 'surgeAt'>;

/** What is written of the regimes. */
export interface PlainRegimes {
  readonly model: Model<GaussianEmission>;
  readonly rho: number;
  readonly belief: Float64Array;
}

type PlainState = Omit<HmmRegimeState, 'residuals' | 'regimes' | 'surgeAt'> & {
  readonly v: number;
  readonly window: number;
  readonly residuals: Float64Array;
  readonly regimes: PlainRegimes | undefined;
};

export function encodeState(state: HmmRegimeState): Uint8Array {
  const { residuals, regimes, surgeAt: _, ...rest } = state;
  const plain: PlainState = {
    v: VERSION,
    ...rest,
    window: residuals.values.length,
    residuals: residuals.toArray(),
    regimes: regimes && plainRegimes(regimes),
  };
  return pack(plain);
}

/**
 * Reads a state for the options as they are now: a ring of another size keeps the newest residuals, and regimes of another number are dropped, to be fitted
 * again from the residuals at the next observation that allows it.
 *
 * @throws Error on bytes that `encodeState` of this version did not write
 */
export function decodeState(bytes: Uint8Array, { states, window, surgeAt }: DecodeOptions): HmmRegimeState {
  const plain = unpack<PlainState>(bytes);
  if (plain === null || typeof plain !== 'object' || plain.v !== VERSION)
    throw new Error(`this is no state of hmm-regime, version ${VERSION}`);
  const { v: _, window: __, residuals, regimes, ...rest } = plain;
  check(plain);
  const read = regimes && readRegimes(regimes);
  return { ...rest, surgeAt, residuals: Ring.from(window, residuals), regimes: read?.model.states === states ? read : undefined };
}

export function plainRegimes({ model, rho, filter }: Regimes): PlainRegimes {
  return { model, rho, belief: filter.belief };
}

/** @throws Error on what `plainRegimes` did not make */
export function readRegimes({ model, rho, belief }: PlainRegimes): Regimes {
  checkModel(model);
  const whole =
    model.emission.family === 'gaussian' &&
    model.emission.dimensions === 1 &&
    rho >= 0 &&
    rho < 1 &&
    belief.length === model.states &&
    belief.every(Number.isFinite);
  if (!whole) throw new Error('the state of hmm-regime is incomplete');
  return { model, rho, filter: new Filter(model, belief) };
}

function check({ expectations, stepMs, zone, most }: PlainState): void {
  const whole =
    typeof zone === 'string' &&
    stepMs > 0 &&
    typeof most === 'number' &&
    expectations.day.length === 24 &&
    expectations.daySeen.length === 24 &&
    expectations.week.length === 168 &&
    expectations.weekSeen.length === 168;
  if (!whole) throw new Error('the state of hmm-regime is incomplete');
}

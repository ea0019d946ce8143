import { type ForecastRequest, NOT_READY, type NotReady, type Prediction } from '@auspex/contracts';
import type { TimeStepNetwork } from './network.ts';
import { AHEAD, BANDS, type BrainState, bandOf, oneOf, scaledWindow, sortedErrors } from './state.ts';

/** Largest log rate that is answered. */
const MOST = Math.log(1e15);

/** The next AHEAD log rates. */
export function pathOf(network: TimeStepNetwork, state: BrainState): number[] {
  return network.forecast(scaledWindow(state), AHEAD).map((value) => state.mean + state.scale * value);
}

/**
 * Points by the network; quantiles by adding those of its own past errors at such horizons (split conformal prediction, Vovk et al. 2005,
 * on a moving set of errors).
 */
export function forecast(state: BrainState, { origin, horizon, levels }: ForecastRequest, network: TimeStepNetwork): Prediction | NotReady {
  const bands = Array.from({ length: BANDS }, (_, band) => sortedErrors(state, band));
  if (state.steps < state.logs.length || bands.some((errors) => errors.length === 0)) return NOT_READY;
  const path = pathOf(network, state);
  if (!path.every(Number.isFinite)) return NOT_READY;
  // Steps that passed without being told of.
  const late = Math.max(0, Math.round((origin - state.lastStep) / state.stepMs) - 1);
  const quantiles = new Float64Array(horizon.length * levels.length);
  for (const [row, ahead] of horizon.entries()) {
    const h = ahead + late;
    const point = path[Math.min(h, AHEAD) - 1] as number;
    const errors = bands[bandOf(h)] as Float64Array;
    const spread = state.scale * Math.sqrt(Math.max(1, h / AHEAD));
    for (const [q, level] of levels.entries()) {
      const log = point + spread * quantileOf(errors, level);
      quantiles[row * levels.length + q] = Math.max(0, Math.exp(Math.min(MOST, log)) - oneOf(state.stepMs));
    }
  }
  return { quantiles };
}

/** The error that is not exceeded with this probability: the rank is rounded outwards, as few errors promise little. */
function quantileOf(sorted: Float64Array, level: number): number {
  const place = (sorted.length + 1) * level;
  const rank = level < 0.5 ? Math.floor(place) : Math.ceil(place);
  return sorted[Math.max(1, Math.min(sorted.length, rank)) - 1] as number;
}

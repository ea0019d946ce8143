import { type ForecastRequest, NOT_READY, type NotReady, type Prediction } from '@auspex/contracts';
import { normalQuantile, zone } from '@auspex/numerics';
import { expected } from './expectation.ts';
import { advance } from './filter.ts';
import { beginMixture, type Mixture, mixtureQuantile, setComponent } from './mixture.ts';
import { oneOf } from './observe.ts';
import type { HmmState, Regimes } from './state.ts';

/** Belief that no longer moves by this much has reached its long-run mix; further steps change nothing. */
const SETTLED = 1e-9;

/**
 * Quantiles of the rate: at each target the expected rate times a mixture of log-normals, one for each regime. Its weights
 * are the belief moved on by the transitions; each regime's mean is drawn towards the last residual by rho^h, and its
 * variance grows as that of a first-order autoregression, from (1 - rho^2) at once to all of it far ahead.
 */
export function forecastState(state: HmmState, { origin, horizon, levels }: ForecastRequest): Prediction | NotReady {
  if (!state.regimes) return NOT_READY;
  const columns = levels.length;
  const quantiles = new Float64Array(horizon.length * columns);
  const z = new Float64Array(columns);
  for (let column = 0; column < columns; column++) z[column] = normalQuantile(levels[column] as number);
  // Where each quantile lay in the row before, in deviations: rows are alike, so the next search begins there.
  const places = z.slice();
  const one = oneOf(state.stepMs);
  const clock = zone(state.zone);
  const ahead = beginAhead(state, state.regimes);
  for (let row = 0; row < horizon.length; row++) {
    const target = origin + ((horizon[row] as number) - 1) * state.stepMs;
    moveTo(ahead, state, state.regimes, Math.max(1, Math.round((target - state.lastStep) / state.stepMs)));
    const centre = expected(state.expectations, clock.weekOffset(target));
    let least = 0;
    for (let column = 0; column < columns; column++) {
      const guess = ahead.mean + ahead.deviation * (places[column] as number);
      const found = mixtureQuantile(ahead.mixture, levels[column] as number, z[column] as number, guess);
      places[column] = (found - ahead.mean) / ahead.deviation;
      // Each quantile is found to a tolerance of its own, so rising is made sure of; e^700 is the end of the doubles.
      least = Math.max(least, Math.exp(Math.min(700, centre + found)) - one);
      quantiles[row * columns + column] = least;
    }
  }
  return { quantiles, note: noteOf(state.belief, state.regimes.parameters.means) };
}

/** What is believed some steps ahead. */
interface Ahead {
  steps: number;
  settled: boolean;
  belief: Float64Array;
  spare: Float64Array;
  readonly mixture: Mixture;
  /** Moments of the mixture as a whole. */
  mean: number;
  deviation: number;
}

function beginAhead({ belief }: HmmState, { parameters: { states } }: Regimes): Ahead {
  return {
    steps: 0,
    settled: false,
    belief: belief.slice(),
    spare: new Float64Array(states),
    mixture: beginMixture(states),
    mean: 0,
    deviation: 1,
  };
}

function moveTo(ahead: Ahead, state: HmmState, { parameters, rho }: Regimes, steps: number): void {
  const { states, means, variances } = parameters;
  for (; ahead.steps < steps && !ahead.settled; ahead.steps++) {
    const { belief, spare } = ahead;
    advance(parameters, belief, spare);
    let moved = 0;
    for (let k = 0; k < states; k++) moved += Math.abs((spare[k] as number) - (belief[k] as number));
    ahead.settled = moved < SETTLED;
    ahead.belief = spare;
    ahead.spare = belief;
  }
  const kept = rho ** (steps + state.sinceSeen);
  const share = Math.max(1e-4, 1 - kept * kept);
  let centre = 0;
  let square = 0;
  for (let k = 0; k < states; k++) {
    const weight = ahead.belief[k] as number;
    const mean = (means[k] as number) + kept * (state.last - (means[k] as number));
    const variance = (variances[k] as number) * share;
    setComponent(ahead.mixture, k, weight, mean, Math.sqrt(variance));
    centre += weight * mean;
    square += weight * (variance + mean * mean);
  }
  ahead.mean = centre;
  ahead.deviation = Math.sqrt(Math.max(1e-12, square - centre * centre));
}

/** "regime 3 of 3: +35 % of expected". */
function noteOf(belief: Float64Array, means: Float64Array): string {
  let best = 0;
  for (let k = 1; k < belief.length; k++) if ((belief[k] as number) > (belief[best] as number)) best = k;
  const percent = Math.round(100 * Math.expm1(means[best] as number));
  return `regime ${best + 1} of ${belief.length}: ${percent < 0 ? '' : '+'}${percent} % of expected`;
}

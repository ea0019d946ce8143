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
 * Times the greatest rate seen that a quantile may reach. A series that is silent for hours and then very loud has log residuals of ten and
 * more: a normal tail of those has no end, and one such quantile outweighs everybody else's.
 */
const MOST_TIMES = 3;

/**
 * Quantiles of the rate: at each target the expected rate times a mixture of log-normals, one for each regime. Its weights
 * are the belief moved on by the transitions; each regime's mean is drawn towards the last residual by rho^h, and its
 * variance grows as that of a first-order autoregression, from (1 - rho^2) at once to all of it far ahead.
 *
 * The mixture is inverted at every second step of the horizon, the first and the last; its shape changes little from one to the next,
 * so that between them quantiles lie, in deviations from the mean, half way.
 */
export function forecastState(state: HmmState, { origin, horizon, levels }: ForecastRequest): Prediction | NotReady {
  if (!state.regimes) return NOT_READY;
  const columns = levels.length;
  const rows = horizon.length;
  const quantiles = new Float64Array(rows * columns);
  const z = levels.map(normalQuantile);
  const one = oneOf(state.stepMs);
  const most = state.most + Math.log(MOST_TIMES);
  const clock = zone(state.zone);
  const ahead = beginAhead(state, state.regimes);
  // Where each quantile lies, in deviations from the mean: rows are alike, so each search begins where the last one ended.
  let places = Float64Array.from(z);
  let spare = new Float64Array(columns);
  const skipped = { mean: 0, deviation: 0, centre: 0 };
  for (let row = 0; row < rows; row++) {
    const target = origin + ((horizon[row] as number) - 1) * state.stepMs;
    moveTo(ahead, state, state.regimes, Math.max(1, Math.round((target - state.lastStep) / state.stepMs)));
    const { mean, deviation, mixture } = ahead;
    const centre = expected(state.expectations, clock.weekOffset(target));
    if (row % 2 === 1 && row < rows - 1) {
      skipped.mean = mean;
      skipped.deviation = deviation;
      skipped.centre = centre;
      continue;
    }
    for (let column = 0; column < columns; column++) {
      const guess = mean + deviation * (places[column] as number);
      spare[column] = (mixtureQuantile(mixture, levels[column] as number, z[column] as number, guess) - mean) / deviation;
    }
    if (row > 0 && row % 2 === 0) {
      for (let column = 0; column < columns; column++) places[column] = 0.5 * ((places[column] as number) + (spare[column] as number));
      write(quantiles, (row - 1) * columns, skipped, places, one, most);
    }
    [places, spare] = [spare, places];
    write(quantiles, row * columns, { mean, deviation, centre }, places, one, most);
  }
  return { quantiles, note: noteOf(state.belief, state.regimes.parameters.means) };
}

/**
 * One row of quantiles, rates a second.
 * @param most log of the greatest
 */
function write(
  into: Float64Array,
  at: number,
  { mean, deviation, centre }: { readonly mean: number; readonly deviation: number; readonly centre: number },
  places: Float64Array,
  one: number,
  most: number,
): void {
  let least = 0;
  for (let column = 0; column < places.length; column++) {
    // Each quantile is found to a tolerance of its own, so rising is made sure of.
    least = Math.max(least, Math.exp(Math.min(most, centre + mean + deviation * (places[column] as number))) - one);
    into[at + column] = least;
  }
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

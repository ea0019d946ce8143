import { type ForecastRequest, NOT_READY, type NotReady, type Prediction } from '@auspex/contracts';
import { normalQuantile, zone } from '@auspex/numerics';
import { advance } from '../filter.ts';
import { expected } from './expectation.ts';
import { beginMixture, type Mixture, mixtureQuantile, setComponent } from './mixture.ts';
import { likeliestOf, nameOf } from './names.ts';
import { oneOf } from './observe.ts';
import type { HmmRegimeState, Regimes } from './state.ts';
import { visits } from './surge.ts';

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
 * Of rows of the horizon that are near each other the mixture is inverted at every second, the first and the last; its shape changes little from one to
 * the next, so that between them quantiles lie, in deviations from the mean, half way. A row whose neighbours are far apart is inverted itself.
 */
export function forecastState(state: HmmRegimeState, { origin, horizon, levels }: ForecastRequest): Prediction | NotReady {
  if (!state.regimes) return NOT_READY;
  const columns = levels.length;
  const rows = horizon.length;
  const quantiles = new Float64Array(rows * columns);
  const z = levels.map(normalQuantile);
  const one = oneOf(state.stepMs);
  const most = mostOf(state);
  const clock = zone(state.zone);
  const ahead = beginAhead(state.regimes);
  // Where each quantile lies, in deviations from the mean: rows are alike, so each search begins where the last one ended.
  let places = Float64Array.from(z);
  let spare = new Float64Array(columns);
  let furthest = 1;
  const skipped = { mean: 0, deviation: 0, centre: 0 };
  let isSkipped = false;
  for (let row = 0; row < rows; row++) {
    const target = origin + ((horizon[row] as number) - 1) * state.stepMs;
    furthest = Math.max(1, Math.round((target - state.lastStep) / state.stepMs));
    moveTo(ahead, state, state.regimes, furthest);
    const { mean, deviation, mixture } = ahead;
    const centre = expected(state.expectations, clock.weekOffset(target));
    if (row % 2 === 1 && areNear(horizon, row)) {
      isSkipped = true;
      skipped.mean = mean;
      skipped.deviation = deviation;
      skipped.centre = centre;
      continue;
    }
    for (let column = 0; column < columns; column++) {
      const guess = mean + deviation * (places[column] as number);
      spare[column] = (mixtureQuantile(mixture, levels[column] as number, z[column] as number, guess) - mean) / deviation;
    }
    if (isSkipped) {
      isSkipped = false;
      for (let column = 0; column < columns; column++) places[column] = 0.5 * ((places[column] as number) + (spare[column] as number));
      write(quantiles, (row - 1) * columns, skipped, places, one, most);
    }
    [places, spare] = [spare, places];
    write(quantiles, row * columns, { mean, deviation, centre }, places, one, most);
  }
  return { quantiles, note: noteOf(state.regimes, state.surgeAt, furthest) };
}

/** Whether the neighbours of a row are so near that what lies between them is half way. The last row has but one. */
function areNear(horizon: readonly number[], row: number): boolean {
  const [before, after] = [horizon[row - 1] as number, horizon[row + 1]];
  return after !== undefined && after - before <= Math.max(2, 0.25 * before);
}

/** Log of the greatest rate that may be forecast. */
export function mostOf({ most }: HmmRegimeState): number {
  return most + Math.log(MOST_TIMES);
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
export interface Ahead {
  steps: number;
  settled: boolean;
  belief: Float64Array;
  spare: Float64Array;
  readonly mixture: Mixture;
  /** Moments of the mixture as a whole. */
  mean: number;
  deviation: number;
}

/** What is believed now. */
export function beginAhead({ model: { states }, filter: { belief } }: Regimes): Ahead {
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

/** Goes on to what is believed `steps` after the last step. */
export function moveTo(ahead: Ahead, state: HmmRegimeState, { model, rho }: Regimes, steps: number): void {
  const { states, emission } = model;
  const { means, variances } = emission;
  for (; ahead.steps < steps && !ahead.settled; ahead.steps++) {
    const { belief, spare } = ahead;
    advance(model, belief, spare);
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

/** "busy (regime 3 of 3, +20 % of expected)"; where a regime is a surge also "; surge regime within 12 steps: 8 %". */
function noteOf(regimes: Regimes, surgeAt: number, steps: number): string {
  const { model, filter } = regimes;
  const best = likeliestOf(filter.belief);
  const over = Math.expm1(model.emission.means[best] as number);
  const percent = Math.round(100 * over);
  const name = nameOf(best, model.states, over >= surgeAt);
  const now = `${name} (regime ${best + 1} of ${model.states}, ${percent < 0 ? '' : '+'}${percent} % of expected)`;
  const highest = model.emission.means[model.states - 1] as number;
  if (Math.expm1(highest) < surgeAt) return now;
  return `${now}; surge regime within ${steps} step${steps === 1 ? '' : 's'}: ${Math.round(100 * visits(regimes, surgeAt, 1, steps))} %`;
}

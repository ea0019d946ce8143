import { type ForecastRequest, NOT_READY, type NotReady, type Prediction } from '@auspex/contracts';
import { normalQuantile, zone } from '@auspex/numerics';
import { believe, modelAt, shareBelow } from './believe.ts';
import { hourFactor, meanError } from './hours.ts';
import { type HorizonModel, pendingAt } from './model.ts';
import { liftKept } from './observe.ts';
import { addQuantiles } from './spread.ts';
import type { SeasonalState } from './state.ts';
import type { Workspace } from './workspace.ts';

/** Furthest that a quantile goes from the middle, in log units: a factor of 20. */
const MOST_SPREAD = 3;
const NOTES = ['less than a day seen: the recent level', 'daily season', 'daily and weekly season'] as const;

/** Quantiles for the horizon, counted from the last observed step: after a gap the answer is that of the longer horizon. */
export function forecast(state: SeasonalState, request: ForecastRequest, space: Workspace): Prediction | NotReady {
  if (Number.isNaN(state.lastStep)) return NOT_READY;
  const { stepMs, models, offset, cleanStep } = state;
  const { horizon, levels } = request;
  const quantiles = new Float64Array(horizon.length * levels.length);
  if (levels.length !== space.levels.length || levels.some((level, i) => level !== space.levels[i])) {
    space.levels = [...levels];
    space.normal = levels.map(normalQuantile);
  }
  const { normal } = space;
  const errors = new Float64Array(levels.length);
  const clock = zone(state.zone);
  const mean = meanError(state.hours);
  let index = 0;
  for (let row = 0; row < horizon.length; row++) {
    const target = request.origin + ((horizon[row] as number) - 1) * stepMs;
    const h = Math.max(1, Math.round((target - cleanStep) / stepMs));
    const lift = state.lift === 0 ? 0 : state.lift * liftKept((target - state.lastStep) / stepMs, stepMs);
    const upper = modelAt(models, h);
    const share = shareBelow(models, upper, h);
    const model = models[upper] as HorizonModel;
    // Where the last step was observed, what each model says of its own horizon was worked out with it.
    const known = model.h === h && target - h * stepMs === cleanStep;
    const log = known ? pendingAt(model, Math.floor(cleanStep / stepMs)) : believe(state, state.clean, 0, target, h, space);
    const middle = log + lift;
    errors.fill(0);
    addQuantiles(model.spread, levels, normal, 1 - share, errors);
    if (share > 0) addQuantiles((models[upper - 1] as HorizonModel).spread, levels, normal, share, errors);
    const factor = hourFactor(state.hours, clock.toLocal(target), mean);
    let below = 0;
    for (let column = 0; column < levels.length; column++) {
      const error = Math.max(-MOST_SPREAD, Math.min(MOST_SPREAD, factor * (errors[column] as number)));
      const value = Math.exp(middle + error) - offset;
      if (value > below) below = value;
      quantiles[index++] = below;
    }
  }
  return { quantiles, note: NOTES[state.reach] as string };
}

import { zone } from '@auspex/numerics';
import { assemble, DEVIATIONS, INPUTS, REFERENCE, seasonalLags } from './features.ts';
import { type HorizonModel, predict } from './model.ts';
import type { SeasonalState } from './state.ts';
import type { Workspace } from './workspace.ts';

/** Index of the first model whose horizon is at least `h`; the last one where none is. */
export function modelAt(models: readonly HorizonModel[], h: number): number {
  let index = 0;
  while (index < models.length - 1 && (models[index] as HorizonModel).h < h) index++;
  return index;
}

/** Share of the model before `upper` in an answer for `h`: between two horizons both speak, each by its nearness. */
export function shareBelow(models: readonly HorizonModel[], upper: number, h: number): number {
  const above = (models[upper] as HorizonModel).h;
  if (upper === 0 || h >= above) return 0;
  return (above - h) / (above - (models[upper - 1] as HorizonModel).h);
}

/**
 * Log rate believed of the step that starts at `target`, `h` steps after the one whose inputs are `origin` at `from`.
 * Held within a factor of two of the values it was made from: a regression may lean, not leap.
 */
export function believe(state: SeasonalState, origin: Float64Array, from: number, target: number, h: number, space: Workspace): number {
  const { x, lags } = space;
  seasonalLags(state.memory, zone(state.zone).toLocal(target), state.stepMs, lags, space.holidays);
  assemble(lags, origin, from, x);
  const upper = modelAt(state.models, h);
  const share = shareBelow(state.models, upper, h);
  let log = predict(state.models[upper] as HorizonModel, x);
  if (share > 0) log += share * (predict(state.models[upper - 1] as HorizonModel, x) - log);
  let low = 0;
  let high = 0;
  for (let i = 1; i < INPUTS - DEVIATIONS; i++) {
    const value = x[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return Math.max(low - Math.LN2, Math.min(high + Math.LN2, log)) + (origin[from + REFERENCE] as number);
}

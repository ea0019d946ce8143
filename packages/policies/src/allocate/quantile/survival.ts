import { type Forecast, LEVELS } from '@auspex/contracts';
import { chanceAhead } from '@auspex/numerics';

/**
 * The chance that a series is above `rate`, a second, by its forecast for the step that is `ahead` steps ahead; between two of the horizon on a
 * line between their quantiles.
 */
export function chanceAt({ horizon, quantiles }: Forecast, ahead: number, rate: number): number {
  return chanceAhead(LEVELS, horizon, quantiles, ahead, rate);
}

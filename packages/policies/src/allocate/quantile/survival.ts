import { type Forecast, LEVELS } from '@auspex/contracts';
import { chanceAbove } from '@auspex/numerics';

/**
 * The chance that a series is above `rate`, by its forecast for the step that is `ahead` steps ahead; between two of the horizon on a line
 * between their quantiles.
 */
export function chanceAt({ horizon, quantiles }: Forecast, ahead: number, rate: number): number {
  let above = horizon.findIndex((step) => step >= ahead);
  if (above < 0) above = horizon.length - 1;
  const below = above > 0 && (horizon[above] as number) > ahead ? above - 1 : above;
  const [from, to] = [horizon[below] as number, horizon[above] as number];
  const share = to > from ? (ahead - from) / (to - from) : 0;
  const quantile = (column: number): number => {
    const low = quantiles[below * LEVELS.length + column] as number;
    return share === 0 ? low : low + share * ((quantiles[above * LEVELS.length + column] as number) - low);
  };
  return chanceAbove(LEVELS, quantile, rate);
}

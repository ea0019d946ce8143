import { type Forecast, LEVELS } from '@auspex/contracts';
import { positionIn } from '@auspex/numerics';

/** The quantile of a forecast `ahead` steps ahead at `level` (one of LEVELS), linear between the steps of its grid. Rate a second. */
export function readForecast(forecast: Forecast, ahead: number, level: number): number {
  const column = LEVELS.indexOf(level);
  if (column < 0) throw new RangeError(`no level ${level}; there are ${LEVELS.join(', ')}`);
  const row = positionIn(forecast.horizon, ahead);
  const low = Math.floor(row);
  const at = (index: number): number => forecast.quantiles[index * LEVELS.length + column] as number;
  return row === low ? at(low) : at(low) + (at(low + 1) - at(low)) * (row - low);
}

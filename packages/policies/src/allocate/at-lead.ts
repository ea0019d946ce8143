import { type Forecast, LEVELS, type Pool } from '@auspex/contracts';
import { positionIn } from '@auspex/numerics';

/**
 * Steps ahead (1 = the step that begins at `forecast.origin`) of the step in service when an order placed at `step`
 * becomes ready: the step that contains the instant step + lead time. With steps of a minute and a lead time of 15
 * minutes that is step 16, the first whose whole length the order serves; with 90 seconds it is step 2.
 */
export function stepsAhead(forecast: Forecast, step: number, pool: Pick<Pool, 'leadTimeMs'>): number {
  return Math.max(1, Math.floor((step + pool.leadTimeMs - forecast.origin) / forecast.stepMs) + 1);
}

/**
 * The quantile `level` of the demand that an order placed at `step` has to meet until the next one could: the larger of
 * the steps that overlap [step + lead time, + one step). Where the lead time is a multiple of the step that is one step;
 * else the step in which the order becomes ready and the next, whose beginning it must be there for.
 */
export function demandAtLead(forecast: Forecast, step: number, pool: Pick<Pool, 'leadTimeMs'>, level: number): number {
  const first = stepsAhead(forecast, step, pool);
  const whole = (step + pool.leadTimeMs - forecast.origin) % forecast.stepMs === 0;
  const demand = quantileAt(forecast, first, level);
  return whole ? demand : Math.max(demand, quantileAt(forecast, first + 1, level));
}

/**
 * The quantile `level` of a forecast `ahead` steps ahead, linear between the steps and the levels it has. Beyond the
 * last step or level it holds the last. Rate a second.
 */
export function quantileAt(forecast: Forecast, ahead: number, level: number): number {
  const row = positionIn(forecast.horizon, ahead);
  const column = positionIn(LEVELS, level);
  const at = (r: number): number => between(column, (c) => forecast.quantiles[r * LEVELS.length + c] as number);
  return between(row, at);
}

function between(index: number, at: (whole: number) => number): number {
  const low = Math.floor(index);
  return low === index ? at(low) : at(low) + (at(low + 1) - at(low)) * (index - low);
}

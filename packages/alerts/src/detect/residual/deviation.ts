import { LEVELS } from '@auspex/contracts';
import { chanceAbove, normalQuantile } from '@auspex/numerics';

/** Deviations beyond this many are all alike. */
const MOST = 40;
/** From this probability on the normal quantile is taken by its expansion: it would underflow. */
const DEEP = 1e-12;

/** The tail beyond the outermost quantile halves within this share of its way from the median, at least: two that coincide are no wall. */
const NARROWEST = 0.1;
const MIDDLE = LEVELS.indexOf(0.5);

/**
 * How far a value is from its forecast, as the normal deviate of its place among the quantiles; above 0 where it is above the median.
 *
 * @param one what one event is in the measure of the value: nearer than that nothing is told apart
 */
export function deviationOf(quantiles: Float64Array, value: number, one = 0): number {
  const tied = tie(quantiles, value);
  if (tied !== undefined) return -normalQuantile(tied);
  const last = quantiles.length - 1;
  const side = value > (quantiles[last] as number) ? last : 0;
  const outside = side === last || value < (quantiles[0] as number);
  if (outside) {
    const deviate = Math.min(MOST, deviateOf(beyond(quantiles, value, side, one)));
    return side === last ? deviate : -deviate;
  }
  const above = chanceAbove(LEVELS, (index) => quantiles[index] as number, value);
  return above <= 0.5 ? deviateOf(above) : -deviateOf(1 - above);
}

/** Of a value that several quantiles are: the middle of what they leave above, so that a forecast of nothing is met by nothing. Undefined = there are none. */
function tie(quantiles: Float64Array, value: number): number | undefined {
  const [first, last] = [quantiles.indexOf(value), quantiles.lastIndexOf(value)];
  if (first === last) return undefined;
  const most = first === 0 ? 1 : 1 - (LEVELS[first] as number);
  const least = last === LEVELS.length - 1 ? 0 : 1 - (LEVELS[last] as number);
  return (most + least) / 2;
}

/** The chance of what is beyond the outermost quantile of a side: the exponential tail between it and the next goes on. */
function beyond(quantiles: Float64Array, value: number, side: number, one: number): number {
  const outermost = quantiles[side] as number;
  const step = side === 0 ? 1 : -1;
  let next = side + step;
  while (next !== MIDDLE && quantiles[next] === outermost) next += step;
  const chance = (index: number): number => (side === 0 ? (LEVELS[index] as number) : 1 - (LEVELS[index] as number));
  const width = Math.abs((quantiles[next] as number) - outermost) / Math.log(chance(next) / chance(side));
  const narrowest = (NARROWEST * Math.abs((quantiles[MIDDLE] as number) - outermost)) / Math.LN2;
  return chance(side) * Math.exp(-Math.abs(value - outermost) / Math.max(1e-12, width, narrowest, one));
}

/** Standard normal deviate that is exceeded with this chance, at most a half. */
function deviateOf(chance: number): number {
  if (chance > DEEP) return -normalQuantile(chance);
  if (chance <= 0) return MOST;
  const twice = -2 * Math.log(chance);
  return Math.sqrt(twice - Math.log(2 * Math.PI * twice));
}

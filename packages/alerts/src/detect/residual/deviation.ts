import { LEVELS } from '@auspex/contracts';
import { chanceAbove, normalQuantile } from '@auspex/numerics';

/** Deviations beyond this many are all alike. */
const MOST = 40;
/** From this probability on the normal quantile is taken by its expansion: it would underflow. */
const DEEP = 1e-12;

/** How far a value is from its forecast, as the normal deviate of its place among the quantiles; above 0 where it is above the median. */
export function deviationOf(quantiles: Float64Array, value: number): number {
  const tied = tie(quantiles, value);
  if (tied !== undefined) return -normalQuantile(tied);
  const above = chanceAbove(LEVELS, (index) => quantiles[index] as number, value);
  const deviate = above <= 0.5 ? deviateOf(above) : -deviateOf(below(quantiles, value, above));
  return Math.max(-MOST, Math.min(MOST, deviate));
}

/** Of a value that several quantiles are: the middle of what they leave above, so that a forecast of nothing is met by nothing. Undefined = there are none. */
function tie(quantiles: Float64Array, value: number): number | undefined {
  const [first, last] = [quantiles.indexOf(value), quantiles.lastIndexOf(value)];
  if (first === last) return undefined;
  const most = first === 0 ? 1 : 1 - (LEVELS[first] as number);
  const least = last === LEVELS.length - 1 ? 0 : 1 - (LEVELS[last] as number);
  return (most + least) / 2;
}

/** The chance of less: 1 - that of more, which far down says nothing any more; there the tail between the two lowest quantiles goes on. */
function below(quantiles: Float64Array, value: number, above: number): number {
  const [lowest, next] = [quantiles[0] as number, quantiles[1] as number];
  if (value >= lowest) return 1 - above;
  const width = (next - lowest) / Math.log((LEVELS[1] as number) / (LEVELS[0] as number));
  return (LEVELS[0] as number) * Math.exp((value - lowest) / Math.max(1e-12, width));
}

/** Standard normal deviate that is exceeded with this chance, at most a half. */
function deviateOf(chance: number): number {
  if (chance > DEEP) return -normalQuantile(chance);
  if (chance <= 0) return MOST;
  const twice = -2 * Math.log(chance);
  return Math.sqrt(twice - Math.log(2 * Math.PI * twice));
}

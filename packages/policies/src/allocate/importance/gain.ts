import { LEVELS, type PoolView } from '@auspex/contracts';
import { demandAtLead } from '../at-lead.ts';

/**
 * What the `k`th unit of a pool is expected to serve of the demand that an order of now has to meet, as a share of what one
 * unit is planned for, 0..1:
 *
 *     gain(k) = E[min(max(D / (unitRate x target) - (k - 1), 0), 1)] = integral of P(D / (unitRate x target) > x) over [k - 1, k]
 *
 * so that pools of unlike measures compare. D has the quantiles `demandAtLead` of the pool's forecast, linear between the
 * levels and constant beyond their ends. Never rising in k, since P is not.
 */
export function gainOfUnit(view: Pick<PoolView, 'pool' | 'forecast'>, step: number): (k: number) => number {
  const { pool, forecast } = view;
  const inUnits = LEVELS.map((level) => demandAtLead(forecast, step, pool, level) / (pool.unitRate * pool.target));
  const levels = [0, ...LEVELS, 1];
  const ends = [inUnits[0] as number, ...inUnits, inUnits.at(-1) as number];
  return (k) => {
    let gain = 0;
    for (let i = 1; i < levels.length; i++) {
      const chance = (levels[i] as number) - (levels[i - 1] as number);
      gain += chance * meanInside((ends[i - 1] as number) - (k - 1), (ends[i] as number) - (k - 1));
    }
    return gain;
  };
}

/** Mean of min(max(x, 0), 1) for x uniform on [low, high]; exactly 0 and 1 where it lies outside, so that equals stay equal. */
function meanInside(low: number, high: number): number {
  if (high <= 0) return 0;
  if (low >= 1) return 1;
  // So narrow a span that the difference of its primitives would be rounding.
  if (high - low < 1e-9) return Math.min(Math.max((low + high) / 2, 0), 1);
  return (primitive(high) - primitive(low)) / (high - low);
}

function primitive(x: number): number {
  if (x <= 0) return 0;
  return x <= 1 ? (x * x) / 2 : x - 0.5;
}

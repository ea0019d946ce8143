/** What one unit serves: `unitRate` a second at 100 % use, planned at the share `target` of it. */
export interface UnitSize {
  readonly unitRate: number;
  readonly target: number;
}

/**
 * Demand in whole units: d = max(1, ceil(rate / (target x unitRate) - 1e-9)). At least 1, since relative metrics divide
 * by it. NaN where the rate is not known.
 */
export function demandUnits(rates: ArrayLike<number>, size: UnitSize): Float64Array {
  const perUnit = size.target * size.unitRate;
  return Float64Array.from(rates, (rate) => (Number.isNaN(rate) ? Number.NaN : Math.max(1, Math.ceil(rate / perUnit - 1e-9))));
}

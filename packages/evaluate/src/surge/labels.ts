import { type SurgeSeries, windowOf } from './series.ts';

/** What a step's label is where its window is not fully known. */
export const UNKNOWN = -1;

/**
 * What a surge probability is about, a step: 1 where the highest demand in [t + L, t + L + W) is above the reference of `t`, else 0.
 * `UNKNOWN` where the window reaches past the end, a step of it is missing, or one is a lower bound that does not settle it.
 */
export function surgeLabels(series: SurgeSeries): Int8Array {
  const { demand, censored, reference } = series;
  const { first, last } = windowOf(series);
  return Int8Array.from({ length: demand.length }, (_, t) => {
    const level = reference[t] as number;
    if (Number.isNaN(level) || t + last >= demand.length) return UNKNOWN;
    let label = 0;
    let hidden = false;
    for (let u = t + first; u <= t + last; u++) {
      const value = demand[u] as number;
      if (Number.isNaN(value)) return UNKNOWN;
      if (value > level) label = 1;
      else if (censored?.[u]) hidden = true;
    }
    return label === 0 && hidden ? UNKNOWN : label;
  });
}

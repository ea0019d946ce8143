import { type Forecast, LEVELS, type SamplePaths } from '@auspex/contracts';

const COLUMNS = LEVELS.length;

/** A forecast whose rows are moved by `shifts`, log units; the very same where none is. */
export function withShifts(forecast: Forecast, shifts: readonly number[]): Forecast {
  if (shifts.every((shift) => shift === 0)) return forecast;
  const factors = shifts.map(Math.exp);
  const quantiles = forecast.quantiles.map((q, i) => q * (factors[Math.floor(i / COLUMNS)] as number));
  return { ...forecast, quantiles };
}

/** Sample paths whose rows are moved in the same way. */
export function pathsWithShifts(paths: SamplePaths, shifts: readonly number[]): SamplePaths {
  const factors = shifts.map(Math.exp);
  const rates = paths.rates.map((rate, i) => rate * (factors[i % factors.length] as number));
  return { ...paths, rates };
}

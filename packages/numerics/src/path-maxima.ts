/**
 * The greatest value of each path inside a window, rising: read a window's quantiles off it with `quantileSorted`. The quantile of a
 * maximum is not the maximum of the steps' quantiles.
 *
 * @param rates row-major [path x horizon]
 * @param horizon steps ahead, rising; between two of them a path is a line, outside it stays as it is at the end
 * @param from first step of the window, steps ahead
 * @param to last step of the window, inclusive
 */
export function pathMaxima(rates: Float64Array, horizon: readonly number[], from: number, to: number): Float64Array {
  const rows = horizon.length;
  const maxima = new Float64Array(rates.length / rows);
  for (let path = 0; path < maxima.length; path++) {
    const at = path * rows;
    let most = Math.max(valueAt(rates, at, horizon, from), valueAt(rates, at, horizon, to));
    for (let row = 0; row < rows; row++) {
      const ahead = horizon[row] as number;
      if (ahead > from && ahead < to && (rates[at + row] as number) > most) most = rates[at + row] as number;
    }
    maxima[path] = most;
  }
  return maxima.sort();
}

function valueAt(rates: Float64Array, at: number, horizon: readonly number[], ahead: number): number {
  let row = 0;
  while (row < horizon.length - 1 && (horizon[row] as number) < ahead) row++;
  const above = horizon[row] as number;
  const value = rates[at + row] as number;
  if (row === 0 || ahead >= above) return value;
  const below = horizon[row - 1] as number;
  return value + ((above - ahead) / (above - below)) * ((rates[at + row - 1] as number) - value);
}

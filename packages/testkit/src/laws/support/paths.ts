import { type Forecast, LEVELS, type SamplePaths } from '@auspex/contracts';

const COUNT = 200;

/** Paths of a made-up forecast: each stays at one level from its first step to its last. */
export function pathsOf({ series, origin, stepMs, horizon, quantiles }: Forecast): SamplePaths {
  const columns = LEVELS.length;
  const rates = new Float64Array(COUNT * horizon.length);
  for (let path = 0; path < COUNT; path++) {
    const level = (path + 0.5) / COUNT;
    const above = LEVELS.findIndex((each) => each > level);
    const share = above > 0 ? (level - (LEVELS[above - 1] as number)) / ((LEVELS[above] as number) - (LEVELS[above - 1] as number)) : 0;
    for (let row = 0; row < horizon.length; row++) {
      const at = (column: number): number => quantiles[row * columns + column] as number;
      rates[path * horizon.length + row] =
        above < 0 ? at(columns - 1) : above === 0 ? at(0) : at(above - 1) + share * (at(above) - at(above - 1));
    }
  }
  return { series, origin, stepMs, horizon, count: COUNT, rates };
}

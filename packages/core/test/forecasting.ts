import { type Forecast, LEVELS, type Predictor, type SeriesInfo } from '@auspex/contracts';
import { MemoryMeter, silentLogger } from '@auspex/core';
import { normalQuantile } from '@auspex/numerics';
import { Failures } from '../src/stages/failures.ts';
import { PredictStage } from '../src/stages/predict.ts';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 5);
export const SCORES = LEVELS.map(normalQuantile);

export function infoOf(id = 's'): SeriesInfo {
  return { id, scope: 'pool', name: id, pop: 'p', measure: 'requests', zone: 'UTC', stepMs: MINUTE };
}

/** A predictor without a state whose quantiles at each step ahead are median x exp(spread x z). */
export function saying(median: (origin: number, ahead: number) => number, spread: (ahead: number) => number): Predictor {
  return {
    begin: () => ({}),
    observe: (state) => state,
    forecast: (_, { origin, horizon }) => ({
      quantiles: Float64Array.from(
        horizon.flatMap((ahead) => SCORES.map((z) => median(origin, ahead) * Math.exp(Math.min(3, spread(ahead) * z)))),
      ),
    }),
    encode: () => new Uint8Array(0),
    decode: () => ({}),
  };
}

export function stageOf(predictor: Predictor, minSkill: number | null = null): PredictStage {
  const failures = new Failures({}, silentLogger, new MemoryMeter());
  const slots = [{ name: 'said', predictor, batch: false, for: 'all' as const }];
  return new PredictStage(slots, failures, 1_000, new AbortController().signal, { minSkill, seed: 1 });
}

/** A forecast whose rows have the quantiles median x exp(spread x z). */
export function forecastOf(horizon: readonly number[], median = 100, spread = 0.3, origin = START): Forecast {
  const quantiles = Float64Array.from(horizon.flatMap(() => SCORES.map((z) => median * Math.exp(spread * z))));
  return { series: 's', origin, stepMs: MINUTE, horizon, quantiles, by: 'said' };
}

/** Pearson's correlation of two rows of paths, over the logs. */
export function correlation(rates: Float64Array, rows: number, a: number, b: number): number {
  const count = rates.length / rows;
  const log = (path: number, row: number): number => Math.log(rates[path * rows + row] as number);
  let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
  for (let path = 0; path < count; path++) {
    const [x, y] = [log(path, a), log(path, b)];
    sa += x;
    sb += y;
    saa += x * x;
    sbb += y * y;
    sab += x * y;
  }
  const [va, vb] = [saa - (sa * sa) / count, sbb - (sb * sb) / count];
  return (sab - (sa * sb) / count) / Math.sqrt(va * vb);
}

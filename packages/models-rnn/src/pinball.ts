import { LEVELS } from '@auspex/contracts';
import { pinball } from '@auspex/numerics';

/**
 * Mean pinball loss of quantiles [horizons x levels] for targets [horizons] (Koenker & Bassett 1978).
 *
 * @param d receives its derivative by each quantile, times `weight`
 */
export function pinballLoss(quantiles: Float64Array, targets: Float32Array, at: number, weight: number, d: Float64Array): number {
  const columns = LEVELS.length;
  let sum = 0;
  for (let i = 0; i < quantiles.length; i++) {
    const p = LEVELS[i % columns] as number;
    const y = targets[at + Math.floor(i / columns)] as number;
    const q = quantiles[i] as number;
    sum += pinball(y, q, p);
    d[i] = ((y >= q ? -p : 1 - p) * weight) / quantiles.length;
  }
  return sum / quantiles.length;
}

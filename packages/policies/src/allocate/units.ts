import type { Pool } from '@auspex/contracts';
import { unitsAtTarget } from '@auspex/numerics';

/**
 * Whole units that serve `rate` (a second) at the pool's target: ceil(rate x factor / (target x unitRate)).
 * Zero demand needs zero units; the caller applies the pool's bounds.
 */
export function unitsFor(rate: number, pool: Pick<Pool, 'unitRate' | 'target'>, factor = 1): number {
  return unitsAtTarget((rate / (pool.target * pool.unitRate)) * factor, 1);
}

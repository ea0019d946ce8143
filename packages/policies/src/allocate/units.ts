import type { Pool } from '@auspex/contracts';

/** Below this a unit too much is a rounding error, not demand: the same slack as in the reference world. */
const SLACK = 1e-9;

/**
 * Whole units that serve `rate` (a second) at the pool's target: ceil(rate x factor / (target x unitRate)).
 * Zero demand needs zero units; the caller applies the pool's bounds.
 */
export function unitsFor(rate: number, pool: Pick<Pool, 'unitRate' | 'target'>, factor = 1): number {
  return Math.max(0, Math.ceil((rate / (pool.target * pool.unitRate)) * factor - SLACK));
}

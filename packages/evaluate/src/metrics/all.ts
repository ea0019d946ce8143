import { type Elasticity, elasticity } from './elasticity.ts';
import { type Served, type Service, service } from './service.ts';

/** Everything measured of one policy. */
export interface Metrics extends Elasticity, Service {}

/** All metrics over one pool or several. */
export function metrics(...pools: readonly Served[]): Metrics {
  return { ...elasticity(...pools), ...service(...pools) };
}

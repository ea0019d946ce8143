import type { Allocator, PoolView } from '@auspex/contracts';
import { units } from '../../text.ts';
import { withinLimits } from '../importance/limits.ts';
import type { Need } from '../importance/need.ts';
import type { StaticPeakOptions } from './config.ts';

const BY = 'allocate(static-peak)';

/** Holds a fixed number of units whatever the demand: what over-provisioning costs, as a baseline. */
export function staticPeak(options: StaticPeakOptions): Allocator<undefined> {
  return {
    begin: () => undefined,
    allocate: (_, input) =>
      withinLimits(
        BY,
        input.pools.map((view) => hold(view, options)),
        input,
      ),
    encode: () => new Uint8Array(),
    decode: () => undefined,
  };
}

function hold(view: PoolView, options: StaticPeakOptions): Need {
  const set = typeof options.units === 'number' ? options.units : options.units?.[view.pool.id];
  const count = set ?? view.pool.max;
  const text = set === undefined ? `holds the pool's maximum, ${units(count)}` : `holds ${units(count)}, as set`;
  return {
    view,
    units: count,
    tier: 'none',
    reasons: [{ by: BY, units: count, text }],
    weights: view.groups.map(({ surge }) => surge.actual),
  };
}

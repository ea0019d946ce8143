import { AuspexError } from '@auspex/contracts';
import type { ResolvedConfig } from '../config/parse.ts';
import type { EngineSettings } from '../config/schema.ts';

/** Fewest milliseconds that a floor holds by default: a restart must not let go of it. */
const LEAST_MS = 120_000;

/** How long a floor holds from the step of its order on, milliseconds; the lateness is what the next order comes later by. */
export function leaseMs({ leases, step, lateness }: EngineSettings): number {
  return (leases?.for ?? Math.max(2 * step, LEAST_MS)) + lateness;
}

/**
 * A live floor that nobody lets go of when Auspex is silent would stay for ever.
 *
 * @param replaced pools whose actuators the host hands in: what those do is the host's
 * @throws AuspexError CONFIG_INVALID naming the actuator, where it declares no lease
 */
export function refuseEndlessFloors({ settings, actuators }: ResolvedConfig, replaced: ReadonlySet<string>): void {
  for (const { id, control } of settings.pools) {
    const used = actuators.get(id);
    if (control === 'full' || !used || replaced.has(id) || used.plugin.capabilities.lease !== 'none') continue;
    throw new AuspexError('CONFIG_INVALID', `"${used.plugin.id}" has no lease: the floor of "${id}" would stay when Auspex is silent`, {
      path: used.path,
      remedy: 'Set control: full for the pool, run in shadow mode, or use an actuator whose floors are leases (lease: target or keeper).',
    });
  }
}

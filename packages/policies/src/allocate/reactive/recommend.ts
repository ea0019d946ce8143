import type { Pool, PoolView } from '@auspex/contracts';
import { percent, rate, units } from '../../text.ts';
import type { ReactiveOptions } from './config.ts';
import type { ReactiveState, Recommendation } from './state.ts';

/**
 * The Kubernetes Horizontal Pod Autoscaler (autoscaling/v2) for one pool and step:
 *
 *     ratio   = rate / (target x unitRate x units)
 *     desired = units                                 where |ratio - 1| <= tolerance
 *             = ceil(rate / (target x unitRate))      else (= ceil(units x ratio)), at least `min`
 *
 * and, when that is below `units`, the highest of the desired values inside the stabilisation window. Scale out is
 * immediate. A missing step is an absent metric: as in Kubernetes nothing is recommended and the units stay.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 * @returns units, before the pool's bounds; and why
 */
export function recommend(
  state: ReactiveState,
  view: PoolView,
  step: number,
  options: ReactiveOptions,
): { readonly units: number; readonly text: string } {
  if (view.truth === 'missing') {
    return { units: view.units, text: `the last step is missing (absent, not zero): ${units(view.units)} stay` };
  }
  const target = options.target ?? view.pool.target;
  const floor = options.min ?? view.pool.min;
  const desired = Math.max(desire(view, target, options.tolerance, floor), floor);
  const window = remember(state, view.pool.id, { step, units: desired }, options.stabilisation);
  const highest = Math.max(...window.map((entry) => entry.units));
  // The window holds on the way down; it never adds units. What was recommended and not ordered is past.
  const held = desired < view.units && highest > desired ? Math.min(highest, view.units) : undefined;
  const seen = `${rate(view.actual)} seen${view.truth === 'censored' ? ' at least' : ''}`;
  const base = `${seen}, ${use(view, target)}: ${desired === view.units ? `${units(desired)} stay` : `${units(desired)} recommended`}`;
  if (held === undefined) return { units: desired, text: base };
  return { units: held, text: `${base}, held at ${held} by the highest of the stabilisation window` };
}

function desire(view: PoolView, target: number, tolerance: number, floor: number): number {
  const perUnit = target * view.pool.unitRate;
  // Without units any demand is out of tolerance.
  const ratio = view.units > 0 ? view.actual / (perUnit * view.units) : Number.POSITIVE_INFINITY;
  if (Math.abs(ratio - 1) <= tolerance) return view.units;
  return Math.max(floor, Math.ceil(view.actual / perUnit - 1e-9));
}

/** Adds a recommendation, drops those that left the window, and returns the window. A step that is asked again replaces its own. */
function remember(state: ReactiveState, pool: Pool['id'], latest: Recommendation, windowMs: number): readonly Recommendation[] {
  const kept = (state.get(pool) ?? []).filter((entry) => entry.step < latest.step && entry.step > latest.step - windowMs);
  kept.push(latest);
  state.set(pool, kept);
  return kept;
}

function use(view: PoolView, target: number): string {
  if (view.units === 0) return `no units, aim ${percent(target)}`;
  return `${percent(view.actual / (view.pool.unitRate * view.units))} of ${units(view.units)} against an aim of ${percent(target)}`;
}

import type { Pool } from '@auspex/contracts';
import { type HpaRecommendation, hpaHighest, hpaStabilised, hpaWindow, isNearTarget, unitsAtTarget } from '@auspex/numerics';
import { beginFleet, type LeadFleet, orderedUnits, orderUnits, readyUnits } from './lead-fleet.ts';

/** The HPA's defaults. */
const TOLERANCE = { scaleOut: 0.1, scaleIn: 0.1 };
const STABILISATION_MS = 300_000;

/**
 * What a reactive policy would have: the Kubernetes HPA's algorithm on the offered demand, whose units come after the pool's lead time.
 * It sees nothing of what Auspex does, so that what Auspex does cannot change what it is measured against. Data.
 */
export interface ReactiveShadow {
  readonly fleet: LeadFleet;
  /** Recommendations inside the stabilisation window, oldest first. */
  readonly window: readonly HpaRecommendation[];
}

/** What of a pool it goes by. */
export type ReactivePool = Pick<Pool, 'unitRate' | 'target' | 'min' | 'max' | 'leadTimeMs'>;

/**
 * What it orders at `at`, epoch ms, when the step that ended there is known.
 *
 * @param shadow undefined = it begins, with the units that the rate needs already there
 * @param rate demand of that step, a second; undefined = nothing is known of it, and it leaves its units as they are
 */
export function stepReactive(
  shadow: ReactiveShadow | undefined,
  at: number,
  rate: number | undefined,
  pool: ReactivePool,
): ReactiveShadow | undefined {
  if (rate === undefined) return shadow;
  const needed = unitsNeeded(rate, pool);
  if (!shadow) return { fleet: beginFleet(needed), window: [{ step: at, units: needed }] };
  const ordered = orderedUnits(shadow.fleet);
  // Not `hpaDesired`: the bounds hold for what is computed, and what is ordered stays, wherever the bounds have been moved to since.
  const desired = isNearTarget(rate, ordered, pool.unitRate * pool.target, TOLERANCE) ? ordered : needed;
  const window = hpaWindow(shadow.window, { step: at, units: desired }, STABILISATION_MS);
  const units = hpaStabilised(desired, ordered, hpaHighest(window));
  return { fleet: orderUnits(shadow.fleet, at, units, pool.leadTimeMs), window };
}

/** Units that it has ordered. */
export function reactiveUnits(shadow: ReactiveShadow): number {
  return orderedUnits(shadow.fleet);
}

/** Units that it asks for now, before its stabilisation. */
export function reactiveRecommendation(shadow: ReactiveShadow): number {
  return shadow.window.at(-1)?.units ?? reactiveUnits(shadow);
}

/** Units that it would have ready at `at`, epoch ms, the present or later, if it orders nothing more until then. */
export function reactiveReady(shadow: ReactiveShadow, at: number): number {
  return readyUnits(shadow.fleet, at);
}

/** Units that serve `rate`, a second, at the pool's target, inside its bounds. */
export function unitsNeeded(rate: number, { unitRate, target, min, max }: ReactivePool): number {
  return Math.min(Math.max(unitsAtTarget(rate, unitRate * target), min), max);
}

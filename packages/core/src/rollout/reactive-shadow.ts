import type { Pool } from '@auspex/contracts';
import { beginFleet, type LeadFleet, orderedUnits, orderUnits, readyUnits } from './lead-fleet.ts';

/** Relative distance from the target within which nothing changes. */
const TOLERANCE = 0.1;
/** Scale in only to the highest recommendation of this window. */
const STABILISATION_MS = 300_000;
/** Below this a unit too much is a rounding error. */
const SLACK = 1e-9;

/**
 * What a reactive policy would have: the Kubernetes HPA's algorithm on the offered demand, whose units come after the pool's lead time.
 * It sees nothing of what Auspex does, so that what Auspex does cannot change what it is measured against. Data.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export interface ReactiveShadow {
  readonly fleet: LeadFleet;
  /** Recommendations inside the stabilisation window, oldest first. */
  readonly window: readonly { readonly step: number; readonly units: number }[];
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
  const ratio = ordered > 0 ? rate / (pool.unitRate * pool.target * ordered) : Number.POSITIVE_INFINITY;
  const desired = Math.abs(ratio - 1) <= TOLERANCE ? ordered : needed;
  const window = [...shadow.window.filter(({ step }) => step > at - STABILISATION_MS && step < at), { step: at, units: desired }];
  const highest = window.reduce((most, { units }) => Math.max(most, units), desired);
  const units = desired < ordered ? Math.min(highest, ordered) : desired;
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
  return Math.min(Math.max(Math.ceil(rate / (unitRate * target) - SLACK), min), max);
}

import { type HpaRecommendation, hpaDesired, hpaHighest, hpaStabilised, hpaWindow } from '@auspex/numerics';

/** A reactive autoscaler beside whoever orders. Durations in milliseconds. */
export interface AutoscalerOptions {
  /** Use of the ready units that it aims at, 0..1. */
  readonly target: number;
  /** Relative distance from it within which nothing changes. */
  readonly tolerance: number;
  /** It scales in only to the highest recommendation of this window. */
  readonly stabilisation: number;
  readonly min: number;
  readonly max: number;
}

/** Recommendations inside the stabilisation window, oldest first. */
export type AutoscalerState = readonly HpaRecommendation[];

export function beginAutoscaler(): AutoscalerState {
  return [];
}

/**
 * The Kubernetes HPA (`hpaDesired`, `hpaStabilised`) by the use of the ready units, whoever ordered them: the load is in units that are wholly
 * busy, of which one serves `target`.
 *
 * @param at epoch ms
 * @param busy what the ready units serve, in units that are wholly busy
 * @param present units that it asked for last
 */
export function recommend(
  state: AutoscalerState,
  at: number,
  busy: number,
  ready: number,
  present: number,
  { target, tolerance, stabilisation, min, max }: AutoscalerOptions,
): { readonly state: AutoscalerState; readonly units: number } {
  // Without ready units there is no metric: it asks for what it asked for. Inside the tolerance it asks for what is there; above its own
  // units those of a floor are there, too.
  const wanted = ready === 0 ? present : hpaDesired(busy, ready, target, { scaleOut: tolerance, scaleIn: tolerance });
  const desired = Math.min(Math.max(wanted, min), max);
  const window = hpaWindow(state, { step: at, units: desired }, stabilisation);
  return { state: window, units: hpaStabilised(desired, present, hpaHighest(window)) };
}

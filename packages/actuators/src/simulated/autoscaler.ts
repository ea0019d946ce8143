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
export type AutoscalerState = readonly { readonly at: number; readonly units: number }[];

export function beginAutoscaler(): AutoscalerState {
  return [];
}

/**
 * The Kubernetes HPA's algorithm: ceil(ready x use / target), nothing within the tolerance, scale-in stabilised.
 *
 * @param busy what the ready units serve, in units that are wholly busy
 * @param present units that it asked for last
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export function recommend(
  state: AutoscalerState,
  at: number,
  busy: number,
  ready: number,
  present: number,
  { target, tolerance, stabilisation, min, max }: AutoscalerOptions,
): { readonly state: AutoscalerState; readonly units: number } {
  // Without ready units there is no metric: it asks for what it asked for.
  const ratio = ready > 0 ? busy / (ready * target) : 1;
  // Inside the tolerance it asks for what is there; above all units, those of a floor are there, too.
  const wanted = ready === 0 ? present : Math.abs(ratio - 1) <= tolerance ? ready : Math.ceil(busy / target - 1e-9);
  const desired = Math.min(Math.max(wanted, min), max);
  const window = [...state.filter((each) => each.at > at - stabilisation && each.at < at), { at, units: desired }];
  const highest = window.reduce((most, { units }) => Math.max(most, units), desired);
  return { state: window, units: desired < present ? Math.min(highest, present) : desired };
}

/**
 * The rule of the Kubernetes Horizontal Pod Autoscaler (autoscaling/v2, pkg/controller/podautoscaler), in pure functions. What is around it, such as
 * bounds, hidden demand and missing metrics, is up to who uses it.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-autoscaling/4951-configurable-hpa-tolerance
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-autoscaling/853-configurable-hpa-scale-velocity
 */

/** Below this a unit too much is a rounding error, not load. */
const SLACK = 1e-9;

/** Relative distance from the target within which nothing changes, 0..1; the HPA's default is 0.1 both ways. */
export interface HpaTolerance {
  /** Above the target (`behavior.scaleUp.tolerance` of KEP-4951). */
  readonly scaleOut: number;
  /** Below the target (`behavior.scaleDown.tolerance`). */
  readonly scaleIn: number;
}

/** What was recommended at a step, epoch ms. */
export interface HpaRecommendation {
  readonly step: number;
  readonly units: number;
}

/**
 * Fewest whole units that bring a load to the target or below it: ceil(load / perUnit), 0 of no load.
 *
 * @param load what all units together have to serve, such as a rate a second
 * @param perUnit what one unit serves at its target, in the measure of `load`; above 0
 */
export function unitsAtTarget(load: number, perUnit: number): number {
  return Math.max(0, Math.ceil(load / perUnit - SLACK));
}

/** Is the use of `units` so near to the target that nothing changes? Without units no load is: its ratio is infinite. */
export function isNearTarget(load: number, units: number, perUnit: number, { scaleOut, scaleIn }: HpaTolerance): boolean {
  const ratio = units > 0 ? load / (perUnit * units) : Number.POSITIVE_INFINITY;
  return ratio > 1 ? ratio - 1 <= scaleOut : 1 - ratio <= scaleIn;
}

/**
 * What the HPA wants of the present load, before bounds and stabilisation:
 *
 *     ratio   = use / target = load / (perUnit x units)
 *     desired = units                        where the ratio is inside the tolerance around 1
 *             = ceil(units x ratio)          else, which is ceil(load / perUnit)
 *
 * @param load as of `unitsAtTarget`
 * @param units those whose use it is
 */
export function hpaDesired(load: number, units: number, perUnit: number, tolerance: HpaTolerance): number {
  return isNearTarget(load, units, perUnit, tolerance) ? units : unitsAtTarget(load, perUnit);
}

/**
 * The recommendations of the stabilisation window, with the newest: those after `latest.step` - `windowMs`, oldest first. A step that is asked again
 * replaces its own.
 *
 * @param windowMs `behavior.scaleDown.stabilizationWindowSeconds`, in ms; the HPA's default is 300,000. Shorter than a step, 0 too, it holds the newest alone
 */
export function hpaWindow(window: readonly HpaRecommendation[], latest: HpaRecommendation, windowMs: number): HpaRecommendation[] {
  return [...window.filter(({ step }) => step < latest.step && step > latest.step - windowMs), latest];
}

/** The highest recommendation of a window; without any, 0. */
export function hpaHighest(window: readonly HpaRecommendation[]): number {
  return window.reduce((most, { units }) => Math.max(most, units), 0);
}

/**
 * Scale out at once, scale in only to the highest recommendation of the window (KEP-853). The window holds on the way down; it adds no units.
 *
 * @param desired the newest recommendation
 * @param units the present ones
 * @param highest of the window, `desired` included: `hpaHighest`
 */
export function hpaStabilised(desired: number, units: number, highest: number): number {
  return desired < units ? Math.min(highest, units) : desired;
}

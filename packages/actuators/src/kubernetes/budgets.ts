import type { KubeObject, KubernetesClient } from './client.ts';
import { type LabelSelector, type Labels, selects } from './selector.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/pod-disruption-budget-v1/ */
interface Budget extends KubeObject {
  readonly spec: { readonly selector?: LabelSelector; readonly minAvailable?: number | string; readonly maxUnavailable?: number | string };
  readonly status?: { readonly observedGeneration?: number; readonly desiredHealthy?: number; readonly expectedPods?: number };
}

/**
 * The highest count that a disruption budget keeps of pods with these labels; 0 = there is none. Nobody enforces budgets when a Deployment is scaled
 * in; Auspex keeps to them because they say what the users of the pods need.
 *
 * @param units replicas that are ordered now, of which percentages are taken
 */
export async function keptBy(
  client: KubernetesClient,
  namespace: string,
  labels: Labels,
  units: number,
  signal: AbortSignal,
): Promise<number> {
  const place = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', namespace };
  const budgets = await client.list<Budget>(place, signal);
  return Math.max(0, ...budgets.filter(({ spec }) => selects(spec.selector, labels)).map((budget) => kept(budget, units)));
}

function kept({ metadata, spec, status }: Budget, units: number): number {
  // The controller's own word, where it has seen this budget and these pods.
  if (status?.desiredHealthy !== undefined && status.observedGeneration === metadata.generation && status.expectedPods === units) {
    return status.desiredHealthy;
  }
  if (spec.minAvailable !== undefined) return share(spec.minAvailable, units);
  return Math.max(0, units - share(spec.maxUnavailable ?? 0, units));
}

/** Percentages are rounded up, in both kinds. https://kubernetes.io/docs/tasks/run-application/configure-pdb/#rounding-logic-when-specifying-percentages */
function share(value: number | string, units: number): number {
  if (typeof value === 'number') return value;
  return Math.ceil((Number.parseInt(value, 10) * units) / 100);
}

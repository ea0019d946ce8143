import type { KubeObject } from './client.ts';
import { MANAGER } from './http.ts';

/**
 * Who else is in charge of a field, as far as the object itself tells: the controller that owns it, or whoever applies the field on the server's side
 * (Argo CD, Flux, Helm 4, `kubectl apply --server-side`), who would set it back. What was written once with `kubectl` or `helm` (operation `Update`)
 * has no owner. undefined = nobody.
 *
 * @param where for the message: `HorizontalPodAutoscaler shop/web`
 * @param path of the field: ['spec', 'minReplicas']
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function ownerOf(object: KubeObject, where: string, path: readonly string[]): string | undefined {
  const controller = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (controller) {
    return `${where} is managed by ${controller.kind} "${controller.name}", which would set it back: name that for the pool, or scale it there`;
  }
  const field = path.join('.');
  const applied = object.metadata.managedFields?.find(
    ({ manager, operation, fieldsV1 }) => operation === 'Apply' && manager !== MANAGER && holds(fieldsV1, path),
  );
  if (!applied) return undefined;
  return (
    `${where}: "${applied.manager}" applies ${field} and would set it back. Remove ${field} from its manifest` +
    ' (Argo CD: or list it under ignoreDifferences with RespectIgnoreDifferences=true)'
  );
}

function holds(fields: unknown, path: readonly string[]): boolean {
  let at = fields;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return false;
    at = (at as Record<string, unknown>)[`f:${name}`];
  }
  return at !== undefined;
}

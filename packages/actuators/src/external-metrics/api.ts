import type { Published } from '../metric/published.ts';

/** The metric's one name; a pool is told by the label `pool`. */
export const METRIC = 'auspex_units';
const GROUP = 'external.metrics.k8s.io';
const VERSION = 'v1beta1';

/** What is answered: a status code and a JSON body. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

/**
 * The Kubernetes external metrics API, as the HPA controller asks it through the aggregator. A metric that does not hold has no items: the HPA
 * then has no value, and takes none from before.
 *
 * @see https://github.com/kubernetes/metrics/blob/master/pkg/apis/external_metrics/v1beta1/types.go
 * @param url path and query of the request
 * @param timestamp of the answer, ISO 8601
 */
export function answerTo(url: URL, published: Published, timestamp: string): Answer {
  const path = url.pathname.replace(/\/+$/, '');
  const base = `/apis/${GROUP}/${VERSION}`;
  if (path === '/healthz' || path === '/readyz' || path === '/livez') return { status: 200, body: { ok: true } };
  if (path === '/apis') return { status: 200, body: { kind: 'APIGroupList', apiVersion: 'v1', groups: [group()] } };
  if (path === `/apis/${GROUP}`) return { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', ...group() } };
  if (path === base) return { status: 200, body: resources() };
  const asked = new RegExp(`^${base}/namespaces/([^/]+)/([^/]+)$`).exec(path);
  if (!asked) return failure(404, 'NotFound', `${path} is not served here: ask ${base}/namespaces/NAMESPACE/${METRIC}`);
  if (decodeURIComponent(asked[2] as string) !== METRIC) return failure(404, 'NotFound', `the only metric here is ${METRIC}`);
  const selector = parseSelector(url.searchParams.get('labelSelector') ?? '');
  if (selector === undefined)
    return failure(400, 'BadRequest', 'name one pool: metric.selector.matchLabels.pool, the id of an Auspex pool, and no other label');
  const units = published.ask(selector);
  const item = { metricName: METRIC, metricLabels: { pool: selector }, timestamp, value: String(units) };
  return {
    status: 200,
    body: { kind: 'ExternalMetricValueList', apiVersion: `${GROUP}/${VERSION}`, metadata: {}, items: units === undefined ? [] : [item] },
  };
}

/** `pool=web` or `pool in (web)`, as `matchLabels` and a `matchExpressions` of one come over the wire. */
function parseSelector(text: string): string | undefined {
  return (/^\s*pool\s*==?\s*([^,\s]+)\s*$/.exec(text) ?? /^\s*pool\s+in\s+\(\s*([^,\s)]+)\s*\)\s*$/.exec(text))?.[1];
}

function group(): object {
  const version = { groupVersion: `${GROUP}/${VERSION}`, version: VERSION };
  return { name: GROUP, versions: [version], preferredVersion: version };
}

function resources(): object {
  const resource = { name: METRIC, singularName: '', namespaced: true, kind: 'ExternalMetricValueList', verbs: ['get'] };
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${GROUP}/${VERSION}`, resources: [resource] };
}

function failure(code: number, reason: string, message: string): Answer {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code } };
}

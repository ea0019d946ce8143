import { request } from 'node:https';
import type { Clock } from '@auspex/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answerTo, METRIC } from '../src/external-metrics/api.ts';
import { externalMetricsConfig } from '../src/external-metrics/index.ts';
import { startMetrics } from '../src/external-metrics/server.ts';
import { readHpa } from '../src/external-metrics/workload.ts';
import type { KubernetesClient } from '../src/kubernetes/client.ts';
import { Published } from '../src/metric/published.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

let now = Date.UTC(2026, 0, 5);
const clock = { now: () => now } as Clock;
const mark = (units: number) => ({ mark: { units, original: 0, step: 0, epoch: 1 }, until: now + 60_000, clock });
const BASE = '/apis/external.metrics.k8s.io/v1beta1';

describe('the external metrics API', () => {
  const ask = (path: string, published = new Published()) => answerTo(new URL(path, 'https://x'), published, '2026-01-05T00:00:00.000Z');
  const value = (selector: string, published: Published) =>
    ask(`${BASE}/namespaces/shop/${METRIC}?labelSelector=${encodeURIComponent(selector)}`, published);

  it('has one metric, whose label says which pool', () => {
    const published = new Published();
    published.publish('web', mark(7));
    for (const selector of ['pool=web', 'pool==web', 'pool in (web)']) {
      expect(value(selector, published)).toEqual({
        status: 200,
        body: {
          kind: 'ExternalMetricValueList',
          apiVersion: 'external.metrics.k8s.io/v1beta1',
          metadata: {},
          items: [{ metricName: METRIC, metricLabels: { pool: 'web' }, timestamp: '2026-01-05T00:00:00.000Z', value: '7' }],
        },
      });
    }
    expect(value('pool=api', published).body).toMatchObject({ items: [] });
    now += 60_000;
    expect(value('pool=web', published).body).toMatchObject({ items: [] });
  });

  it('refuses what is not one pool, other metrics and other paths', () => {
    const published = new Published();
    for (const selector of ['', 'app=web', 'pool=web,app=web', 'pool in (web,api)', 'pool!=web'])
      expect(value(selector, published).status).toBe(400);
    expect(ask(`${BASE}/namespaces/shop/other?labelSelector=pool%3Dweb`).status).toBe(404);
    expect(ask('/apis/apps/v1').status).toBe(404);
  });

  it('can be discovered', () => {
    expect(ask(BASE).body).toMatchObject({ kind: 'APIResourceList', resources: [{ name: METRIC, namespaced: true, verbs: ['get'] }] });
    expect(ask('/apis').body).toMatchObject({ groups: [{ name: 'external.metrics.k8s.io' }] });
    expect(ask('/apis/external.metrics.k8s.io/').body).toMatchObject({ kind: 'APIGroup' });
    expect(ask('/healthz').status).toBe(200);
  });
});

describe('the server', () => {
  let files: Certificates;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(() => {
    files = makeCertificates();
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  afterAll(() => files.remove());

  const get = (address: string, secrets: object, method = 'GET'): Promise<{ status: number; body: unknown }> =>
    new Promise((resolve, reject) => {
      const options = { method, ca: files.read.ca, agent: false, ...secrets };
      const sent = request(`https://${address}${BASE}`, options, (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
      });
      sent.on('error', reject).end();
    });

  it('answers over TLS, and with an authority only those of it', async () => {
    const { ca, certificate, key, read } = files;
    const anyone = await startMetrics({ listen: '127.0.0.1:0', tls: { certificate, key }, clock }, new Published());
    open.push(anyone);
    expect(await get(anyone.address, {})).toMatchObject({ status: 200, body: { kind: 'APIResourceList' } });
    expect((await get(anyone.address, {}, 'DELETE')).status).toBe(405);
    const known = await startMetrics({ listen: '127.0.0.1:0', tls: { certificate, key, ca }, clock }, new Published());
    open.push(known);
    expect((await get(known.address, { cert: read.certificate, key: read.key })).status).toBe(200);
    await expect(get(known.address, {})).rejects.toThrow();
  });

  it('a path that is none ends the request, and not the engine', async () => {
    const { certificate, key } = files;
    const server = await startMetrics({ listen: '127.0.0.1:0', tls: { certificate, key }, clock }, new Published());
    open.push(server);
    const thrown: unknown[] = [];
    const note = (error: unknown): void => void thrown.push(error);
    process.prependListener('uncaughtException', note);
    try {
      for (const path of ['//', `${BASE}/namespaces/shop/%E0%A4%A`, 'http://[']) {
        expect(await get(server.address, { path, timeout: 1_000 })).toMatchObject({ status: 400 });
      }
    } finally {
      process.off('uncaughtException', note);
    }
    expect(thrown).toEqual([]);
    expect((await get(server.address, {})).status).toBe(200);
  });

  it('says which file it cannot read and which address it cannot have', async () => {
    const { certificate, key } = files;
    const taken = await startMetrics({ listen: '127.0.0.1:0', tls: { certificate, key }, clock }, new Published());
    open.push(taken);
    await expect(startMetrics({ listen: taken.address, tls: { certificate, key }, clock }, new Published())).rejects.toMatchObject({
      cause: { code: 'EADDRINUSE' },
    });
    await expect(
      startMetrics({ listen: '127.0.0.1:0', tls: { certificate: '/nowhere', key }, clock }, new Published()),
    ).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      path: 'actuator(external-metrics).tls.certificate',
    });
    const first = await startMetrics({ listen: '127.0.0.1:0', tls: { certificate, key }, clock }, new Published());
    open.push(first);
    await expect(startMetrics({ listen: first.address, tls: { certificate, key }, clock }, new Published())).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      path: 'actuator(external-metrics).listen',
    });
  });
});

describe('the HPA that is read back', () => {
  const external = (pool: string) => ({ type: 'External', external: { metric: { name: METRIC, selector: { matchLabels: { pool } } } } });
  const hpa = (spec: object = {}, more: object = {}) => ({
    metadata: { name: 'web', ...more },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 12,
      metrics: [external('web')],
      ...spec,
    },
  });
  const reading = (object: object | undefined) => {
    const client = {
      namespace: async () => 'shop',
      pluralOf: async () => 'deployments',
      get: async ({ plural, sub }: { plural: string; sub?: string }) => {
        if (plural === 'horizontalpodautoscalers') return object;
        return sub ? { metadata: { name: 'web' }, spec: { replicas: 4 } } : { metadata: { name: 'web' }, status: { readyReplicas: 4 } };
      },
      list: async () => [],
    } as unknown as KubernetesClient;
    const { pools } = externalMetricsConfig.parse({ tls: { certificate: 'a', key: 'b' }, pools: { web: { hpa: 'web' } } });
    return readHpa(client, pools)('web', new AbortController().signal);
  };

  it('gives the replicas of what it scales, and never lets go of a floor', async () => {
    expect(await reading(hpa())).toMatchObject({ units: 4, ready: 4, most: 12, clings: expect.stringContaining('an HPA has no fallback') });
  });

  it.each([
    ['it is not there', undefined, 'there is no HPA shop/web'],
    [
      'KEDA owns it',
      hpa({}, { ownerReferences: [{ kind: 'ScaledObject', name: 'web' }] }),
      'belongs to ScaledObject web, which would undo any change',
    ],
    ['it does not ask', hpa({ metrics: [external('api')] }), 'HPA shop/web does not ask for this pool'],
  ])('is refused where %s', async (_, object, message) => {
    await expect(reading(object)).rejects.toThrow(message);
  });
});

import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Order } from '@auspex/contracts';
import { fakeContext } from '@auspex/testkit';
import { expect, it } from 'vitest';
import { need } from '../../../test/servers/index.ts';
import { freePorts } from '../../../test/servers/process.ts';
import { registerExternalMetrics } from '../../../test/servers/recipes/keda.ts';
import { startFakeKubelet } from '../../../test/servers/recipes/kubernetes/fake-kubelet.ts';
import { type Json, Kube } from '../../../test/servers/recipes/kubernetes/kube.ts';
import { externalMetrics } from '../src/external-metrics/index.ts';
import { makeCertificates } from './certificates.ts';

/* The HPA controller of a real cluster asks through the aggregation layer. */

const never = new AbortController().signal;
const NS = 'metrics';
/** The first time the API server is built. */
const BUILD_MS = 3_600_000;

async function within<T>(what: string, ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (const until = Date.now() + 40_000; ; await wait(100)) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > until) throw new Error(`${what}: ${JSON.stringify(answer)}`);
  }
}

it('an HPA scales on the metric, keeps its count when that is absent, and goes on when it is back', {
  timeout: BUILD_MS,
}, async (context) => {
  const cluster = await need('kubernetes', context, { own: true });
  const kube = new Kube(cluster.address, cluster.details['token']);
  const kubelet = startFakeKubelet(cluster);
  const files = makeCertificates();
  const [port] = await freePorts(1);
  const { certificate, key } = files;
  const options = {
    listen: `127.0.0.1:${port}`,
    tls: { certificate, key },
    pools: { web: { hpa: 'web', namespace: NS } },
    stale: '4s',
    kubeconfig: cluster.details['kubeconfig'],
  };
  const clock: Clock = { now: () => Date.now(), sleep: (ms, signal) => wait(ms, undefined, { signal: signal as AbortSignal }) };
  const actuator = externalMetrics.create(externalMetrics.config.parse(options), fakeContext({ clock }));
  const order = (units: number): Order => {
    const step = clock.now();
    return { key: `web@${step}`, pool: 'web', pop: '*', units, min: 1, max: 20, epoch: 1, shadow: false, step };
  };
  const hpa = (): Promise<Json> => kube.get(`/apis/autoscaling/v2/namespaces/${NS}/horizontalpodautoscalers/web`);
  const condition = (object: Json): Json => object.status?.conditions?.find(({ type }: Json) => type === 'ScalingActive');
  /** As a cycle does, until it holds. */
  const until = (units: number): Promise<unknown> =>
    within(
      `${units} ready`,
      async () => {
        await actuator.actuate(order(units), never);
        return actuator.read('web', never);
      },
      (state) => state.units === units && state.ready === units,
    );
  try {
    await kube.create('/api/v1/namespaces', { metadata: { name: NS } });
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app' }] } };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template };
    await kube.create(`/apis/apps/v1/namespaces/${NS}/deployments`, { metadata: { name: 'web' }, spec });
    const metric = { name: 'auspex_units', selector: { matchLabels: { pool: 'web' } } };
    await kube.create(`/apis/autoscaling/v2/namespaces/${NS}/horizontalpodautoscalers`, {
      metadata: { name: 'web' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 9,
        behavior: {
          scaleUp: { policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] },
          scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] },
        },
        metrics: [{ type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '1' } } }],
      },
    });
    // It listens from the first look on.
    expect(await actuator.read('web', never)).toMatchObject({ units: 1 });
    await registerExternalMetrics(kube, NS, port as number);
    await until(7);
    await until(4);
    // More than the HPA allows is said, and not asked for.
    expect(await actuator.actuate(order(15), never)).toMatchObject({ units: 9, detail: '15 wanted, and the target allows 9 at most' });
    await until(5);
    await within('no value', hpa, (object) => condition(object)?.status === 'False');
    expect(condition(await hpa()).message).toContain('no metrics returned from external metrics API');
    expect(await actuator.read('web', never)).toEqual({ units: 5, ready: 5 });
    await until(6);
  } finally {
    await actuator.close?.();
    await kubelet.stop();
    await cluster.stop();
    files.remove();
  }
  await expect(
    new Promise((resolve, reject) =>
      connect(port as number, '127.0.0.1')
        .once('connect', resolve)
        .once('error', reject),
    ),
  ).rejects.toThrow();
});

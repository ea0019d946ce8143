import { createServer } from 'node:net';
import type { Clock } from '@auspex/contracts';
import { create } from '@bufbuild/protobuf';
import { type ChannelCredentials, credentials, makeClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ExternalScaler, GetMetricsRequestSchema, ScaledObjectRefSchema } from '../src/keda/gen/externalscaler_pb.ts';
import { kedaConfig } from '../src/keda/index.ts';
import { startScaler } from '../src/keda/server.ts';
import { serviceDefinition } from '../src/keda/service.ts';
import { readScaledObject } from '../src/keda/workload.ts';
import type { KubernetesClient } from '../src/kubernetes/client.ts';
import { Published } from '../src/metric/published.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

/* KEDA's calls, made by a gRPC client over a socket; test/e2e/kubernetes has KEDA itself. */

let now = 0;
const clock = { now: () => now } as Clock;
const mark = (units: number) => ({ mark: { units, original: 0, step: 0, epoch: 1 }, until: now + 60_000, clock });
const ref = (pool = 'web') => create(ScaledObjectRefSchema, { name: 'shop', namespace: 'shops', scalerMetadata: pool ? { pool } : {} });
const Client = makeClientConstructor(serviceDefinition(ExternalScaler), 'ExternalScaler');

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

type Answer = Record<string, unknown>;
function connect(address: string, secrets: ChannelCredentials = credentials.createInsecure()) {
  const client = new Client(address, secrets);
  open.push(client);
  const unary = (method: string, message: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = client[method] as (message: object, answered: (error: ServiceError | null, answer: Answer) => void) => void;
      call.call(client, message, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  return {
    isActive: async (pool?: string) => (await unary('isActive', ref(pool)))['result'],
    spec: async (pool?: string) => (await unary('getMetricSpec', ref(pool)))['metricSpecs'],
    metrics: async (pool?: string) => {
      const request = create(GetMetricsRequestSchema, { scaledObjectRef: ref(pool), metricName: 'auspex-web' });
      return (await unary('getMetrics', request))['metricValues'];
    },
    stream: (pool: string) =>
      (client['streamIsActive'] as (message: object) => AsyncIterable<Answer> & { cancel(): void }).call(client, ref(pool)),
  };
}

async function serve(options: Partial<Parameters<typeof startScaler>[0]> = {}) {
  const published = new Published();
  const scaler = await startScaler({ listen: '127.0.0.1:0', ...options }, published);
  open.push(scaler);
  return { published, address: scaler.address };
}

describe("KEDA's external scaler", () => {
  it('shows units while they hold, with a target of one a replica, and fails when they do not', async () => {
    const { published, address } = await serve();
    const client = connect(address);
    expect(await client.spec()).toMatchObject([{ metricName: 'auspex-web', targetSizeFloat: 1, targetSize: 1n }]);
    expect(await client.isActive()).toBe(false);
    await expect(client.metrics()).rejects.toMatchObject({ code: status.UNAVAILABLE, details: 'nothing is ordered for pool "web" yet' });
    published.publish('web', mark(7));
    expect(await client.isActive()).toBe(true);
    expect(await client.metrics()).toMatchObject([{ metricName: 'auspex-web', metricValueFloat: 7, metricValue: 7n }]);
    expect(await client.isActive('api')).toBe(false);
    now += 60_000;
    expect(await client.isActive()).toBe(false);
    await expect(client.metrics()).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('is not active for no units, and has a value nevertheless', async () => {
    const { published, address } = await serve();
    const client = connect(address);
    published.publish('web', mark(0));
    expect(await client.isActive()).toBe(false);
    expect(await client.metrics()).toMatchObject([{ metricValueFloat: 0 }]);
  });

  it('tells at once that there is something to scale for, and only whom it concerns', async () => {
    const { published, address } = await serve();
    const client = connect(address);
    const [web, api] = [client.stream('web'), client.stream('api')];
    const [told, other] = [web[Symbol.asyncIterator](), api[Symbol.asyncIterator]()];
    expect((await told.next()).value['result']).toBe(false);
    expect((await other.next()).value['result']).toBe(false);
    published.publish('web', mark(3));
    expect((await told.next()).value['result']).toBe(true);
    published.withdraw('web');
    expect((await told.next()).value['result']).toBe(false);
    published.publish('api', mark(1));
    // The first word since: nothing of `web` came here.
    expect((await other.next()).value['result']).toBe(true);
    for (const stream of [web, api]) {
      stream.on('error', () => undefined);
      stream.cancel();
    }
  });

  it('says what is wrong with a trigger that names no pool', async () => {
    const { address } = await serve();
    const client = connect(address);
    const wrong = {
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('ScaledObject shops/shop names no pool: set metadata.pool'),
    };
    await expect(client.isActive('')).rejects.toMatchObject(wrong);
    await expect(client.spec('')).rejects.toMatchObject(wrong);
    await expect(client.metrics('')).rejects.toMatchObject(wrong);
    const stream = client.stream('');
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject(wrong);
  });

  it('says which address it cannot have', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    open.push(taken);
    await expect(serve({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      path: 'actuator(keda).listen',
      remedy: 'Free the port, or choose another with listen.',
    });
  });
});

describe('TLS', () => {
  let files: Certificates;
  beforeAll(() => {
    files = makeCertificates();
  });
  afterAll(() => files.remove());

  it('is spoken, and with an authority asks for a certificate', async () => {
    const { ca, certificate, key, read } = files;
    const { published, address } = await serve({ tls: { certificate, key, ca } });
    published.publish('web', mark(2));
    const known = connect(address, credentials.createSsl(read.ca, read.key, read.certificate));
    expect(await known.metrics()).toMatchObject([{ metricValueFloat: 2 }]);
    await expect(connect(address, credentials.createSsl(read.ca)).metrics()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(connect(address).metrics()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    const open = await serve({ tls: { certificate, key } });
    expect(await connect(open.address, credentials.createSsl(read.ca)).isActive()).toBe(false);
  });

  it('names a file that cannot be read', async () => {
    const { certificate } = files;
    await expect(serve({ tls: { certificate, key: '/nowhere/key' } })).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      path: 'actuator(keda).tls.key',
      message: expect.stringContaining('/nowhere/key cannot be read'),
    });
  });
});

describe('the ScaledObject that is read back', () => {
  const never = new AbortController().signal;
  const scaled = (spec: object = {}, more: object = {}) => ({
    metadata: { name: 'web', ...more },
    spec: {
      scaleTargetRef: { name: 'web' },
      triggers: [{ type: 'cpu' }, { type: 'external-push', metadata: { scalerAddress: 'auspex:9090', pool: 'web' } }],
      fallback: { failureThreshold: 3, replicas: 2 },
      ...spec,
    },
  });
  const reading = (object: object | undefined) => {
    const client = {
      namespace: async () => 'shop',
      pluralOf: async () => 'deployments',
      get: async ({ plural, sub }: { plural: string; sub?: string }) => {
        if (plural === 'scaledobjects') return object;
        return sub ? { metadata: { name: 'web' }, spec: { replicas: 4 } } : { metadata: { name: 'web' }, status: { readyReplicas: 3 } };
      },
      list: async () => [],
    } as unknown as KubernetesClient;
    return readScaledObject(client, kedaConfig.parse({ pools: { web: { scaledObject: 'web' } } }).pools)('web', never);
  };

  it('gives the replicas of what it scales, and its own most', async () => {
    expect(await reading(scaled())).toEqual({ units: 4, ready: 3, most: 100 });
    expect(await reading(scaled({ maxReplicaCount: 9 }))).toMatchObject({ most: 9 });
  });

  it.each([
    ['it is not there', undefined, 'there is no ScaledObject shop/web'],
    ['no trigger asks', scaled({ triggers: [{ type: 'external', metadata: { pool: 'other' } }] }), 'has no trigger for this pool'],
    [
      'it is paused',
      scaled({}, { annotations: { 'autoscaling.keda.sh/paused-replicas': '3' } }),
      'is paused: somebody set the annotation autoscaling.keda.sh/paused-replicas',
    ],
  ])('is refused where %s', async (_, object, message) => {
    await expect(reading(object)).rejects.toThrow(message);
  });

  it('clings to a floor without a fallback', async () => {
    const { spec, metadata } = scaled();
    const { fallback: _, ...rest } = spec;
    expect((await reading({ metadata, spec: rest })).clings).toContain('ScaledObject shop/web has no fallback');
  });
});

describe('options', () => {
  it.each([
    [{ pools: {} }, 'must name at least one pool'],
    [{ listen: '9090', pools: { web: { scaledObject: 'web' } } }, 'must be host:port'],
    [{ pools: { web: { hpa: 'web' } } }, 'expected string'],
  ])('%j are wrong', (options, message) => {
    expect(JSON.stringify(kedaConfig.safeParse(options).error?.issues)).toContain(message);
  });
});

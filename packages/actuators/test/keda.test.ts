import type { EventEmitter } from 'node:events';
import { createServer } from 'node:net';
import type { Clock, Order } from '@auspex/contracts';
import { fakeContext, ManualClock, runLaws } from '@auspex/testkit';
import { create } from '@bufbuild/protobuf';
import { type ChannelCredentials, credentials, makeClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ExternalScaler, GetMetricsRequestSchema, ScaledObjectRefSchema } from '../src/keda/gen/externalscaler_pb.ts';
import { kedaConfig } from '../src/keda/index.ts';
import { startScaler } from '../src/keda/server.ts';
import { serviceDefinition } from '../src/keda/service.ts';
import { Published } from '../src/metric/published.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { makeKedaCase, metricOf } from './fakes/keda.ts';
import { deployments, hpas, key, scaledObjects } from './fakes/kubernetes.ts';

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
      (client['streamIsActive'] as (message: object) => AsyncIterable<Answer> & EventEmitter & { cancel(): void }).call(client, ref(pool)),
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

describe('the actuator', () => {
  const STEP = Date.UTC(2026, 0, 5);
  const never = new AbortController().signal;
  const order = (n: number, units: number, over: Partial<Order> = {}): Order => ({
    key: `web@${n}`,
    pool: 'web',
    pop: '*',
    units,
    min: 0,
    max: 50,
    epoch: 1,
    shadow: false,
    step: STEP + n * 60_000,
    ...over,
  });
  const floor = (n: number, units: number): Order => order(n, units, { expires: STEP + (n + 3) * 60_000 });
  const make = () => {
    const { cluster, plugin, with: options } = makeKedaCase();
    const manual = new ManualClock(STEP);
    const create = () => plugin.create(kedaConfig.parse(options) as never, fakeContext({ clock: manual }));
    const edit = (patch: object) => cluster.edit(scaledObjects('web'), patch);
    return { cluster, manual, create, edit, actuator: create() };
  };

  it('keeps the laws', async () => {
    const { results } = await runLaws(makeKedaCase);
    const odd = results.filter(({ outcome }) => outcome !== 'holds').map(({ law, outcome, seen }) => ({ law, outcome, seen }));
    expect(odd).toEqual([{ law: 'a floor that is not renewed lapses', outcome: 'skipped', seen: 'it declares lease: keeper' }]);
  });

  it('writes nothing but its annotation', async () => {
    const { cluster, actuator } = make();
    const before = structuredClone(cluster.objects.get(key(scaledObjects('web'))));
    await actuator.actuate(floor(0, 7), never);
    const { metadata, ...rest } = cluster.objects.get(key(scaledObjects('web')));
    expect(Object.keys(metadata.annotations)).toEqual(['auspex.dev/metric']);
    const { metadata: _, ...unchanged } = before;
    expect(rest).toEqual(unchanged);
    expect(cluster.written).toEqual([]);
  });

  it('orders what the keeper serves, while it holds, from zero at once', async () => {
    const { cluster, create, manual, actuator } = make();
    const keeper = create();
    open.push({ close: () => keeper.close?.() });
    expect(await keeper.restore?.('web', never)).toBeUndefined();
    await actuator.actuate(floor(0, 7), never);
    expect(await keeper.restore?.('web', never)).toBeUndefined();
    await manual.advance(3 * 60_000);
    expect(await keeper.restore?.('web', never)).toEqual({ pool: 'web', from: 7, units: 0, expired: STEP + 3 * 60_000 });
    expect(metricOf(cluster, 'web')).toBe(0);
    expect(await keeper.restore?.('web', never)).toBeUndefined();
  });

  it('of a floor orders the floor alone, whatever other triggers have asked for', async () => {
    const { cluster, actuator } = make();
    cluster.objects.get(key(deployments('web'))).spec.replicas = 18;
    expect(await actuator.read('web', never)).toMatchObject({ units: 18 });
    expect(await actuator.actuate(floor(0, 4), never)).toMatchObject({ status: 'applied', units: 4 });
  });

  it('in full control is stale some minutes after its step', async () => {
    const { create, manual, actuator } = make();
    await actuator.actuate(order(0, 6), never);
    await manual.advance(5 * 60_000 - 1);
    const keeper = create();
    open.push({ close: () => keeper.close?.() });
    expect(await keeper.restore?.('web', never)).toBeUndefined();
    await manual.advance(1);
    expect(await keeper.restore?.('web', never)).toMatchObject({ from: 6, units: 0 });
  });

  it('gives the most that the ScaledObject allows', async () => {
    const { actuator } = make();
    expect(await actuator.actuate(floor(0, 30), never)).toMatchObject({ units: 20, detail: '30 wanted, and the target allows 20 at most' });
  });

  it.each([
    ['no trigger asks', { spec: { triggers: [{ type: 'external', metadata: { pool: 'other' } }] } }, 'has no trigger for this pool'],
    [
      'it is paused',
      { metadata: { annotations: { 'autoscaling.keda.sh/paused-replicas': '3' } } },
      'is paused: remove its annotation autoscaling.keda.sh/paused-replicas',
    ],
    ['it has no fallback and the order is a floor', { spec: { fallback: null } }, 'ScaledObject shop/web has no fallback'],
    [
      'the annotation is no record',
      { metadata: { annotations: { 'auspex.dev/metric': '7' } } },
      'the annotation auspex.dev/metric of ScaledObject shop/web is no record',
    ],
  ])('is refused where %s', async (_, patch, message) => {
    const { actuator, edit } = make();
    edit(patch);
    expect(await actuator.actuate(floor(0, 4), never)).toMatchObject({ status: 'refused', detail: expect.stringContaining(message) });
  });

  it('that somebody has taken up again is not paused', async () => {
    const { actuator, edit } = make();
    edit({ metadata: { annotations: { 'autoscaling.keda.sh/paused': 'false' } } });
    expect(await actuator.actuate(floor(0, 4), never)).toMatchObject({ status: 'applied', units: 4 });
  });

  it('is refused where KEDA made its HPA while Auspex did not answer', async () => {
    const { cluster, actuator, edit } = make();
    edit({ status: { hpaName: 'keda-hpa-web' } });
    const metrics: object[] = [{ resource: { name: 'cpu' } }];
    cluster.put(hpas('keda-hpa-web'), {
      kind: 'HorizontalPodAutoscaler',
      metadata: {},
      spec: { scaleTargetRef: { name: 'web' }, metrics },
    });
    expect((await actuator.actuate(floor(0, 4), never)).detail).toMatch(
      /^HPA shop\/keda-hpa-web lacks the metric of this pool.* delete that HPA/,
    );
    metrics.push({ external: { metric: { name: 's1-auspex-web' } } });
    expect(await actuator.actuate(floor(1, 4), never)).toMatchObject({ status: 'applied' });
  });

  it('is refused where it is not there', async () => {
    const { cluster, actuator } = make();
    cluster.objects.delete(key(scaledObjects('web')));
    expect((await actuator.actuate(floor(0, 4), never)).detail).toBe(
      'there is no ScaledObject shop/web: is KEDA installed, and the name right?',
    );
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

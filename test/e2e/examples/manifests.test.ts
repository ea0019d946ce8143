import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../packages/cli/src/load-config.ts';
import { main } from '../../../packages/cli/src/main.ts';
import { NotAvailable, type Server, startServer } from '../../servers/index.ts';
import { freePorts } from '../../servers/process.ts';
import { kedaFiles } from '../../servers/recipes/keda.ts';
import { type Json, Kube } from '../../servers/recipes/kubernetes/kube.ts';
import { startPrometheus } from '../../servers/recipes/prometheus.ts';

/*
 * examples/05-kubernetes against a real API server: every manifest is taken, strictly; engine and keeper run as their service accounts with the config
 * of the ConfigMap, and give orders; a real Prometheus scrapes them, and every query of the board has an answer.
 */

const { parseAllDocuments, stringify } = createRequire(new URL('../../../packages/cli/package.json', import.meta.url))('yaml');
const EXAMPLE = fileURLToPath(new URL('../../../examples/05-kubernetes/', import.meta.url));

const read = (file: string): string => readFileSync(path.join(EXAMPLE, file), 'utf8');
const documents = (file: string): Json[] => parseAllDocuments(readFileSync(file, 'utf8')).map((each: Json) => each.toJS());
const KUSTOMIZATION = documents(path.join(EXAMPLE, 'kustomization.yaml'))[0];

/** What a kustomization lists, folders with one of their own included. */
function resources(folder: string): Json[] {
  const [{ resources: names }] = documents(path.join(folder, 'kustomization.yaml'));
  return names.flatMap((name: string) => {
    const file = path.resolve(folder, name);
    return statSync(file).isDirectory() ? resources(file) : documents(file);
  });
}

/** Group and version, plural; of kinds that lie in no namespace nothing else. */
const PLURALS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Service: 'services',
  ConfigMap: 'configmaps',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Deployment: 'deployments',
  HorizontalPodAutoscaler: 'horizontalpodautoscalers',
  NetworkPolicy: 'networkpolicies',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ScaledObject: 'scaledobjects',
};

function at({ apiVersion, kind, metadata }: Json, name = ''): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const inside = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${root}${inside}/${PLURALS[kind]}${name && `/${name}`}`;
}

/** An `auspex` command that goes on. */
function background(cwd: string, args: readonly string[]) {
  const abort = new AbortController();
  let said = '';
  const add = (text: string): void => {
    said += text;
  };
  const io = { tty: false, color: false, interactive: false, width: 100, cwd, signal: abort.signal };
  let code: number | undefined;
  const ended = main(args, { ...io, out: add, err: add }).then((end) => {
    code = end;
    return end;
  });
  return {
    said: () => said,
    /** Where it answers over HTTP. */
    async url(): Promise<string> {
      for (;;) {
        const url = /"url":"([^"]+)"/.exec(said)?.[1];
        if (url) return url;
        if (code !== undefined) throw new Error(said);
        await wait(20);
      }
    },
    async stop(): Promise<number> {
      abort.abort();
      return ended;
    },
  };
}

interface World {
  readonly kube: Kube;
  readonly folder: string;
  /** Writes credentials of a service account of the namespace `auspex`. */
  credentials(account: string): Promise<string>;
}

let world: World | undefined;
let reason = '';
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  let cluster: Server;
  let crds: string;
  try {
    crds = path.join(await kedaFiles(), 'crds');
    cluster = await startServer('kubernetes');
  } catch (error) {
    if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
    reason = error.message;
    return;
  }
  closing.push(() => cluster.stop());
  const kube = new Kube(cluster.address, cluster.details['token']);
  const folder = mkdtempSync(path.join(tmpdir(), 'auspex-manifests-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of readdirSync(crds).filter((name) => name.includes('scaledobjects')))
    await kube.call(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      readFileSync(path.join(crds, name), 'utf8'),
      'application/yaml',
    );
  const served = (): Promise<boolean> =>
    kube.get('/apis/keda.sh/v1alpha1').then(
      ({ resources }) => resources.some(({ name }: Json) => name === 'scaledobjects'),
      () => false,
    );
  while (!(await served())) await wait(50);
  world = {
    kube,
    folder,
    async credentials(account) {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3_600 } };
      const { status } = await kube.create(`/api/v1/namespaces/auspex/serviceaccounts/${account}/token`, body);
      const file = path.join(folder, `${account}.kubeconfig`);
      const cluster_ = { server: cluster.address, 'certificate-authority': cluster.details['ca'] };
      writeFileSync(
        file,
        JSON.stringify({
          ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
          clusters: [{ name: 'test', cluster: cluster_ }],
          users: [{ name: 'test', user: { token: status.token } }],
          contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        }),
      );
      return file;
    },
  };
  // The first time the API server and KEDA are built: half an hour.
}, 3_600_000);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

describe('examples/05-kubernetes', () => {
  test('every manifest is taken by the API server, to the last field', async ({ skip }) => {
    if (!world) return skip(reason);
    const { kube } = world;
    const strict = 'fieldManager=kubectl-create&fieldValidation=Strict';
    const listed = resources(EXAMPLE);
    for (const document of listed) await kube.create(`${at(document)}?${strict}`, document);
    for (const { name, namespace, files } of KUSTOMIZATION.configMapGenerator) {
      const data = Object.fromEntries(files.map((file: string) => [file, read(file)]));
      const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
      await kube.create(`${at(map)}?${strict}`, map);
    }
    for (const { path: file } of KUSTOMIZATION.patches) {
      const [patch] = documents(path.join(EXAMPLE, file));
      // The API server merges as kustomize does.
      await kube.call('PATCH', `${at(patch, patch.metadata.name)}?${strict}`, patch, 'application/strategic-merge-patch+json');
    }
    // Every file of the folder is in it.
    const named = [...KUSTOMIZATION.resources, ...KUSTOMIZATION.patches.map((each: Json) => each.path)];
    const files = readdirSync(EXAMPLE).filter(
      (name) => /\.yaml$/.test(name) && !['kustomization.yaml', 'auspex.config.yaml'].includes(name),
    );
    expect(files.filter((name) => !named.includes(name))).toEqual([]);

    // What the Deployments name is there, and their pods are let into a namespace that takes restricted ones alone.
    for (const name of ['auspex', 'auspex-keeper']) {
      const deployment = await kube.get(`/apis/apps/v1/namespaces/auspex/deployments/${name}`);
      const { spec, metadata } = deployment.spec.template;
      await kube.get(`/api/v1/namespaces/auspex/serviceaccounts/${spec.serviceAccountName}`);
      for (const { configMap, persistentVolumeClaim: claim } of spec.volumes) {
        if (configMap) await kube.get(`/api/v1/namespaces/auspex/configmaps/${configMap.name}`);
        if (claim) await kube.get(`/api/v1/namespaces/auspex/persistentvolumeclaims/${claim.claimName}`);
      }
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'try' }, spec };
      await kube.create('/api/v1/namespaces/auspex/pods?dryRun=All', pod);
      const [{ command = ['auspex'], args = [], ports, readinessProbe, livenessProbe, image }] = spec.containers;
      expect(KUSTOMIZATION.images[0].name).toBe(image.split(':')[0]);
      expect([...command, ...args].join(' ')).toMatch(
        /^auspex (run|keep) .*--config \/etc\/auspex\/auspex\.config\.yaml --listen 0\.0\.0\.0:9464$/,
      );
      expect(ports).toContainEqual({ name: 'http', containerPort: 9464, protocol: 'TCP' });
      expect([readinessProbe.httpGet.path, livenessProbe.httpGet.path]).toEqual(['/readyz', '/healthz']);
    }
    // KEDA is told the Service of the keeper.
    const triggers = listed.find(({ kind }) => kind === 'ScaledObject').spec.triggers;
    const service = listed.find(({ kind }) => kind === 'Service');
    expect(triggers[0].metadata.scalerAddress).toBe(`${service.metadata.name}.${service.metadata.namespace}:${service.spec.ports[0].port}`);
  }, 60_000);

  test('the config is one; engine and keeper do with their rights what it says; the board shows what they serve', async ({ skip }) => {
    if (!world) return skip(reason);
    const { kube, folder, credentials } = world;
    const given = await loadConfig(path.join(EXAMPLE, 'auspex.config.yaml'));
    expect([...parseConfig(given, catalogue).actuators].map(([pool, { plugin }]) => [pool, plugin.id])).toEqual([
      ['web', 'kubernetes'],
      ['api', 'keda'],
    ]);

    // The same config, with a log in place of Prometheus, and models that need no time.
    const [port = 0] = await freePorts(1);
    const config = async (account: string): Promise<string> => {
      const kubeconfig = await credentials(account);
      const [{ pools }] = documents(path.join(EXAMPLE, 'auspex.config.yaml'));
      for (const { actuator } of pools)
        Object.assign(actuator.with, { kubeconfig, ...(actuator.use === 'keda' && { listen: `127.0.0.1:${port}` }) });
      const sources = [{ use: 'ndjson', with: { files: [path.join(folder, 'events.ndjson')], follow: true } }];
      const store = { use: 'lmdb', with: { path: path.join(folder, 'store') } };
      writeFileSync(path.join(folder, `${account}.yaml`), stringify({ sources, store, pools, predictors: [{ use: 'seasonal' }] }));
      return `${account}.yaml`;
    };
    const minutes = Array.from({ length: 30 }, (_, n) => Math.floor(Date.now() / 60_000) * 60_000 - (30 - n) * 60_000);
    const events = minutes.flatMap((at) => [`{"at":${at},"group":"web","count":15000}`, `{"at":${at},"group":"api","count":9000}`]);
    writeFileSync(path.join(folder, 'events.ndjson'), `${events.join('\n')}\n`);
    const keep = background(folder, ['keep', '--config', await config('auspex-keeper'), '--listen', '0', '--every', '200ms']);
    closing.push(keep.stop);
    const engine = background(folder, ['run', '--config', await config('auspex'), '--mode', 'live', '--listen', '0']);
    closing.push(engine.stop);
    const urls = [await engine.url(), await keep.url()] as const;
    const scraped = urls.map((url) => new URL(url).host);
    // The recipe, since a container would not reach this machine's loopback.
    const prometheus = await startPrometheus({
      config: `scrape_configs: [{ job_name: auspex, scrape_interval: 500ms, scrape_timeout: 400ms, static_configs: [{ targets: ${JSON.stringify(scraped)} }] }]\n`,
    });
    closing.push(() => prometheus.stop());
    const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
      for (const end = Date.now() + 20_000; !(await holds()); await wait(50)) {
        if (Date.now() > end) throw new Error(`${what} did not come:\n${engine.said()}\n${keep.said()}`);
      }
    };
    for (const url of urls) await until(`${url}/readyz`, async () => (await fetch(`${url}/readyz`)).status === 200);
    const annotated = async (object: string, name: string): Promise<boolean> =>
      (await kube.get(object)).metadata.annotations?.[name] !== undefined;
    const hpa = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web';
    await until('the order for the HPA', () => annotated(hpa, 'auspex.dev/lease'));
    // 250 a second, 50 a replica at 70 %.
    expect((await kube.get(hpa)).spec.minReplicas, engine.said()).toBeGreaterThanOrEqual(7);
    const object = '/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/api';
    await until('the order for the ScaledObject', () => annotated(object, 'auspex.dev/metric'));
    expect(engine.said()).not.toMatch(/"level":[45]0/);
    expect(keep.said()).not.toMatch(/"level":[45]0/);

    const texts = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    const served = new Set(texts.flatMap((text) => [...text.matchAll(/^(auspex_[a-z_]+)/gm)].map(([name]) => name)));
    const board = JSON.parse(read('dashboard.json'));
    const queries: string[] = board.panels.flatMap(({ targets = [] }: Json) => targets.map(({ expr }: Json) => expr));
    const names = new Set([...JSON.stringify(board).matchAll(/auspex_[a-z_]+/g)].map(([name]) => name));
    // Of a surge that was judged, and of a plugin that failed, which nothing here is or does.
    const others = ['auspex_hostility', 'auspex_stage_failures_total'];
    expect([...names].filter((name) => !served.has(name) && !others.includes(name))).toEqual([]);
    expect(queries.length).toBeGreaterThan(10);
    expect(await unanswered(prometheus.address, queries), 'queries without an answer').toEqual([]);
    expect(new Set(board.panels.map(({ id }: Json) => id)).size).toBe(board.panels.length);

    expect(await engine.stop(), engine.said()).toBe(0);
    expect(await keep.stop(), keep.said()).toBe(0);
  }, 120_000);
});

/** Queries that give nothing, once there were samples enough for rates. */
async function unanswered(prometheus: string, queries: readonly string[]): Promise<string[]> {
  let left = queries;
  for (const end = Date.now() + 15_000; left.length > 0 && Date.now() < end; await wait(300)) {
    const answers = await Promise.all(
      left.map(async (query) => {
        const all = query.replaceAll('$pool', '.*');
        const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(all)}`);
        const { status, data, error } = (await response.json()) as Json;
        if (status !== 'success') throw new Error(`${query}: ${error}`);
        return data.result.length > 0;
      }),
    );
    left = left.filter((_, n) => !answers[n]);
  }
  return [...left];
}

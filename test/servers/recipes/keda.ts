import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { built } from '../cache.ts';
import { command, has, runLocal } from '../process.ts';
import { NotAvailable, type Server } from '../server.ts';
import { answersHttp } from '../wire.ts';
import { Kube, KubeError } from './kubernetes/kube.ts';

const VERSION = '2.18.1';
const HERE = fileURLToPath(new URL('keda', import.meta.url));
const MODULE = 'github.com/kedacore/keda/v2';

/** KEDA's operator, its metrics adapter and its CRDs, from its Go module. A build takes about a quarter of an hour. */
export async function kedaFiles(): Promise<string> {
  return built(`keda-${VERSION}`, async (at) => {
    if (!(await has('go', 'version'))) throw new NotAvailable('KEDA is built from Go modules, and there is no go on the PATH');
    const source = join(at, 'source');
    for (const name of ['go.mod', 'go.sum']) cpSync(join(HERE, name), join(source, name));
    const go = (...args: string[]): Promise<string> =>
      command('go', args, { cwd: source, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false' } });
    for (const program of ['operator', 'adapter'])
      await go('build', '-p', '2', '-trimpath', '-ldflags', '-s -w', '-o', join(at, program), `${MODULE}/cmd/${program}`);
    const module = (await go('list', '-m', '-f', '{{.Dir}}', MODULE)).trim();
    cpSync(join(module, 'config', 'crd', 'bases'), join(at, 'crds'), { recursive: true });
  });
}

/**
 * KEDA beside a test cluster, as two processes. Its adapter listens for scrapes on every address and has no option against it: this runs only where there
 * is no other interface than loopback (`unshare -n`).
 *
 * @throws Error outside of such a place
 */
export async function startKeda(cluster: Server): Promise<{ stop(): Promise<void> }> {
  const others = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  if (others.length > 0) throw new Error(`KEDA's adapter would listen on ${others.join(', ')}: run this inside unshare -n`);
  const files = await kedaFiles();
  const kube = new Kube(cluster.address, cluster.details['token']);
  const kubeconfig = cluster.details['kubeconfig'] as string;
  await createIfAbsent(kube, '/api/v1/namespaces', JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'keda' } }));
  for (const name of readdirSync(join(files, 'crds'))) {
    const crd = readFileSync(join(files, 'crds', name), 'utf8');
    await createIfAbsent(kube, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd, 'application/yaml');
  }
  const env = {
    ...{ KUBECONFIG: kubeconfig, POD_NAMESPACE: 'keda', KEDA_CLUSTER_OBJECT_NAMESPACE: 'keda' },
    ...{ WATCH_NAMESPACE: '', KEDA_HTTP_DEFAULT_TIMEOUT: '' },
  };
  let metricsService = '';
  let certificates = '';
  const operator = await runLocal(3, async ([metrics = 0, health = 0, service = 0], directory) => {
    await makeCertificates(directory);
    metricsService = `localhost:${service}`;
    certificates = directory;
    return {
      name: 'keda',
      address: `http://127.0.0.1:${health}`,
      command: join(files, 'operator'),
      args: [
        ...[`--cert-dir=${directory}`, `--ca-dir=${directory}`, '--enable-webhook-patching=false'],
        ...[`--metrics-bind-address=127.0.0.1:${metrics}`, `--health-probe-bind-address=127.0.0.1:${health}`],
        ...[`--metrics-service-bind-address=127.0.0.1:${service}`, '--zap-log-level=info', '--zap-encoder=console'],
      ],
      env,
      ready: () => answersHttp(`http://127.0.0.1:${health}/readyz`),
    };
  });
  try {
    const adapter = await runLocal(2, ([secure = 0, scrape = 0]) => {
      return {
        name: 'keda',
        address: `https://127.0.0.1:${secure}`,
        command: join(files, 'adapter'),
        args: [
          ...[`--secure-port=${secure}`, '--bind-address=127.0.0.1', `--port=${scrape}`, `--cert-dir=${certificates}`],
          ...['', 'lister-', 'authentication-', 'authorization-'].map((of) => `--${of}kubeconfig=${kubeconfig}`),
          ...[`--client-ca-file=${certificates}/ca.crt`, `--tls-cert-file=${certificates}/tls.crt`],
          ...[`--tls-private-key-file=${certificates}/tls.key`, `--metrics-service-address=${metricsService}`],
        ],
        env,
        ready: async () => {
          await new Kube(`https://127.0.0.1:${secure}`).call('GET', '/readyz');
        },
      };
    });
    await registerExternalMetrics(kube, 'keda', Number(new URL(adapter.address).port));
    return {
      stop: async () => {
        await adapter.stop();
        await operator.stop();
      },
    };
  } catch (error) {
    await operator.stop();
    throw error;
  }
}

/** Sends the API server's requests for external metrics to a port of this machine. */
export async function registerExternalMetrics(kube: Kube, namespace: string, port: number): Promise<void> {
  const name = 'external-metrics';
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  };
  await createIfAbsent(kube, `/api/v1/namespaces/${namespace}/services`, JSON.stringify(service));
  const spec = {
    ...{ group: 'external.metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 },
    ...{ insecureSkipTLSVerify: true, service: { namespace, name, port } },
  };
  const api = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1beta1.external.metrics.k8s.io' }, spec };
  await createIfAbsent(kube, '/apis/apiregistration.k8s.io/v1/apiservices', JSON.stringify(api));
}

async function createIfAbsent(kube: Kube, path: string, text: string, type = 'application/json'): Promise<void> {
  try {
    await kube.call('POST', path, text, type);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 409) throw error;
  }
}

/** An authority and a certificate for localhost, with which operator and adapter trust each other. */
async function makeCertificates(directory: string): Promise<void> {
  const openssl = (...args: string[]): Promise<string> => command('openssl', args, { cwd: directory });
  const fresh = ['-newkey', 'rsa:2048', '-nodes'];
  await openssl('req', '-x509', ...fresh, '-days', '30', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=keda-ca');
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'];
  await openssl('req', ...fresh, '-keyout', 'tls.key', '-out', 'tls.csr', '-subj', '/CN=localhost', ...names);
  const signed = ['-in', 'tls.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-copy_extensions', 'copy'];
  await openssl('x509', '-req', ...signed, '-out', 'tls.crt');
}

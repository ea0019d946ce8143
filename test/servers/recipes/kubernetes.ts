import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { built } from '../cache.ts';
import { command, has, runLocal } from '../process.ts';
import { NotAvailable, type Server, type ServerOptions } from '../server.ts';
import { Kube } from './kubernetes/kube.ts';

const VERSION = '1.37.2';
const HERE = fileURLToPath(new URL('kubernetes', import.meta.url));

/** API server, controller manager and etcd of Kubernetes in one binary, from their Go modules. A build takes about a quarter of an hour. */
export async function kubelite(): Promise<string> {
  const directory = await built(`kubernetes-${VERSION}`, async (at) => {
    if (!(await has('go', 'version'))) throw new NotAvailable('the API server is built from Go modules, and there is no go on the PATH');
    const source = join(at, 'source');
    for (const name of ['go.mod', 'go.sum', 'main.go']) cpSync(join(HERE, name), join(source, name));
    const [major, minor] = VERSION.split('.');
    const about = 'k8s.io/component-base/version';
    const flags = `-s -w -X ${about}.gitVersion=v${VERSION} -X ${about}.gitMajor=${major} -X ${about}.gitMinor=${minor}`;
    await command('go', ['build', '-p', '2', '-buildvcs=false', '-trimpath', '-ldflags', flags, '-o', join(at, 'kubelite'), '.'], {
      cwd: source,
      env: { ...process.env, GOFLAGS: '', CGO_ENABLED: '0' },
    });
  });
  return join(directory, 'kubelite');
}

/**
 * An API server with controllers, without kubelet and scheduler: `kubernetes/fake-kubelet.ts` stands in for them. The process that is killed and
 * restarted is the API server; etcd keeps its data. `details`: `kubeconfig` (a path; contexts `admin` and `scaler`), `token` and `ca` (a path) of the
 * administrator, `scalerToken` of a user of the group `scalers` who may do nothing.
 */
export async function startKubernetes(_options: ServerOptions): Promise<Server> {
  const file = await kubelite();
  if (!(await has('openssl', 'version'))) throw new NotAvailable('certificates are made by openssl, which is not on the PATH');
  const server = await runLocal(4, async ([etcd = 0, peer = 0, api = 0, controllers = 0], directory) => {
    const [token, scalerToken] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')] as const;
    const address = `https://127.0.0.1:${api}`;
    const ca = join(directory, 'certs', 'apiserver.crt');
    const kubeconfig = join(directory, 'kubeconfig');
    await keys(directory);
    writeFileSync(join(directory, 'tokens.csv'), `${token},admin,admin,system:masters\n${scalerToken},scaler,scaler,scalers\n`);
    writeFileSync(kubeconfig, config(address, ca, { admin: token, scaler: scalerToken }));
    const [apiServer, manager] = [new Kube(address, token), new Kube(`https://127.0.0.1:${controllers}`)];
    return {
      name: 'kubernetes',
      address,
      details: { kubeconfig, token, scalerToken, ca },
      command: 'sh',
      args: [join(HERE, 'run.sh')],
      env: {
        ...{ KUBELITE: file, ETCD: String(etcd), PEER: String(peer) },
        ...{ API: String(api), CONTROLLERS: String(controllers) },
      },
      ready: async () => {
        await apiServer.call('GET', '/readyz');
        await manager.call('GET', '/healthz');
      },
    };
  });
  const stop = server.stop.bind(server);
  // It would wait for those who watch, the controllers, and there is nothing to save.
  return Object.assign(server, { stop: () => server.kill().then(stop) });
}

/** Keys of service accounts, and the authority and certificate with which the aggregation layer shows itself. */
async function keys(directory: string): Promise<void> {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(directory, 'sa.key'), pair.privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(directory, 'sa.pub'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const openssl = (...args: string[]): Promise<string> => command('openssl', args, { cwd: directory });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...fresh, '-days', '30', '-keyout', 'front.key', '-out', 'front.crt', '-subj', '/CN=front');
  await openssl('req', ...fresh, '-keyout', 'aggregator.key', '-out', 'aggregator.csr', '-subj', '/CN=aggregator');
  const signed = ['-in', 'aggregator.csr', '-CA', 'front.crt', '-CAkey', 'front.key', '-CAcreateserial', '-days', '30'];
  await openssl('x509', '-req', ...signed, '-out', 'aggregator.crt');
}

/** A kubeconfig with a context a user; JSON is YAML. */
function config(server: string, ca: string, users: Readonly<Record<string, string>>): string {
  const names = Object.keys(users);
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': ca } }],
    users: names.map((name) => ({ name, user: { token: users[name] } })),
    contexts: names.map((name) => ({ name, context: { cluster: 'test', user: name } })),
    'current-context': names[0],
  });
}

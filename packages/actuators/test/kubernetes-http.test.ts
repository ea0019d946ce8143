import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuspexError } from '@auspex/contracts';
import { fakeContext } from '@auspex/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Agents } from '../src/kubernetes/agents.ts';
import { KubernetesApi } from '../src/kubernetes/api.ts';
import { kubernetes, kubernetesConfig } from '../src/kubernetes/index.ts';
import { selectorText, selects } from '../src/kubernetes/selector.ts';
import { Conflict, Refused, Unavailable } from '../src/target/index.ts';

/* What comes over the wire, from a server that answers as it is told. */

const never = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), 'auspex-kubeconfig-'));
const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.doUnmock('@kubernetes/client-node');
  vi.resetModules();
  for (const close of closing.splice(1)) await close();
});

type Handler = (request: IncomingMessage & { body: string }, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => handler(Object.assign(request, { body }), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let files = 0;

function kubeconfig(server: string, context: object = { namespace: 'shop' }): string {
  const file = join(directory, `config-${++files}`);
  const cluster = { server, 'insecure-skip-tls-verify': true };
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', ...context } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const api = (server: string, timeLimit = 2_000): KubernetesApi =>
  new KubernetesApi({ kubeconfig: kubeconfig(server), context: undefined, timeLimit });

const web = { group: 'apps', version: 'v1', plural: 'deployments', namespace: 'shop', name: 'web' };

/** An answer as the API server gives it. */
const status = (code: number, message: string, headers: Record<string, string> = {}): Handler => {
  return (_request, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }));
  };
};

async function failure(work: Promise<unknown>): Promise<Error & { after?: number }> {
  return work.then(
    () => expect.unreachable('it succeeded'),
    (error) => error,
  );
}

describe('answers', () => {
  test.each([
    [409, 'the object has been modified', Conflict, /patch deployments.apps shop\/web: the object has been modified \(409\)/],
    [422, 'minReplicas: must be less', Refused, /must be less \(422\)/],
    [400, 'admission webhook "x" does not support dry run', Refused, /does not support dry run/],
    [404, 'deployments.apps "web" not found', Refused, /not found \(404\): there is no such object/],
    [401, 'Unauthorized', Refused, /credentials are not known/],
    [429, 'too many requests', Unavailable, /\(429\)/],
    [500, 'etcdserver: leader changed', Unavailable, /leader changed/],
    [503, 'apiserver is shutting down', Unavailable, /shutting down/],
    [504, 'request did not complete', Unavailable, /\(504\)/],
  ])('%i is told apart', async (code, message, kind, text) => {
    const server = await serve(status(code, message));
    const error = await failure(api(server).patch(web, {}, { dryRun: false }, never));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain('secret-token');
  });

  test('Retry-After is kept', async () => {
    const server = await serve(status(429, 'later', { 'retry-after': '7' }));
    expect((await failure(api(server).get(web, never))).after).toBe(7_000);
  });

  test('403: a role that is missing is named with the remedy, what admission says is left as it is', async () => {
    const role =
      'deployments.apps "web" is forbidden: User "u" cannot patch resource "deployments/scale" in API group "apps" in the namespace "shop"';
    let server = await serve(status(403, role));
    expect((await failure(api(server).patch({ ...web, sub: 'scale' }, {}, { dryRun: false }, never))).message).toMatch(
      /^patch deployments\/scale.apps shop\/web: .*cannot patch resource.*: grant it as kubernetes-rbac.yaml/,
    );
    server = await serve(status(403, 'pods "web" is forbidden: exceeded quota: small'));
    const error = await failure(api(server).patch(web, {}, { dryRun: false }, never));
    expect(error.message).toMatch(/exceeded quota: small \(403\)$/);
  });

  test('what is not there is undefined, or an empty list, or removed', async () => {
    const client = api(await serve(status(404, 'not found')));
    expect(await client.get(web, never)).toBeUndefined();
    expect(await client.list(web, never)).toEqual([]);
    expect(await client.pluralOf('keda.sh/v1alpha1', 'ScaledObject', never)).toBeUndefined();
    await client.remove(web, '1', never);
  });

  test('something else than JSON is asked again, not believed', async () => {
    const server = await serve((_request, response) => response.end('<html>maintenance</html>'));
    const error = await failure(api(server).get(web, never));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toContain('answers no JSON: <html>');
  });

  test('a cut connection, nobody there and silence are Unavailable', async () => {
    const cutting = await serve((request) => request.socket.destroy());
    expect(await failure(api(cutting).get(web, never))).toBeInstanceOf(Unavailable);
    const nobody = await failure(api('http://127.0.0.1:1').get(web, never));
    expect(nobody).toBeInstanceOf(Unavailable);
    expect(nobody.message).toContain('ECONNREFUSED');
    const silent = await serve(() => undefined);
    const error = await failure(api(silent, 100).get(web, never));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toMatch(/get deployments.apps shop\/web: no answer of http.* within 100ms/);
    // Headers, and then no end.
    const halting = await serve((_request, response) => {
      response.writeHead(200);
      response.write('{');
    });
    expect((await failure(api(halting, 100).get(web, never))).message).toContain('within 100ms');
  });

  test('a signal that aborts is the reason that is given', async () => {
    const silent = await serve(() => undefined);
    const stop = new AbortController();
    const asked = failure(api(silent).get(web, stop.signal));
    setTimeout(() => stop.abort(new Error('stopped')), 20);
    expect((await asked).message).toBe('stopped');
    expect((await failure(api(silent).get(web, AbortSignal.abort(new Error('before')))))?.message).toBe('before');
  });
});

describe('requests', () => {
  test('paths, queries and bodies', async () => {
    const seen: string[] = [];
    const server = await serve((request, response) => {
      const type = request.headers['content-type'];
      seen.push([request.method, request.url, type, request.body, request.headers.authorization].filter(Boolean).join(' '));
      response.setHeader('content-type', 'application/json');
      response.end('{"items": []}');
    });
    const client = api(server);
    expect(await client.namespace()).toBe('shop');
    await client.get({ ...web, sub: 'scale' }, never);
    await client.list({ group: '', version: 'v1', plural: 'pods', namespace: 'shop' }, never, 'app=web,tier in (a,b)');
    await client.patch(web, { a: 1 }, { dryRun: true }, never);
    const { name: _, ...place } = web;
    await client.create(place, { b: 2 }, never);
    await client.remove(web, '77', never);
    const bearer = 'Bearer secret-token';
    expect(seen).toEqual([
      `GET /apis/apps/v1/namespaces/shop/deployments/web/scale ${bearer}`,
      `GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb%2Ctier+in+%28a%2Cb%29 ${bearer}`,
      `PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=auspex&dryRun=All application/merge-patch+json {"a":1} ${bearer}`,
      `POST /apis/apps/v1/namespaces/shop/deployments?fieldManager=auspex application/json {"b":2} ${bearer}`,
      `DELETE /apis/apps/v1/namespaces/shop/deployments/web application/json {"preconditions":{"resourceVersion":"77"}} ${bearer}`,
    ]);
  });

  test('the kinds of a group are asked for once', async () => {
    let asked = 0;
    const server = await serve((_request, response) => {
      asked++;
      const resources = [
        { name: 'rollouts/scale', kind: 'Rollout' },
        { name: 'rollouts', kind: 'Rollout' },
      ];
      response.end(JSON.stringify({ resources }));
    });
    const client = api(server);
    expect(await client.pluralOf('argoproj.io/v1alpha1', 'Rollout', never)).toBe('rollouts');
    expect(await client.pluralOf('argoproj.io/v1alpha1', 'Rollout', never)).toBe('rollouts');
    expect(asked).toBe(1);
  });
});

describe('credentials', () => {
  const options = (given: object) => ({ kubeconfig: undefined, context: undefined, timeLimit: 1_000, ...given });

  test('none, an unknown context, a file that is not there', async () => {
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', directory);
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    const none = await failure(new KubernetesApi(options({})).get(web, never));
    expect(none).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('no credentials') });
    const file = kubeconfig('http://127.0.0.1:1');
    const unknown = await failure(new KubernetesApi(options({ kubeconfig: file, context: 'there' })).get(web, never));
    expect(unknown).toMatchObject({ code: 'CONFIG_INVALID', remedy: 'Name one of: here.' });
    const missing = await failure(new KubernetesApi(options({ kubeconfig: '/nowhere/config' })).get(web, never));
    expect(missing).toMatchObject({ code: 'CONFIG_INVALID', path: 'actuator(kubernetes).kubeconfig' });
  });

  test('KUBECONFIG is found, and a context without a namespace means default', async () => {
    vi.stubEnv('KUBECONFIG', kubeconfig('http://127.0.0.1:1', {}));
    expect(await new KubernetesApi(options({})).namespace()).toBe('default');
  });

  test('a program that gives credentials is asked, may fail, and must not hang an order', async () => {
    const server = await serve((request, response) => response.end(JSON.stringify({ metadata: { name: request.headers.authorization } })));
    const by = (script: string): KubernetesApi => {
      const file = kubeconfig(server);
      const config = JSON.parse(readFileSync(file, 'utf8'));
      const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script], interactiveMode: 'Never' };
      config.users = [{ name: 'u', user: { exec } }];
      writeFileSync(file, JSON.stringify(config));
      return new KubernetesApi(options({ kubeconfig: file, timeLimit: 300 }));
    };
    const credential = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-exec' },
    });
    expect(await by(`echo '${credential}'`).get(web, never)).toEqual({ metadata: { name: 'Bearer from-exec' } });
    expect(await failure(by('echo no access >&2; exit 1').get(web, never))).toMatchObject({
      name: 'Unavailable',
      message: expect.stringContaining('no access'),
    });
    expect((await failure(by('sleep 2').get(web, never))).message).toContain('within 300ms');
  });

  test('a file that comes later is read then', async () => {
    const file = join(directory, 'later');
    const client = new KubernetesApi(options({ kubeconfig: file }));
    await failure(client.get(web, never));
    writeFileSync(file, JSON.stringify({ contexts: [] }));
    await failure(client.get(web, never));
    const server = await serve((_request, response) => response.end('{}'));
    writeFileSync(file, readFileSync(kubeconfig(server)));
    expect(await client.get(web, never)).toEqual({});
  });

  test('without the SDK an order says what to install, and creating says nothing', async () => {
    vi.resetModules();
    vi.doMock('@kubernetes/client-node', () => {
      throw new Error('mocked');
    });
    const { peerError } = await import('@auspex/contracts');
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    expect(peerError('actuator(kubernetes)', '@kubernetes/client-node', missing)).toMatchObject({
      code: 'PLUGIN_NOT_FOUND',
      remedy: 'Run: npm install @kubernetes/client-node',
    });
    const fresh = await import('../src/kubernetes/index.ts');
    const actuator = fresh.kubernetes.create(fresh.kubernetesConfig.parse({ pools: { web: { hpa: 'web' } } }), fakeContext());
    const error = await failure(actuator.read('web', never));
    expect(error).toMatchObject({ code: expect.stringMatching(/^PLUGIN_/), message: expect.stringContaining('@kubernetes/client-node') });
  });

  test('create starts nothing', async () => {
    const actuator = kubernetes.create(kubernetesConfig.parse({ pools: { web: { hpa: 'web' } }, kubeconfig: '/nowhere' }), fakeContext());
    await actuator.close?.();
    await expect(actuator.read('web', never)).rejects.toBeInstanceOf(AuspexError);
  });
});

describe('connections', () => {
  test('are kept while the credentials are the same, and given up by close', () => {
    const agents = new Agents();
    const given = { ca: Buffer.from('a'), cert: Buffer.from('b'), key: Buffer.from('c') };
    const kept = agents.keep(new Agent(given)) as Agent;
    expect(kept.options.keepAlive).toBe(true);
    expect(agents.keep(new Agent({ ...given, cert: Buffer.from('b') }))).toBe(kept);
    const renewed = agents.keep(new Agent({ ...given, cert: Buffer.from('d') })) as Agent;
    expect(renewed).not.toBe(kept);
    expect(renewed.options.cert).toEqual(Buffer.from('d'));
    expect(agents.keep(new Agent({ ...given, cert: Buffer.from('d'), rejectUnauthorized: false }))).not.toBe(renewed);
    class ViaProxy extends Agent {}
    const proxy = new ViaProxy(given);
    expect(agents.keep(proxy)).toBe(proxy);
    expect(agents.keep(undefined)).toBeUndefined();
    const last = agents.keep(new Agent(given)) as Agent;
    const ended = vi.spyOn(last, 'destroy');
    agents.close();
    // What is kept open keeps a process alive.
    expect(ended).toHaveBeenCalledOnce();
    expect(agents.keep(new Agent(given))).not.toBe(last);
  });
});

describe('selectors', () => {
  const labels = { app: 'web', tier: 'a' };

  test('select as the API server does', () => {
    expect(selects(undefined, labels)).toBe(false);
    expect(selects({}, labels)).toBe(true);
    const one = (key: string, operator: string, values?: string[]): boolean =>
      selects({ matchExpressions: [{ key, operator, ...(values && { values }) }] }, labels);
    expect([one('app', 'In', ['web']), one('app', 'In', ['x']), one('none', 'In', ['web'])]).toEqual([true, false, false]);
    expect([one('app', 'NotIn', ['web']), one('app', 'NotIn', ['x']), one('none', 'NotIn', ['web'])]).toEqual([false, true, true]);
    expect([one('app', 'Exists'), one('none', 'Exists')]).toEqual([true, false]);
    expect([one('app', 'DoesNotExist'), one('none', 'DoesNotExist')]).toEqual([false, true]);
    expect(selects({ matchLabels: { app: 'web', tier: 'b' } }, labels)).toBe(false);
  });

  test('are written as a query', () => {
    const matchExpressions = [
      { key: 'a', operator: 'In', values: ['1', '2'] },
      { key: 'b', operator: 'NotIn', values: ['3'] },
      { key: 'c', operator: 'Exists' },
      { key: 'd', operator: 'DoesNotExist' },
    ];
    expect(selectorText({ matchLabels: { app: 'web' }, matchExpressions })).toBe('app=web,a in (1,2),b notin (3),c,!d');
  });
});

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startServer } from '../../servers/index.ts';
import { freePorts } from '../../servers/process.ts';
import { startKeda } from '../../servers/recipes/keda.ts';
import { startFakeKubelet } from '../../servers/recipes/kubernetes/fake-kubelet.ts';
import { Kube } from '../../servers/recipes/kubernetes/kube.ts';
import { SharedClock } from '../paced/clock.ts';
import { Load } from '../paced/load.ts';
import { run } from '../paced/run.ts';
import { deploy, minimum, ready, scale } from './cluster.ts';
import type { EngineArguments } from './engine.ts';
import { at, BEGIN, END, event, eventsUntil, MINUTE, SURGE_STEP } from './trace.ts';

/*
 * An evening's surge, from a Kafka topic to ready pods: Kafka, the API server with its controllers, KEDA, the engine and the lease keeper, each a
 * process, on loopback in a network namespace, in one time that is faster than the wall's. What was seen goes to stdout as one JSON line.
 */

/** Wall milliseconds to a minute, and from a pod's binding to its being ready: a controller that looks every two seconds looks every minute and a half. */
const PACE = 1_300;
const POD_READY_MS = 1_500;
const NAMESPACE = 'shop';

export interface Seen {
  /** Ready pods by deployment, whenever looked at: epoch ms in the time of the test. */
  readonly looks: readonly { readonly at: number; readonly web: number; readonly api: number }[];
  /** Replicas behind KEDA before the first order. */
  readonly idle: number;
  /** Minimum of the HPA before, in the surge, and after the engine was killed. */
  readonly before: number;
  readonly during: number;
  readonly after: { readonly units: number; readonly lease: string | undefined };
  /** Minutes from the kill to the original minimum, and to the fallback of the ScaledObject. */
  readonly restoredAfter: number | undefined;
  readonly fallbackAfter: number | undefined;
  readonly keeper: readonly string[];
  /** Last lines of the engine's log. */
  readonly said: readonly string[];
}

const folder = mkdtempSync(path.join(tmpdir(), 'auspex-kubernetes-'));
const children: ChildProcess[] = [];
const closing: (() => Promise<unknown>)[] = [];

function start(script: string, args: EngineArguments, keep: string[]): ChildProcess {
  const child = run(new URL(script, import.meta.url), [JSON.stringify(args)]);
  children.push(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      keep.push(...chunk.toString().trim().split('\n'));
      if (keep.length > 400) keep.splice(0, keep.length - 400);
    });
  }
  return child;
}

async function scenario(): Promise<Seen> {
  const [kafka, cluster] = await Promise.all([startServer('kafka', { own: true }), startServer('kubernetes', { own: true })]);
  closing.push(
    () => kafka.stop(),
    () => cluster.stop(),
  );
  const keda = await startKeda(cluster);
  closing.push(() => keda.stop());
  const kubelet = startFakeKubelet(cluster, POD_READY_MS);
  closing.push(() => kubelet.stop());
  const kube = new Kube(cluster.address, cluster.details['token']);
  const [port] = await freePorts(1);
  const listen = `127.0.0.1:${port}`;
  await deploy(kube, NAMESPACE);

  const file = path.join(folder, 'clock');
  // It stands almost still until the engine has caught up.
  const clock = SharedClock.begin(file, at(BEGIN), 10_000_000);
  const load = new Load(kafka.address, clock, { event, eventsUntil });
  await load.start();
  const args: EngineArguments = {
    clock: file,
    brokers: kafka.address,
    store: path.join(folder, 'store'),
    kubeconfig: cluster.details['kubeconfig'] as string,
    namespace: NAMESPACE,
    listen,
  };
  const said: string[] = [];
  const keeper: string[] = [];
  const before = (await minimum(kube, NAMESPACE)).units;
  const until = async (what: string, limit: number, holds: () => Promise<boolean>): Promise<void> => {
    for (const deadline = Date.now() + limit; !(await holds()); await wait(200)) {
      if (Date.now() > deadline) throw new Error(`${what} did not come: ${said.slice(-20).join('\n')}`);
    }
  };
  start('./keeper.ts', args, keeper);
  await until('the scaler', 30_000, () => answers(port as number));
  await scale(kube, NAMESPACE, listen);
  // Some looks of KEDA's: with no order it leaves the workload at nothing.
  await wait(3_000);
  const { spec } = await kube.get(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/api`);
  const engine = start('./engine.ts', args, said);
  // The first order of the present: all of the past is learnt.
  await until('the first order', 120_000, async () => (await minimum(kube, NAMESPACE)).lease !== undefined);

  await clock.go(PACE);
  const looks: Seen['looks'][number][] = [];
  let during = 0;
  while (clock.now() < at(END)) {
    const [web, api] = await Promise.all([ready(kube, NAMESPACE, 'web'), ready(kube, NAMESPACE, 'api')]);
    looks.push({ at: clock.now(), web, api });
    if (clock.now() > at(SURGE_STEP)) during = Math.max(during, (await minimum(kube, NAMESPACE)).units);
    await wait(100);
  }

  engine.kill('SIGKILL');
  const killed = clock.now();
  const minutes = (): number => (clock.now() - killed) / MINUTE;
  let [restoredAfter, fallbackAfter]: (number | undefined)[] = [];
  while (minutes() < 30 && (restoredAfter === undefined || fallbackAfter === undefined)) {
    if (restoredAfter === undefined && (await minimum(kube, NAMESPACE)).units === before) restoredAfter = minutes();
    if (fallbackAfter === undefined && (await ready(kube, NAMESPACE, 'api')) === 3) fallbackAfter = minutes();
    await wait(100);
  }
  const after = await minimum(kube, NAMESPACE);
  await load.stop();
  return { looks, idle: spec.replicas, before, during, after, restoredAfter, fallbackAfter, keeper, said: said.slice(-60) };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.end());
  });
}

try {
  process.stdout.write(`${JSON.stringify(await scenario())}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  for (const close of closing.reverse()) await close().catch((error: Error) => process.stderr.write(`${error.message}\n`));
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

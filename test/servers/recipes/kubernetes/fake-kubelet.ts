import { setTimeout as sleep } from 'node:timers/promises';
import { type Json, Kube } from './kube.ts';

/** Label of a pod that is not to serve: `ready` = it is bound and never becomes ready, `scheduled` = no node has room for it. */
export const NEVER = 'fake.test/never';

export interface FakeKubelet {
  /** Milliseconds from a pod's binding to its being ready, for those that come from now on. */
  delay: number;
  stop(): Promise<void>;
}

/** Stands in for scheduler and kubelet: binds pods, says that they are ready after a while, and removes those that are to go. */
export function startFakeKubelet(server: { address: string; details: Readonly<Record<string, string>> }, delay = 100): FakeKubelet {
  const kube = new Kube(server.address, server.details['token']);
  const due = new Map<string, number>();
  let stopped = false;
  const kubelet = {
    delay,
    async stop() {
      stopped = true;
      await running;
    },
  };
  const running = (async () => {
    while (!stopped) {
      try {
        const { items } = await kube.get('/api/v1/pods');
        await Promise.all(items.map((pod: Json) => look(pod).catch(() => undefined)));
      } catch {
        // The API server is gone for a while: tests kill it.
      }
      await sleep(50);
    }
  })();

  async function look({ metadata, spec, status }: Json): Promise<void> {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    if (metadata.deletionTimestamp) return kube.call('DELETE', path, { gracePeriodSeconds: 0 });
    const never = metadata.labels?.[NEVER];
    const says = (type: string): boolean => status.conditions?.some((condition: Json) => condition.type === type);
    if (never === 'scheduled') {
      if (says('PodScheduled')) return;
      const message = '0/3 nodes are available: 3 Insufficient cpu.';
      return tell(path, { conditions: [{ ...condition('PodScheduled', 'False'), reason: 'Unschedulable', message }] });
    }
    if (!spec.nodeName) {
      const target = { kind: 'Node', apiVersion: 'v1', name: 'fake-0' };
      due.set(metadata.uid, performance.now() + kubelet.delay);
      return kube.create(`${path}/binding`, { metadata: { name: metadata.name }, target });
    }
    if (never !== undefined || says('Ready') || performance.now() < (due.get(metadata.uid) ?? 0)) return;
    const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => condition(type, 'True'));
    const containerStatuses = spec.containers.map(({ name, image }: Json) => {
      const state = { running: { startedAt: new Date().toISOString() } };
      return { name, image, imageID: '', ready: true, restartCount: 0, started: true, state };
    });
    return tell(path, { phase: 'Running', conditions, containerStatuses });
  }

  const tell = (path: string, status: object): Promise<void> =>
    kube.call('PATCH', `${path}/status`, { status }, 'application/strategic-merge-patch+json');
  return kubelet;
}

const condition = (type: string, status: string): Json => ({ type, status, lastTransitionTime: new Date().toISOString() });

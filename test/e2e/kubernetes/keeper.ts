import { setTimeout as wait } from 'node:timers/promises';
import { keda, kedaConfig, kubernetes, kubernetesConfig } from '@auspex/actuators';
import { standaloneContext } from '@auspex/core';
import { SharedClock } from '../paced/clock.ts';
import { endWithParent } from '../paced/life.ts';
import type { EngineArguments } from './engine.ts';

/* The lease keeper in the time of the test, which also answers KEDA; `auspex keep` is the same in the wall's. */

const { clock, kubeconfig, namespace, listen } = JSON.parse(process.argv[2] as string) as EngineArguments;
const context = standaloneContext({ clock: new SharedClock(clock) });
const kept = {
  hpa: kubernetes.create(kubernetesConfig.parse({ kubeconfig, pools: { hpa: { hpa: 'web', namespace } } }), context),
  keda: keda.create(kedaConfig.parse({ kubeconfig, listen, pools: { keda: { scaledObject: 'api', namespace } } }), context),
};
endWithParent();
for (;;) {
  for (const [pool, actuator] of Object.entries(kept)) {
    const restored = await actuator.restore?.(pool, new AbortController().signal).catch((error: Error) => ({ error: error.message }));
    if (restored) process.stdout.write(`${JSON.stringify(restored)}\n`);
  }
  await wait(200);
}

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
// In a project of yours: from '@auspex/core' and '@auspex/preset'.
import { createEngine } from '../../packages/core/dist/index.js';
import { composite, haproxy, memory, ndjson, preset, processes, reactiveAllocator, use } from '../../packages/preset/dist/index.js';
import { BOOT_MINUTES, BOUNDS, PACE, WORKER_RATE } from './story.mjs';

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));
/** Durations of actuators are in the time of the story, where eight seconds are gone at once; `timeLimit` is in ours. */
const inStory = { patience: '20m' };

/** What starts workers, and what sends traffic to them: an order goes to both. */
function actuatorOf({ name, folder, portBase, socket }) {
  const leases = join(folder, name);
  const worker = {
    command: [process.execPath, WORKER],
    portBase,
    ready: { http: '/health' },
    grace: '20m',
    env: { RATE: String(WORKER_RATE), BOOT_MS: String((BOOT_MINUTES * 60_000) / PACE), STORY_PID: String(process.pid) },
  };
  return composite({
    routes: [
      {
        to: [
          use(processes, { pools: { web: worker }, onClose: 'stop', leases, ...inStory }),
          use(haproxy, { socket, pools: { web: { backend: name } }, drain: '10m', leases, ...inStory }),
        ],
      },
    ],
  });
}

/** The default engine; or one that has a reactive rule only, and is the same in all else. */
function configOf(side) {
  return preset({
    // A request that waits its turn is logged half a minute later.
    lateness: '45s',
    sources: [use(ndjson, { files: [side.logFile], follow: true, poll: '15s' })],
    store: use(memory),
    pools: [
      {
        id: 'web',
        unitRate: WORKER_RATE,
        leadTime: `${BOOT_MINUTES + 2}m`,
        // Nobody else scales these workers.
        control: 'full',
        ...BOUNDS,
        actuator: use(actuatorOf(side)),
      },
    ],
    ...(side.name === 'reactive' && { predictors: [], allocate: use(reactiveAllocator) }),
  });
}

/**
 * A live engine, embedded.
 *
 * @param side `name` of the backend, `logFile`, `folder` for leases, `portBase` of the workers, `socket` of HAProxy
 * @param onReceipt told what the pool holds, after each order
 */
export async function startEngine(side, clock, onReceipt) {
  const engine = createEngine(configOf(side), {
    mode: 'live',
    host: { clock, logger: loggerOf(side.name) },
    onJournal: (line) => {
      const record = JSON.parse(line);
      if (record.type === 'receipt') onReceipt(record.receipt, record.step);
    },
  });
  await engine.start();
  const ran = engine.run();
  return {
    ran,
    async stop() {
      engine.stop();
      await ran.catch(() => undefined);
      // Ends the workers, too: `onClose: stop`.
      await engine.close();
    },
  };
}

/** Problems only. */
function loggerOf(name) {
  const say = (fields, message) => process.stderr.write(`${name}: ${message} ${JSON.stringify(fields)}\n`);
  return { debug() {}, info() {}, warn: process.env.AUSPEX_LOG ? say : () => undefined, error: say };
}

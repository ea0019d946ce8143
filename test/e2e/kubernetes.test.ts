import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { has } from '../servers/process.ts';
import { kafkaFiles } from '../servers/recipes/kafka.ts';
import { kedaFiles } from '../servers/recipes/keda.ts';
import { kubelite } from '../servers/recipes/kubernetes.ts';
import type { Seen } from './kubernetes/scenario.ts';
import { at, BEGIN, MINUTE, needed, SURGE_STEP } from './kubernetes/trace.ts';

/*
 * From a Kafka topic to ready pods, through KEDA and through an HPA's minimum, with the real servers; see kubernetes/scenario.ts. All of it runs in a
 * network namespace, since KEDA's adapter listens on every address there is.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCENARIO = fileURLToPath(new URL('./kubernetes/scenario.ts', import.meta.url));
/** As another user than root it takes a namespace of users, too. */
const NAMESPACE = process.getuid?.() === 0 ? ['-n'] : ['-rn'];
const LOOPBACK = ['sh', '-c', 'ip link set lo up && exec "$@"', 'inside'];
/** Minutes that the surge is looked at. */
const LOOKED = 9;

let seen: Seen | undefined;

beforeAll(async () => {
  if (!(await has('unshare', ...NAMESPACE, ...LOOPBACK, 'true'))) {
    if (process.env['CI'] === 'true') throw new Error('unshare -n and ip are needed for a network namespace');
    process.stderr.write('skipped: no network namespace can be made here (unshare, ip)\n');
    return;
  }
  // Here, where there is a network: in the namespace there is none to take them from.
  await Promise.all([kafkaFiles(), kubelite()]);
  await kedaFiles();
  const node = [process.execPath, '--conditions=source', '--import', import.meta.resolve('tsx'), SCENARIO];
  const env = { ...process.env, TSX_TSCONFIG_PATH: `${ROOT}/tsconfig.test.json`, NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)('unshare', [...NAMESPACE, ...LOOPBACK, ...node], { env, maxBuffer: 1 << 26 });
  seen = JSON.parse(stdout) as Seen;
  // The first time the API server and KEDA are built: half an hour.
}, 3_600_000);

describe.for(['web', 'api'] as const)('a surge in a Kafka topic, for the deployment %s', (name) => {
  it('ends as ready pods before demand arrives', ({ skip }) => {
    if (!seen) return skip('no network namespace');
    const story = seen.said.join('\n');
    const looks = seen.looks.map((look) => ({ minute: (look.at - at(SURGE_STEP)) / MINUTE, ready: look[name] }));
    const before = looks.filter(({ minute }) => minute > BEGIN - SURGE_STEP + 5 && minute < -12);
    const most = needed(SURGE_STEP);
    expect(before.length, story).toBeGreaterThan(10);
    // What the surge needs was not there all along.
    expect(Math.max(...before.map(({ ready }) => ready)), story).toBeLessThan(most);
    for (let minute = 0; minute < LOOKED; minute++) {
      const then = looks.filter((look) => look.minute >= minute && look.minute < minute + 1);
      expect(then.length, story).toBeGreaterThan(0);
      expect(Math.min(...then.map(({ ready }) => ready)), `minute ${minute} of the surge: ${story}`).toBeGreaterThanOrEqual(
        needed(SURGE_STEP + minute),
      );
    }
  });
});

it('behind KEDA the pods come from nothing, ahead of time', ({ skip }) => {
  if (!seen) return skip('no network namespace');
  expect(seen.idle).toBe(0);
  expect(seen.looks.filter(({ at: then }) => then < at(SURGE_STEP - 10)).some(({ api }) => api > 0)).toBe(true);
});

describe('when the engine is killed', () => {
  it('the lease keeper brings the original minimum back within two cycles of its expiry', ({ skip }) => {
    if (!seen) return skip('no network namespace');
    expect(seen.before).toBe(2);
    expect(seen.during).toBeGreaterThanOrEqual(needed(SURGE_STEP));
    expect(seen.after).toEqual({ units: 2 });
    // A floor holds for two cycles from its step on; the order was up to one old.
    expect(seen.restoredAfter).toBeLessThan(4);
    expect(seen.keeper.filter((line) => line.includes('"pool":"hpa"'))).toHaveLength(1);
  });

  it('KEDA goes to the fallback of the ScaledObject: the metric is absent, not repeated', ({ skip }) => {
    if (!seen) return skip('no network namespace');
    expect(seen.fallbackAfter).toBeLessThan(15);
    expect(seen.keeper.find((line) => line.includes('"pool":"keda"'))).toContain('"units":0');
  });
});

import type { Actuator, Clock, Order, PluginContext } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { externalMetrics } from '@auspex/preset';
import { fakeContext } from '@auspex/testkit';
import { expect, test } from 'vitest';
import { makeAwsCase } from '../../packages/actuators/test/fakes/aws.ts';
import type { ActuatorCase } from '../../packages/actuators/test/fakes/case.ts';
import { makeMetricCase } from '../../packages/actuators/test/fakes/external-metrics.ts';
import { makeHaproxyCase } from '../../packages/actuators/test/fakes/haproxy.ts';
import { makeKedaCase } from '../../packages/actuators/test/fakes/keda.ts';
import { makeKubernetesCase } from '../../packages/actuators/test/fakes/kubernetes.ts';
import { makeMemoryCase } from '../../packages/actuators/test/fakes/memory.ts';
import { makeProcessCase } from '../../packages/actuators/test/fakes/process.ts';
import { makeRedfishCase } from '../../packages/actuators/test/fakes/redfish.ts';
import { makeSystemdCase } from '../../packages/actuators/test/fakes/systemd.ts';
import { makeTrafficControlCase } from '../../packages/actuators/test/fakes/traffic-control.ts';
import { makeWebhookCase } from '../../packages/actuators/test/fakes/webhook.ts';
import { GUARDS } from '../../packages/core/src/guards/all.ts';
import { type GuardLimits, type GuardView, runGuards } from '../../packages/core/src/guards/guard.ts';
import { ActuateStage } from '../../packages/core/src/stages/actuate.ts';
import { Failures } from '../../packages/core/src/stages/failures.ts';

/*
 * Nothing is ever set below its floor or above its ceiling. Guards and the engine's own look at an order, then each actuator, over a target in
 * memory that fails at random, are driven with hostile decisions; half of the orders pass the engine by and go to the actuator as they are. A keeper
 * ends floors in between.
 */

const DECISIONS = 6_300;
const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 0, 5);
const [MIN, MAX] = [2, 12];
const POOLS = ['web', 'api'] as const;
const never = new AbortController().signal;

const metricsOptions = { tls: { certificate: 'a', key: 'b' }, pools: { web: { hpa: 'web' }, api: { hpa: 'api' } } };
const CASES: Readonly<Record<string, () => ActuatorCase>> = {
  'the shared room': () => makeMemoryCase(),
  'kubernetes, HPA': () => makeKubernetesCase('hpa'),
  'kubernetes, ScaledObject': () => makeKubernetesCase('scaledObject'),
  'kubernetes, scale': () => makeKubernetesCase('scale'),
  keda: () => makeKedaCase(),
  'external-metrics': () => makeMetricCase(externalMetrics, metricsOptions),
  'aws, group, minimum': () => makeAwsCase('group', 'min'),
  'aws, group, desired': () => makeAwsCase('group', 'desired'),
  'aws, service, minimum': () => makeAwsCase('service', 'min'),
  'aws, service, desired': () => makeAwsCase('service', 'desired'),
  webhook: () => makeWebhookCase(),
  haproxy: () => makeHaproxyCase(),
  redfish: () => makeRedfishCase(),
  process: () => makeProcessCase(),
  systemd: () => makeSystemdCase(),
  'traffic-control': () => makeTrafficControlCase(),
};

/** Time passes when it is moved, and when somebody sleeps. */
class FastClock implements Clock {
  at = BEGIN;
  now(): number {
    return this.at;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.at += ms;
  }
}

/** Numbers as a bug, a bit flip or an attacker would have them. */
function hostileNumber(random: SeededRandom): number {
  const odd = [Number.NaN, Infinity, -Infinity, -1, 0, 1, MIN - 1, MAX + 1, 2.5, 1e9, 2 ** 53, -0, MIN, MAX, 7.000001];
  return random.next() < 0.4 ? (odd[Math.floor(random.next() * odd.length)] as number) : Math.floor(random.next() * (MAX + 6)) - 2;
}

function view(random: SeededRandom, step: number): GuardView {
  return {
    step,
    previous: hostileNumber(random),
    min: MIN,
    max: MAX,
    proposals: Array.from({ length: 3 }, (_, n) => ({ step: step - n * MINUTE, units: hostileNumber(random) })),
    lastChange: random.next() < 0.5 ? undefined : step - Math.floor(random.next() * 10) * MINUTE,
    control: random.next() < 0.5 ? 'floor' : 'full',
    calm: random.next() < 0.5 ? [] : [{ step, units: hostileNumber(random) }],
    blocked: random.next() < 0.8 ? undefined : 'a rollout is under way',
    freeze: random.next() < 0.9 ? undefined : { hold: random.next() < 0.5 ? 'all' : 'in', until: step + MINUTE, why: 'a sale' },
    cap: random.next() < 0.8 ? undefined : { units: hostileNumber(random), until: step + MINUTE, probability: 0.9, text: 'few sources' },
    hold:
      random.next() < 0.9
        ? undefined
        : { kind: random.next() < 0.5 ? 'pin' : 'freeze', units: hostileNumber(random), until: step + MINUTE, by: 'me', reason: 'a test' },
  };
}

const LIMITS: GuardLimits = {
  stabilisationMs: 5 * MINUTE,
  cooldownMs: 2 * MINUTE,
  maxUp: 5,
  maxDown: 5,
  calmMs: 3 * MINUTE,
  maxDownShare: 0.1,
};

interface Told {
  /** What a keeper set back, as `pool units`: originals may lie outside the bounds. */
  readonly broughtBack: Set<string>;
  applied: number;
  refused: number;
  rejected: number;
}

async function drive(subject: ActuatorCase, seed: string): Promise<Told> {
  const random = new SeededRandom(seed);
  const clock = new FastClock();
  const context: PluginContext = fakeContext({ clock });
  const options = subject.plugin.config.parse(subject.with ?? {}) as never;
  const make = (): Actuator => subject.plugin.create(options, context);
  let actuator = make();
  const forwarded: Actuator = { actuate: (...given) => actuator.actuate(...given), read: (...given) => actuator.read(...given) };
  const failures = new Failures({}, context.logger, context.meter);
  const slot = { name: subject.plugin.id, target: forwarded };
  const stage = new ActuateStage(new Map(POOLS.map((pool) => [pool, slot])), failures, Number.POSITIVE_INFINITY);
  const told: Told = { broughtBack: new Set(), applied: 0, refused: 0, rejected: 0 };
  let [step, epoch] = [BEGIN, 1];
  for (let n = 0; n < DECISIONS; n++) {
    // Time goes on, now and then backwards; leaders change; the target fails, and a crash makes a new instance.
    step += random.next() < 0.9 ? MINUTE : -Math.floor(random.next() * 5) * MINUTE;
    clock.at = Math.max(clock.at, step);
    if (random.next() < 0.01) epoch++;
    if (random.next() < 0.05) await subject.target.fail?.(random.next() < 0.3);
    if (random.next() < 0.02) actuator = make();
    const pool = POOLS[random.next() < 0.5 ? 0 : 1];
    if (subject.plugin.capabilities.lease === 'keeper' && random.next() < 0.03) {
      const restored = await make()
        .restore?.(pool, never)
        .catch(() => undefined);
      if (restored) told.broughtBack.add(`${pool} ${restored.units}`);
    }
    const proposed = hostileNumber(random);
    const guarded = runGuards(GUARDS, proposed, view(random, step), LIMITS).units;
    const past = random.next() < 0.5;
    const order: Order = {
      key: `${pool}@${n}`,
      pool,
      pop: '*',
      // Past the engine: as it was proposed.
      units: past ? proposed : guarded,
      min: MIN,
      max: MAX,
      epoch: random.next() < 0.1 ? epoch - 1 : epoch,
      shadow: random.next() < 0.05,
      step,
      ...(random.next() < 0.6 ? { expires: step + (Math.floor(random.next() * 6) - 1) * MINUTE } : {}),
    };
    if (!past) expect(order.units, `the guards let ${proposed} through as ${guarded}`).toSatisfy(inside);
    try {
      const receipt = past ? await actuator.actuate(order, never) : await stage.actuate(order, never);
      if (receipt.status === 'applied') told.applied++;
      else told.refused++;
    } catch {
      told.rejected++;
    }
  }
  // Whatever it went through, it does its work afterwards.
  await subject.target.fail?.(false);
  clock.at += 7 * 24 * 60 * MINUTE;
  // Hosts and servers go one after another, and what was found changed is left alone for an hour first.
  for (const [n, units] of [5, ...Array.from({ length: 60 }, () => 9)].entries()) {
    const good = {
      ...{ key: `web@good${n}`, pool: 'web', pop: '*', units, min: MIN, max: MAX },
      ...{ epoch: epoch + 1, shadow: false, step: clock.at },
    };
    await stage.actuate(good, never);
    await subject.target.settle('web');
    clock.at += 5 * MINUTE;
  }
  const { units } = await subject.target.state('web');
  expect(units, 'after all of it a plain order').toBe(9);
  return told;
}

const inside = (units: number): boolean => Number.isInteger(units) && units >= MIN && units <= MAX;

test.each(Object.entries(CASES))('%s: nothing is ever set below its floor or above its ceiling', async (name, make) => {
  const subject = make();
  try {
    const told = await drive(subject, name);
    // On the way up from fewer than the floor, as from nothing, units may come one by one.
    const reached = new Set<string>();
    const outside = subject.written.filter(({ pool, units }) => {
      if (units >= MIN) reached.add(pool);
      return !(inside(units) || told.broughtBack.has(`${pool} ${units}`) || (!reached.has(pool) && Number.isInteger(units) && units >= 0));
    });
    expect(outside.slice(0, 5)).toEqual([]);
    // It was no test of a target that nobody reached.
    expect(told.applied, JSON.stringify(told)).toBeGreaterThan(DECISIONS / 20);
    expect(subject.written.length).toBeGreaterThan(DECISIONS / 100);
  } finally {
    await subject.close?.();
  }
});

test('all of them are driven with at least a hundred thousand decisions', () => {
  expect(Object.keys(CASES).length * DECISIONS).toBeGreaterThanOrEqual(100_000);
});

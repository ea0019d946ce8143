import type { Actuator } from '@auspex/contracts';
import { createEngine, makePools, readForecast, use, VirtualClock } from '@auspex/core';
import { ClosedLoop, closedLoopConfig, noStore } from '@auspex/evaluate';
import { SeededRandom } from '@auspex/numerics';
import { hmmRegime, preset, seasonal } from '@auspex/preset';
import { beforeAll, describe, expect, it } from 'vitest';
import { counted, T0 } from './world.ts';

const STEP = 300_000;
const DAY = 288;
const WEEK = 7 * DAY;
const HALF_HOUR = 6;
/** A unit serves 300 requests a step, so a peak of 9,600 takes 32. */
const AMPLE = 60;
const CAPPED = 16;
/** An order of now serves the third step from now, after a lead time of ten minutes. */
const AHEAD = 3;

interface World {
  /** Weeks before the one with the shortage. */
  readonly weeks: number;
  /** Demand of the half hour, as a multiple. */
  readonly burst?: number;
  /** Units in the half hour. */
  readonly units?: number;
  readonly marked?: boolean;
  /** The half hour is missing from the trace. */
  readonly gap?: boolean;
}

interface Seen {
  /** For each step of the half hour a week later: the pool's median, made one lead time before, and what the profile expects. */
  readonly medians: number[];
  readonly profile: number[];
  throttled: number;
  retried: number;
}

/** The half hour begins with Wednesday's peak. */
const peakOf = ({ weeks }: World): number => weeks * WEEK + 2 * DAY + 180;
const inHalfHour = (i: number, from: number): boolean => i >= from && i < from + HALF_HOUR;

/** Requests a step: a day, a weekend, 3 % of noise; -1 = missing. */
function demand(world: World): number[] {
  const random = new SeededRandom(11);
  const peak = peakOf(world);
  return Array.from({ length: peak + WEEK + HALF_HOUR + 1 }, (_, i) => {
    const day = 1 - 0.6 * Math.cos((2 * Math.PI * ((i % DAY) - 36)) / DAY);
    const week = i % WEEK >= 5 * DAY ? 0.7 : 1;
    const count = Math.round(6000 * day * week * (1 + 0.03 * random.normal()));
    if (!inHalfHour(i, peak)) return count;
    return world.gap ? -1 : Math.round((world.burst ?? 1) * count);
  });
}

async function live(world: World): Promise<Seen> {
  const peak = peakOf(world);
  const clock = new VirtualClock();
  const units = (step: number): number => (inHalfHour((step - T0) / STEP, peak) ? (world.units ?? AMPLE) : AMPLE);
  const actuator: Actuator = {
    read: async () => ({ units: units(clock.now()), ready: units(clock.now()) }),
    actuate: async ({ key, pool }) => ({ key, pool, status: 'applied', units: units(clock.now()), ready: units(clock.now()) }),
  };
  await using engine = createEngine(
    preset({
      sources: [use(counted(demand(world), STEP))],
      step: '5m',
      lateness: '0s',
      predictors: [use(seasonal), { ...use(hmmRegime), for: 'pools' }],
      pools: [{ id: 'web', unitRate: 1, leadTime: '10m', max: AMPLE }],
      store: use(noStore),
    }),
    { mode: 'replay', host: { clock, actuators: new Map([['web', actuator]]) } },
  );
  const loop = new ClosedLoop({
    stepMs: STEP,
    pools: makePools(engine.settings),
    capacity: (_, step) => units(step),
    options: closedLoopConfig.parse({ marked: world.marked ?? true }),
  });
  const result: Seen = { medians: [], profile: [], throttled: 0, retried: 0 };
  const later = (step: number): boolean => inHalfHour((step - T0) / STEP, peak + WEEK);
  engine.hooks.usage.tap('world', (usage, step) => {
    const seen = loop.reshape(step, usage);
    for (const each of seen) {
      result.throttled += each.throttled;
      result.retried += each.retried;
    }
    return seen;
  });
  engine.hooks.forecast.tap('test', (forecast) => {
    if (forecast.series === 'pool:web' && later(forecast.origin + (AHEAD - 1) * STEP))
      result.medians.push(readForecast(forecast, AHEAD, 0.5));
  });
  engine.hooks.decided.tap('test', ({ step, surges }) => {
    // A surge's expected rate is the profile's for the step that has just closed.
    if (later(step - STEP)) result.profile.push(surges[0]?.expected ?? Number.NaN);
  });
  await engine.start();
  await engine.run();
  return result;
}

/** Largest relative difference of two runs of steps, %. */
function apart(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => 100 * Math.abs((b[i] as number) / value - 1)));
}

function differences(name: string, a: Seen, b: Seen): { medians: number; profile: number } {
  const found = { medians: apart(a.medians, b.medians), profile: apart(a.profile, b.profile) };
  if (process.env['AUSPEX_FIGURES'])
    process.stdout.write(`${name}: median ${found.medians.toFixed(2)} %, profile ${found.profile.toFixed(2)} %
`);
  return found;
}

const SHORTAGES: readonly (readonly [string, Omit<World, 'weeks'>])[] = [
  ['capacity capped below demand, retries marked', { units: CAPPED }],
  ['capacity capped below demand, retries that look like first attempts', { units: CAPPED, marked: false }],
  ['three times the demand, retries marked', { burst: 3 }],
  ['three times the demand, retries that look like first attempts', { burst: 3, marked: false }],
];

/** The law of DESIGN §3, with the default engine in a closed loop. */
describe('a week after a saturated half hour', () => {
  let ample: Seen;
  let gap: Seen;
  beforeAll(async () => {
    ample = await live({ weeks: 1 });
    gap = await live({ weeks: 1, gap: true });
  });

  it('begins with a week that saw no shortage', () => {
    expect(ample.medians).toHaveLength(HALF_HOUR);
    expect(ample.profile).toHaveLength(HALF_HOUR);
    expect([...ample.medians, ...ample.profile].every((rate) => rate > 20)).toBe(true);
    expect(ample).toMatchObject({ throttled: 0, retried: 0 });
  });

  it.each(SHORTAGES)(
    'the forecast differs by less than 2 %, and nothing was learnt but that something is missing: %s',
    async (name, world) => {
      const seen = await live({ weeks: 1, ...world });
      expect(seen.throttled).toBeGreaterThan(2000);
      expect(seen.retried > 0).toBe(world.marked ?? true);
      expect(differences(`second week, ${name}, against ample`, ample, seen).medians).toBeLessThan(2);
      // What was measured in the half hour tells as little as a gap: what is left are the retries after it, and that
      // steps with many of them are hidden too. A profile of two weeks moves by more than 2 % for the gap alone.
      const own = differences(`second week, ${name}, against a gap`, gap, seen);
      expect(own.medians).toBeLessThan(0.5);
      expect(own.profile).toBeLessThan(1);
    },
  );

  it('the profile differs by less than 2 % too, once it knows the week', async () => {
    const settled = await live({ weeks: 3 });
    for (const [name, world] of SHORTAGES.slice(1, 3)) {
      const seen = await live({ weeks: 3, ...world });
      const { medians, profile } = differences(`fourth week, ${name}, against ample`, settled, seen);
      expect(medians).toBeLessThan(2);
      expect(profile).toBeLessThan(2);
    }
  });
});

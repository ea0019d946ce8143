import { type BehaviorProfile, defineProfiler, type GroupInfo, type GroupStep, type Profiler, type Share } from '@auspex/contracts';
import { z } from 'zod';
import { decode, encode, HOURS, type State, TALLIES } from './state.ts';
import { hourOfWeek } from './zone.ts';

const options = z.strictObject({
  weeks: z.number().positive().default(4).describe('Weeks after which a step counts half as much. Default 4.'),
  sensitivity: z.number().positive().default(1).describe('Multiplies what is a surge of a group. Default 1.'),
});

/** Keys that are kept of each tally, and letters of a key: a profile has to fit into four kilobytes. */
const MOST_KEYS = 6;
const MOST_LETTERS = 24;

/** Keeps a fading mean for each hour of the local week. State is data; nothing is kept on the instance, which serves every group. */
class WeekProfiler implements Profiler<State> {
  readonly #options: z.output<typeof options>;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  begin({ id, zone, stepMs }: GroupInfo): State {
    const tallies = TALLIES.map(() => new Map<string, number>());
    return { group: id, zone, stepMs, steps: 0, last: -1, rates: new Float32Array(HOURS), weights: new Float32Array(HOURS), tallies };
  }

  fold(state: State, { step, truth, usage }: GroupStep): State {
    // A replay after a crash MUST fold nothing twice.
    if (step <= state.last) return state;
    state.last = step;
    state.steps++;
    // Not zero: nothing is known of it. And what capacity hid is no habit.
    if (truth !== 'observed') return state;
    const hour = hourOfWeek(state.zone, step);
    const rate = (usage.reduce((sum, one) => sum + one.offered, 0) * 1_000) / state.stepMs;
    const fade = 0.5 ** (state.stepMs / 3_600_000 / this.#options.weeks);
    const weight = (state.weights[hour] ?? 0) * fade + 1;
    state.weights[hour] = weight;
    state.rates[hour] = (state.rates[hour] ?? 0) + (rate - (state.rates[hour] ?? 0)) / weight;
    // Numbers are taken out of the usage; it MUST NOT be kept or changed.
    for (const [i, name] of TALLIES.entries()) {
      const counted = state.tallies[i] as Map<string, number>;
      for (const one of usage) {
        if (name === 'pops') add(counted, one.pop, one.offered);
        else for (const [key, count] of one[name].counts) add(counted, key, count);
      }
      state.tallies[i] = new Map(heaviest(counted));
    }
    return state;
  }

  /** Cheap: it is asked for every group and step. */
  expected(state: State, at: number): number | undefined {
    return expectedIn(state, hourOfWeek(state.zone, at));
  }

  sensitivity(): number {
    return this.#options.sensitivity;
  }

  profile(state: State): BehaviorProfile {
    const weekly = Array.from({ length: HOURS }, (_, hour) => 60 * (expectedIn(state, hour) ?? 0));
    const perMinute = weekly.reduce((sum, rate) => sum + rate, 0) / HOURS;
    const peaks = weekly
      .map((rate, hour) => ({ day: Math.floor(hour / 24), hour: hour % 24, perMinute: rate }))
      .sort((a, b) => b.perMinute - a.perMinute)
      .slice(0, 3);
    const [resources = [], features = [], countries = [], accessLevels = [], pops = []] = state.tallies.map(shares);
    return {
      group: state.group,
      zone: state.zone,
      measure: 'requests',
      steps: state.steps,
      lastStep: state.last,
      perMinute,
      perHour: 60 * perMinute,
      weekly,
      peaks,
      resources,
      features,
      countries,
      accessLevels,
      // Distinct users are in `usage.users`, a sketch; this one does not count them.
      users: { today: 0, usualDay: 0 },
      pops,
      correlated: [],
      sensitivity: this.#options.sensitivity,
    };
  }

  encode(state: State): Uint8Array {
    return encode(state);
  }

  decode(bytes: Uint8Array): State {
    return decode(bytes);
  }
}

/** The mean of an hour of the week; where it was never seen, that of the same hour of other days. */
function expectedIn({ rates, weights }: State, hour: number): number | undefined {
  if ((weights[hour] ?? 0) > 0) return rates[hour];
  const others = Array.from({ length: 7 }, (_, day) => day * 24 + (hour % 24)).filter((other) => (weights[other] ?? 0) > 0);
  return others.length === 0 ? undefined : others.reduce((sum, other) => sum + (rates[other] ?? 0), 0) / others.length;
}

function add(counts: Map<string, number>, name: string, count: number): void {
  const key = name.slice(0, MOST_LETTERS);
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** In an order that does not depend on the one in which they came. */
function heaviest(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_KEYS);
}

function shares(counts: ReadonlyMap<string, number>): Share[] {
  const sum = [...counts.values()].reduce((total, count) => total + count, 0);
  return [...counts].map(([key, count]) => ({ key, share: sum === 0 ? 0 : count / sum }));
}

/** The profiler `__ID__`. */
export const __VALUE__ = defineProfiler({
  id: '__ID__',
  summary: 'Keeps a fading mean for each hour of the local week.',
  config: options,
  create: (given) => new WeekProfiler(given),
});

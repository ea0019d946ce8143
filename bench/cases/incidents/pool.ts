// What is ordinary about a pool: its height, the shape of its days and weeks, its noise, and the mix of what is asked for.
import { SeededRandom } from '../../../packages/numerics/src/index.ts';

export const MINUTE = 60_000;
export const DAY = 86_400_000;
export const WEEK = 7 * DAY;

/** Shares by name; they add up to 1. */
export type Mix = ReadonlyMap<string, number>;

/** All that is drawn of a pool once. */
export interface PoolWorld {
  readonly id: string;
  readonly from: number;
  /** Mean requests a minute. */
  readonly level: number;
  /** By minute of the day: factor of the level, mean about 1. */
  readonly day: Float64Array;
  /** By day of the week. */
  readonly week: readonly number[];
  /** Growth a week. */
  readonly growth: number;
  /** Days, counted from the first, on which few come, and how few. */
  readonly holidays: ReadonlyMap<number, number>;
  /** Deviation of noise that lasts, of noise that does not, and how much of the first stays from minute to minute. */
  readonly lasting: number;
  readonly fresh: number;
  readonly stay: number;
  readonly mixes: { readonly [K in Attribute]: Mix };
  readonly failing: number;
  readonly bytes: number;
  /** Requests of a user in a minute. */
  readonly perUser: number;
}

export const ATTRIBUTES = ['resource', 'feature', 'country', 'accessLevel', 'kind'] as const;
export type Attribute = (typeof ATTRIBUTES)[number];

const uniform = (random: SeededRandom, low: number, high: number): number => low + (high - low) * random.next();

/** @param seed names all that is drawn */
export function poolWorld(id: string, from: number, days: number, seed: string): PoolWorld {
  const random = new SeededRandom(seed);
  const weekend = uniform(random, 0.5, 1.15);
  return {
    id,
    from,
    level: Math.exp(uniform(random, Math.log(120), Math.log(6000))),
    day: dayOf(random),
    week: [1, 1, 1, 1, uniform(random, 0.9, 1.1), weekend, weekend * uniform(random, 0.85, 1.1)],
    growth: uniform(random, -0.02, 0.04),
    holidays: new Map(
      Array.from({ length: days }, (_, day) => [day, uniform(random, 0.55, 0.9)] as const).filter(() => random.next() < 1 / 28),
    ),
    lasting: uniform(random, 0.02, 0.06),
    fresh: uniform(random, 0.005, 0.05),
    stay: uniform(random, 0.8, 0.98),
    mixes: {
      resource: zipf(random, 6 + random.below(10), (n) => `/r/${n}`),
      feature: zipf(random, 2 + random.below(4), (n) => `feature-${n}`),
      country: zipf(random, 3 + random.below(5), (n) => ['DE', 'FR', 'US', 'GB', 'PL', 'ES', 'IT', 'NL'][n] as string),
      accessLevel: zipf(random, 3, (n) => ['free', 'paid', 'admin'][n] as string),
      kind: new Map([
        ['request', 0.97],
        ['sign-in', 0.025],
        ['sign-in-failure', 0.005],
      ]),
    },
    failing: uniform(random, 0.0005, 0.01),
    bytes: Math.exp(uniform(random, Math.log(2e3), Math.log(5e4))),
    perUser: uniform(random, 8, 30),
  };
}

/** Two waves: the day, and what is special about its middle. */
function dayOf(random: SeededRandom): Float64Array {
  const [first, second] = [uniform(random, 0.2, 0.7), uniform(random, 0, 0.2)];
  const [at, then] = [random.next(), random.next()];
  return Float64Array.from({ length: 1440 }, (_, minute) => {
    const x = minute / 1440;
    return Math.max(0.05, 1 + first * Math.cos(2 * Math.PI * (x - at)) + second * Math.cos(4 * Math.PI * (x - then)));
  });
}

function zipf(random: SeededRandom, count: number, name: (n: number) => string): Mix {
  const power = uniform(random, 0.7, 1.4);
  const weights = Array.from({ length: count }, (_, n) => (n + 1) ** -power * Math.exp(0.2 * random.normal()));
  const sum = weights.reduce((a, b) => a + b, 0);
  return new Map(weights.map((weight, n) => [name(n), weight / sum]));
}

/** Requests a minute that are to be expected at a time. */
export function usualAt({ from, level, day, week, growth, holidays }: PoolWorld, at: number): number {
  const index = Math.floor((at - from) / DAY);
  const minute = Math.floor((at % DAY) / MINUTE);
  // 1970-01-01 was a Thursday.
  const weekday = (Math.floor(at / DAY) + 3) % 7;
  const trend = (1 + growth) ** ((at - from) / WEEK);
  return level * (day[minute] as number) * (week[weekday] as number) * trend * (holidays.get(index) ?? 1);
}

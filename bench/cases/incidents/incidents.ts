// What goes wrong: kinds of incidents, how long each lasts, and what it does to a minute.
import type { SeededRandom } from '../../../packages/numerics/src/index.ts';
import type { Mix, PoolWorld } from './pool.ts';
import { DAY, MINUTE } from './pool.ts';

/** What a minute is made of, before it is drawn. */
export interface Minute {
  /** Requests, before noise. */
  usual: number;
  /** Factor on it. */
  factor: number;
  resource: Mix;
  country: Mix;
  failing: number;
  /** The same count as before, whatever comes: a source that repeats itself. */
  stuck: boolean;
}

export interface Incident {
  readonly kind: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** @param n minutes since it began */
  readonly apply: (minute: Minute, n: number) => void;
}

interface Kind {
  readonly minutes: readonly [least: number, most: number];
  readonly make: (random: SeededRandom, world: PoolWorld, minutes: number) => Incident['apply'];
}

const between = (random: SeededRandom, low: number, high: number): number => low + (high - low) * random.next();
/** From 0 to 1 within some minutes. */
const ramp = (n: number, minutes: number): number => Math.min(1, (n + 1) / minutes);

const KINDS: Readonly<Record<string, Kind>> = {
  drop: {
    minutes: [15, 90],
    make: (random) => {
      const left = between(random, 0.02, 0.5);
      return (minute) => {
        minute.factor *= left;
      };
    },
  },
  surge: {
    minutes: [20, 120],
    make: (random) => {
      const [more, within] = [between(random, 0.6, 2), 1 + random.below(10)];
      return (minute, n) => {
        minute.factor *= 1 + more * ramp(n, within);
      };
    },
  },
  leak: {
    minutes: [240, 480],
    make: (random, _, minutes) => {
      const [sign, most] = [random.next() < 0.7 ? 1 : -1, between(random, 0.5, 1)];
      return (minute, n) => {
        const grown = 1 + most * ramp(n, 0.7 * minutes);
        minute.factor *= sign > 0 ? grown : 1 / grown;
      };
    },
  },
  stuck: {
    minutes: [45, 180],
    make: () => (minute) => {
      minute.stuck = true;
    },
  },
  spikes: {
    minutes: [60, 150],
    make: (random) => {
      const [more, every] = [between(random, 0.8, 2), 4 + random.below(8)];
      return (minute, n) => {
        if (n % every === 0) minute.factor *= 1 + more;
      };
    },
  },
  mix: {
    minutes: [30, 120],
    make: (random, { mixes }) => {
      const [share, rare] = [between(random, 0.15, 0.5), [...mixes.resource.keys()].at(-1 - random.below(3)) as string];
      const isNew = random.next() < 0.3;
      return (minute) => {
        minute.resource = takenOver(minute.resource, isNew ? '/wp-login' : rare, share);
      };
    },
  },
  country: {
    minutes: [30, 120],
    make: (random) => {
      const share = between(random, 0.15, 0.4);
      return (minute) => {
        minute.country = takenOver(minute.country, 'KP', share);
      };
    },
  },
  failing: {
    minutes: [15, 90],
    make: (random) => {
      const share = between(random, 0.06, 0.4);
      return (minute) => {
        minute.failing = Math.min(1, minute.failing + share);
      };
    },
  },
  gone: {
    minutes: [20, 120],
    make: (random, { mixes }) => {
      const [name] = [...mixes.resource.keys()].slice(random.below(3));
      return (minute) => {
        const share = minute.resource.get(name as string) ?? 0;
        minute.factor *= 1 - share;
        minute.resource = takenOver(minute.resource, name as string, 0);
      };
    },
  },
};

export const KIND_NAMES: readonly string[] = Object.keys(KINDS);

/** A mix in which one has this share, and the others share the rest as before. */
function takenOver(mix: Mix, name: string, share: number): Mix {
  const rest = 1 - (mix.get(name) ?? 0);
  return new Map([
    ...[...mix].map(([each, own]) => [each, each === name ? share : (own / rest) * (1 - share)] as const),
    ...(mix.has(name) ? [] : [[name, share] as const]),
  ]);
}

/** One incident of each kind in random order, each within a span of its own, so that what one leaves behind is over before the next. */
export function drawIncidents(world: PoolWorld, from: number, to: number, random: SeededRandom): Incident[] {
  const order = KIND_NAMES.map((kind) => [random.next(), kind] as const)
    .sort(([a], [b]) => a - b)
    .map(([, kind]) => kind);
  const span = (to - from) / order.length;
  return order.map((kind, index) => {
    const {
      minutes: [least, most],
      make,
    } = KINDS[kind] as Kind;
    const minutes = least + random.below(most - least);
    const room = span - minutes * MINUTE - DAY / 4;
    const begin = Math.floor((from + index * span + Math.max(0, room) * random.next()) / MINUTE) * MINUTE;
    return { kind, from: begin, to: begin + minutes * MINUTE, apply: make(random, world, minutes) };
  });
}

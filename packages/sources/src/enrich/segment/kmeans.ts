import { SeededRandom } from '@auspex/numerics';
import { DIMENSIONS } from './mix.ts';

/** Rounds of Lloyd's algorithm on the first users, and how often they are begun anew: which centres come out must not hang on luck. */
const ROUNDS = 20;
const STARTS = 10;
/** A centre goes on learning: a new point moves it by at least this share of the way. */
const SLOWEST = 0.002;

/** Centres of the segments: `DIMENSIONS` numbers each, and how many points each has learnt from. */
export interface Centres {
  readonly at: Float64Array;
  readonly seen: Float64Array;
}

/** Squared distance of a point to a centre. */
export function distance(centres: Centres, centre: number, points: Float64Array, point = 0): number {
  let sum = 0;
  for (let i = 0; i < DIMENSIONS; i++) {
    const difference = (centres.at[centre * DIMENSIONS + i] as number) - (points[point * DIMENSIONS + i] as number);
    sum += difference * difference;
  }
  return sum;
}

/** The centre next to a point; the first of equals. */
export function nearest(centres: Centres, points: Float64Array, point = 0): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let centre = 0; centre < centres.seen.length; centre++) {
    const away = distance(centres, centre, points, point);
    if (away < least) {
      least = away;
      best = centre;
    }
  }
  return best;
}

/**
 * First centres of some points: the best of several runs. Ordered by how much their users do, the most active first, so that a number
 * means something.
 *
 * @param points `DIMENSIONS` numbers each
 */
export function firstCentres(points: Float64Array, segments: number, seed: number): Centres {
  const random = new SeededRandom(seed);
  let best: Centres | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let start = 0; start < STARTS; start++) {
    const centres = oneRun(points, segments, random);
    let sum = 0;
    for (let point = 0; point < points.length / DIMENSIONS; point++) {
      sum += distance(centres, nearest(centres, points, point), points, point);
    }
    if (best !== undefined && sum >= least) continue;
    best = centres;
    least = sum;
  }
  return ordered(best as Centres);
}

/** k-means++ (Arthur and Vassilvitskii 2007), then Lloyd's rounds. */
function oneRun(points: Float64Array, segments: number, random: SeededRandom): Centres {
  const count = points.length / DIMENSIONS;
  const centres: Centres = { at: new Float64Array(segments * DIMENSIONS), seen: new Float64Array(segments) };
  const take = (centre: number, point: number): void => {
    centres.at.set(points.subarray(point * DIMENSIONS, (point + 1) * DIMENSIONS), centre * DIMENSIONS);
  };
  take(0, random.below(count));
  const away = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let centre = 1; centre < segments; centre++) {
    let sum = 0;
    for (let point = 0; point < count; point++) {
      away[point] = Math.min(away[point] as number, distance(centres, centre - 1, points, point));
      sum += away[point] as number;
    }
    let drawn = random.next() * sum;
    let chosen = 0;
    while (chosen < count - 1 && drawn >= (away[chosen] as number)) drawn -= away[chosen++] as number;
    take(centre, chosen);
  }
  for (let round = 0; round < ROUNDS; round++) {
    if (!lloyd(centres, points)) break;
  }
  return centres;
}

/** One round: every centre goes to the mean of its points; one without any stays. False when nothing moved. */
function lloyd(centres: Centres, points: Float64Array): boolean {
  const sums = new Float64Array(centres.at.length);
  centres.seen.fill(0);
  for (let point = 0; point < points.length / DIMENSIONS; point++) {
    const centre = nearest(centres, points, point);
    centres.seen[centre] = (centres.seen[centre] as number) + 1;
    for (let i = 0; i < DIMENSIONS; i++) {
      sums[centre * DIMENSIONS + i] = (sums[centre * DIMENSIONS + i] as number) + (points[point * DIMENSIONS + i] as number);
    }
  }
  let moved = false;
  for (let n = 0; n < sums.length; n++) {
    const seen = centres.seen[Math.floor(n / DIMENSIONS)] as number;
    if (seen === 0) continue;
    const mean = (sums[n] as number) / seen;
    moved ||= mean !== centres.at[n];
    centres.at[n] = mean;
  }
  return moved;
}

function ordered({ at, seen }: Centres): Centres {
  const activity = (centre: number): number => at[centre * DIMENSIONS + DIMENSIONS - 3] as number;
  const order = [...seen.keys()].sort((a, b) => activity(b) - activity(a) || a - b);
  const sorted: Centres = { at: new Float64Array(at.length), seen: new Float64Array(seen.length) };
  order.forEach((centre, n) => {
    sorted.at.set(at.subarray(centre * DIMENSIONS, (centre + 1) * DIMENSIONS), n * DIMENSIONS);
    sorted.seen[n] = seen[centre] as number;
  });
  return sorted;
}

/**
 * Lets the centres learn from a mini-batch (Sculley 2010): points find their centre first, then each moves its own by one over the
 * number of points that it has learnt from, and never by less than `SLOWEST`.
 */
export function learn(centres: Centres, points: Float64Array): void {
  const count = points.length / DIMENSIONS;
  const own = Array.from({ length: count }, (_, point) => nearest(centres, points, point));
  for (let point = 0; point < count; point++) {
    const centre = own[point] as number;
    const seen = (centres.seen[centre] as number) + 1;
    centres.seen[centre] = seen;
    const rate = Math.max(1 / seen, SLOWEST);
    for (let i = 0; i < DIMENSIONS; i++) {
      const n = centre * DIMENSIONS + i;
      centres.at[n] = (centres.at[n] as number) + rate * ((points[point * DIMENSIONS + i] as number) - (centres.at[n] as number));
    }
  }
}

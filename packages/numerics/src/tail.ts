/** Bins are 10 % wide, from 1e-18 to 1e18, so that any unit fits; bin 0 holds what is not above 0. */
const WIDTH = Math.log(1.1);
const LOWEST = -435;
const BINS = 871;
/** The middle of each bin. */
const MIDDLES = Float64Array.from({ length: BINS }, (_, bin) => (bin === 0 ? 0 : Math.exp((bin + LOWEST) * WIDTH)));

/** Values before there is a surprise. */
const FEWEST = 20;
/** Largest exponent of the exponential tail: what is beyond cannot be told apart. */
const DEEPEST = 300;
/** Quantile from which the tail is taken as exponential. */
const FROM = 0.95;
/** Least mean excess over it, as a share of it: of a tail with no spread. */
const THINNEST = 1e-3;
/** So many figures is the belief worth that a tail is as wide as its begin, where it begins above most of what was learnt. */
const BELIEF = 10;

/** Bins that are kept apart, up to the highest: ten orders of magnitude. What is smaller is counted to the lowest. */
const KEPT = 256;

/** How often a figure that is not negative was how large: what it is measured by later. Data of one size. */
export interface Tail {
  /** How many were learnt. */
  n: number;
  /** The bin of the first count. */
  first: number;
  readonly counts: Float32Array;
}

export function emptyTail(): Tail {
  return { n: 0, first: 0, counts: new Float32Array(KEPT) };
}

function binOf(value: number): number {
  return value > 0 ? Math.min(BINS - 1, Math.max(1, Math.round(Math.log(value) / WIDTH) - LOWEST)) : 0;
}

/** The exponential part of a tail. */
interface Beyond {
  readonly threshold: number;
  /** Mean excess over it. */
  readonly excess: number;
  /** Share of what was learnt that is above it. */
  readonly share: number;
}

/**
 * Above the quantile a tail with the mean excess over it (peaks over threshold, Pickands 1975). The mean, not a robust figure: outliers widen the
 * tail, so that a series that has many raises its own bar.
 */
function beyondOf({ n, first, counts }: Tail, thinnest: number): Beyond {
  const wanted = (1 - FROM) * n;
  let above = 0;
  let sum = 0;
  let bin = first + counts.length - 1;
  for (; bin > first; bin--) {
    const count = counts[bin - first] as number;
    if (above + count > wanted) break;
    above += count;
    sum += count * (MIDDLES[bin] as number);
  }
  const threshold = MIDDLES[bin] as number;
  // Of the quantile's own bin that part which is above it.
  const rest = wanted - above;
  above += rest;
  sum += rest * threshold;
  const excess = sum / above - threshold;
  return { threshold, excess: excess > threshold * thinnest ? excess : threshold * thinnest + 1e-300, share: (above + 1) / (n + 1) };
}

/** The tail of figures that are mostly too small to be told apart, and were learnt as `least`: of those alone that are above it. */
function beyondLeast({ n, first, counts }: Tail, least: number): Beyond {
  let [above, sum] = [0, BELIEF * least];
  for (let bin = first + counts.length - 1, lump = Math.max(first, binOf(least)); bin > lump; bin--) {
    const count = counts[bin - first] as number;
    above += count;
    sum += count * ((MIDDLES[bin] as number) - least);
  }
  return { threshold: least, excess: sum / (above + BELIEF), share: (above + 1) / (n + 1) };
}

/**
 * How rare a figure is under what was learnt: -log10 of its tail probability, by rank up to a quantile, exponential beyond. 0 where little was learnt.
 *
 * @param thinnest least mean excess, as a share of the quantile
 */
export function surpriseIn(tail: Tail, value: number, thinnest = THINNEST): number {
  return tail.n < FEWEST ? 0 : surpriseBy(beyondOf(tail, thinnest), tail, value);
}

/** The same of a figure where all up to `least` are one, and no surprise. They are to be learnt with `learnBounded`. */
export function surpriseAbove(tail: Tail, value: number, least: number): number {
  if (tail.n < FEWEST || value <= least) return 0;
  const usual = beyondOf(tail, THINNEST);
  const isLump = binOf(usual.threshold) <= Math.max(tail.first, binOf(least));
  return surpriseBy(isLump ? beyondLeast(tail, least) : usual, tail, value);
}

function surpriseBy({ threshold, excess, share }: Beyond, { n, first, counts }: Tail, value: number): number {
  const own = binOf(value);
  // A figure that is always the same must not seem to be above the middle of its own bin.
  if (value > threshold && own > binOf(threshold)) return -Math.log10(share) + Math.min(DEEPEST, (value - threshold) / excess / Math.LN10);
  let reached = 0;
  for (let bin = first + counts.length - 1, lowest = Math.max(first, own); bin >= lowest; bin--) reached += counts[bin - first] as number;
  return -Math.log10((reached + 1) / (n + 1));
}

/**
 * Learns a figure.
 *
 * @param most figures that are remembered: with so many all count half. Default: all are
 * @param by how much it counts. Default 1
 */
export function learnInto(tail: Tail, value: number, most = Number.POSITIVE_INFINITY, by = 1): void {
  const bin = binOf(value);
  reach(tail, bin);
  const at = Math.max(0, bin - tail.first);
  tail.counts[at] = (tail.counts[at] as number) + by;
  tail.n += by;
  if (tail.n < most) return;
  for (let i = 0; i < tail.counts.length; i++) tail.counts[i] = (tail.counts[i] as number) / 2;
  tail.n /= 2;
}

/** Figures that are learnt as they are: before, nobody knows what would be too much. */
const OPEN = 500;
/** What is more surprising than this is learnt as if it were only so surprising, and no tail is thinner than this share for it. */
const LEARNT = 4;
const BROAD = 0.1;

/**
 * Learns a figure, but of an extreme one only so much that it would just stand out: an incident that lasts must not become the measure of the next. What lasts
 * for good is learnt so, too, a little at a time.
 */
export function learnBounded(tail: Tail, given: number, least: number, most: number, by = 1): void {
  // All that is nearer is one: so a tail has a least width, and few bins. It is no extreme, whatever was learnt.
  if (given <= least || tail.n < OPEN) {
    learnInto(tail, Math.max(least, given), most, by);
    return;
  }
  const { threshold, excess, share } = beyondOf(tail, BROAD);
  const limit = threshold + Math.max(0, LEARNT + Math.log10(share)) * Math.LN10 * excess;
  learnInto(tail, Math.min(given, limit), most, by);
}

/** Moves the bins that are kept up, until one is among them. */
function reach(tail: Tail, bin: number): void {
  const up = bin - (tail.first + KEPT - 1);
  if (up <= 0) return;
  const { counts } = tail;
  let lowest = 0;
  for (let i = 0; i < Math.min(KEPT, up + 1); i++) lowest += counts[i] as number;
  counts.copyWithin(0, Math.min(KEPT, up));
  counts.fill(0, Math.max(0, KEPT - up));
  counts[0] = lowest;
  tail.first += up;
}

/** Is this a tail, as it was written? */
export function isTail(value: unknown): value is Tail {
  const { n, first, counts } = (value ?? {}) as Partial<Tail>;
  return typeof n === 'number' && n >= 0 && Number.isInteger(first) && counts instanceof Float32Array && counts.length === KEPT;
}

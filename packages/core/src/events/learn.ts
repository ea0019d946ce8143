import { BINS, isRunning, PHASES } from './effect.ts';

/** Spread of amplitudes that nothing is known of, log units: two thirds of events do less than double demand or halve it. */
const UNKNOWN_SD = 0.8;
/** How far a given impact is trusted. */
const GIVEN_SD = 0.25;
/** What differs between groups (pools) of one category. */
const BETWEEN_SD = 0.3;
/** Drift from one occurrence to the next. */
const DRIFT_SD = 0.1;
/** What differs between occurrences: at first, and in what bounds it is learnt. */
const OCCASION_SD = 0.2;
const [LEAST_OCCASION_SD, MOST_OCCASION_SD] = [0.1, 0.4];
/** Part of the newest deviation in the spread between occurrences. */
const OCCASION_GAIN = 0.2;
/** How far one occurrence may move a belief, log units: a factor of 4 where it is the first, 1.5 after. One bad day cannot wreck it. */
const MOST_MOVE = { first: Math.log(4), later: Math.log(1.5) } as const;
/** A belief is never surer than that. */
const LEAST_VARIANCE = 0.03 ** 2;
/** Spread of a phase's height around the shape, parts of the height: before and after, not given and given; while it runs. */
const [LOOSE_SD, GIVEN_SHAPE_SD, RUNNING_SD] = [0.5, 0.2, 0.25];
/** What that comes down to, and what one occurrence says of it. */
const [LEAST_SHAPE_SD, SHAPE_NOISE_SD] = [0.05, 0.15];
/** Amplitude below which an occurrence says nothing of its shape, log units. */
const LEAST_AMPLITUDE = 0.2;
/** A phase is never further from the shape than so many heights. */
const MOST_HEIGHT = 2;

/**
 * What is believed of a kind of event at one series, or at all of them: a normal belief of its amplitude (its mean height while it runs,
 * log units), and of each phase's part of it. Intervention analysis (Box & Tiao 1975), shrunk towards what is known otherwise.
 */
export interface Belief {
  readonly mean: number;
  readonly variance: number;
  /** Variance between occurrences. */
  readonly occasion: number;
  /** The impact that had been given with the last one, log units; null = none. */
  readonly given: number | null;
  /** By phase, parts of the height above the given shape, and their variances. */
  readonly shape: readonly number[];
  readonly shapeVariance: readonly number[];
  /** Occurrences learnt from. */
  readonly seen: number;
  /** When the last of them was over, epoch ms. */
  readonly last: number;
}

/**
 * The belief that a series (or a category) begins with: that of its category, else the given impact, else that nothing is known.
 *
 * @param parent of the category over all its series
 * @param given impact, log units
 */
export function beginBelief(parent: Belief | undefined, given: number | undefined, hasShape: boolean): Belief {
  if (parent !== undefined) {
    return expected({ ...parent, variance: parent.variance + BETWEEN_SD ** 2, seen: 0 }, given);
  }
  const shapeSd = hasShape ? GIVEN_SHAPE_SD : LOOSE_SD;
  return {
    mean: given ?? 0,
    variance: given === undefined ? UNKNOWN_SD ** 2 : GIVEN_SD ** 2,
    occasion: OCCASION_SD ** 2,
    given: given ?? null,
    shape: new Array<number>(BINS).fill(0),
    shapeVariance: Array.from({ length: BINS }, (_, phase) => (isRunning(phase) ? RUNNING_SD : shapeSd) ** 2),
    seen: 0,
    last: Number.NEGATIVE_INFINITY,
  };
}

/**
 * The belief of an occurrence with this given impact. Where the earlier ones had one as well, what was learnt is how far the giver is off;
 * where they had none, both are weighed by what they are worth.
 */
export function expected(belief: Belief, given: number | undefined): Belief {
  if (given === undefined || given === belief.given) return belief;
  if (belief.given !== null) return { ...belief, mean: belief.mean + given - belief.given, given };
  const k = belief.variance / (belief.variance + GIVEN_SD ** 2);
  return { ...belief, mean: belief.mean + k * (given - belief.mean), variance: (1 - k) * belief.variance, given };
}

/** What one occurrence showed. */
export interface Shown {
  /** Mean amplitude while it ran, log units, and the variance of that mean. */
  readonly amplitude: number;
  readonly variance: number;
  /** By phase: mean amplitude, mean of the given shape, variance of the mean; undefined where nothing was seen. */
  readonly phases: readonly ({ readonly amplitude: number; readonly given: number; readonly variance: number } | undefined)[];
  /** Capacity hid more than was seen: it may raise, never lower. */
  readonly bound: boolean;
  readonly at: number;
}

/** The belief after an occurrence. `between` = it is one of many series: what differs between them is noise as well. */
export function learn(belief: Belief, shown: Shown, between = false): Belief {
  const prior = belief.variance + DRIFT_SD ** 2;
  const noise = belief.occasion + shown.variance + (between ? BETWEEN_SD ** 2 : 0);
  const k = prior / (prior + noise);
  const off = shown.bound ? Math.max(0, shown.amplitude - belief.mean) : shown.amplitude - belief.mean;
  const most = belief.seen === 0 ? MOST_MOVE.first : MOST_MOVE.later;
  const move = Math.max(-most, Math.min(most, k * off));
  // What was cut off is still to be learnt: a lasting change goes on at the next.
  const variance = move === k * off && !(shown.bound && off === 0) ? (1 - k) * prior : prior;
  const deviation = Math.min(Math.abs(off), MOST_OCCASION_SD);
  // Of the first the belief knew too little for its miss to say how they differ.
  const occasion = belief.seen === 0 ? belief.occasion : (1 - OCCASION_GAIN) * belief.occasion + OCCASION_GAIN * deviation ** 2;
  return {
    ...belief,
    mean: belief.mean + move,
    variance: Math.max(LEAST_VARIANCE, variance),
    occasion: Math.max(LEAST_OCCASION_SD ** 2, Math.min(MOST_OCCASION_SD ** 2, occasion)),
    ...learnShape(belief, shown),
    seen: belief.seen + 1,
    last: shown.at,
  };
}

function learnShape({ shape, shapeVariance }: Belief, { amplitude, phases, bound }: Shown): Pick<Belief, 'shape' | 'shapeVariance'> {
  if (Math.abs(amplitude) < LEAST_AMPLITUDE || bound) return { shape, shapeVariance };
  const next = [...shape];
  const variances = [...shapeVariance];
  for (const [phase, seen] of phases.entries()) {
    if (seen === undefined) continue;
    const prior = variances[phase] as number;
    const k = prior / (prior + SHAPE_NOISE_SD ** 2 + seen.variance / amplitude ** 2);
    const height = Math.max(-MOST_HEIGHT, Math.min(MOST_HEIGHT, seen.amplitude / amplitude - seen.given));
    next[phase] = (next[phase] as number) + k * (height - (next[phase] as number));
    variances[phase] = Math.max(LEAST_SHAPE_SD ** 2, (1 - k) * prior);
  }
  // The amplitude is the mean of the phases while it runs: what they have in common is its, not theirs.
  const common = next.slice(PHASES, 2 * PHASES).reduce((sum, height) => sum + height, 0) / PHASES;
  for (let phase = PHASES; phase < 2 * PHASES; phase++) next[phase] = (next[phase] as number) - common;
  return { shape: next, shapeVariance: variances };
}

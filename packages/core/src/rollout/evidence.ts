/**
 * Is it dearer than the reactive policy? A test of "the mean difference of a day's cost is at most zero", looked at after every day.
 *
 * The evidence is Catoni's supermartingale (Wang & Ramdas 2023, "Catoni-style confidence sequences for heavy-tailed mean estimation",
 * Stochastic Processes and their Applications 163, one side of equation 9): with phi(x) = log(1 + x + x²/2) for x >= 0 and
 * -log(1 - x + x²/2) below, and lambda chosen before the day,
 *
 *     M = prod exp(phi(lambda x) - lambda² s² / 2)
 *
 * is a nonnegative supermartingale where E[x | past] <= 0 and E[x² | past] <= s², whatever the tails; by Ville's inequality it ever
 * reaches 1/alpha with a chance of at most alpha. So it may be looked at every day, and stopped when one likes.
 *
 * A block is a day: within it costs hang together, and its seasons cancel out. x is the day's difference over a mean day's cost of the
 * reactive policy. s² is not known: a running mean of x², begun with a prior and taken half as large again, stands for it; a simulation
 * with seasons, autocorrelation and heavy tails checks what that does to alpha. Evidence begins anew every 30 days, so that good months
 * do not hide a bad one: alpha is a chance a month.
 */
export interface Evidence {
  /** log M. */
  readonly log: number;
  /** Days that it rests on. */
  readonly days: number;
  /** Running mean cost of the reactive policy a day, and of x²; with their weights. */
  readonly scale: number;
  readonly scaleWeight: number;
  readonly square: number;
  readonly squareWeight: number;
}

export const MONTH_DAYS = 30;
/** Days that the prior of x² counts as, and what it is: half of a day's cost. */
const PRIOR_DAYS = 5;
const PRIOR_SQUARE = 0.25;
/** What is kept of older days. */
const KEEP = 0.97;
const CAUTION = 1.5;

export function beginEvidence(): Evidence {
  return { log: 0, days: 0, scale: 0, scaleWeight: 0, square: PRIOR_SQUARE, squareWeight: PRIOR_DAYS };
}

/** Of a day's relative difference: a tenth of a day's cost is always possible by chance. */
const LEAST_VARIANCE = 0.01;

/**
 * Weighs one day.
 *
 * @param ours cost of the day
 * @param reference cost of the reactive policy on that day
 * @param alpha chance of a false alarm a month: it fixes the bet, which is the best one for an alarm after a month
 */
export function weighDay(before: Evidence, ours: number, reference: number, alpha: number): Evidence {
  const evidence = before.days >= MONTH_DAYS ? { ...before, log: 0, days: 0 } : before;
  const scaleWeight = KEEP * evidence.scaleWeight + 1;
  const scale = evidence.scale + (reference - evidence.scale) / scaleWeight;
  // The first day has nothing before it to be measured by.
  if (evidence.scaleWeight === 0 || !(evidence.scale > 0)) return { ...evidence, scale, scaleWeight };
  const x = (ours - reference) / evidence.scale;
  // A pool that was like the reference for long has not become one of which a single dear day is proof.
  const variance = Math.max(CAUTION * evidence.square, LEAST_VARIANCE);
  const lambda = Math.sqrt((2 * Math.log(1 / alpha)) / (MONTH_DAYS * variance));
  const log = evidence.log + phi(lambda * x) - (lambda * lambda * variance) / 2;
  const squareWeight = KEEP * evidence.squareWeight + 1;
  const square = evidence.square + (x * x - evidence.square) / squareWeight;
  return { log, days: evidence.days + 1, scale, scaleWeight, square, squareWeight };
}

export function isProven({ log }: Evidence, alpha: number): boolean {
  return log >= Math.log(1 / alpha);
}

function phi(x: number): number {
  return x >= 0 ? Math.log(1 + x + (x * x) / 2) : -Math.log(1 - x + (x * x) / 2);
}

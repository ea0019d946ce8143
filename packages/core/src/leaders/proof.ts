/** Days after which a day counts half. */
const HALF_LIFE = 21;
const KEEP = 0.5 ** (1 / HALF_LIFE);
/** Days with news that must be there, standard errors that their mean gain has to be above none, and the least part of the loss. */
const LEAST_DAYS = 5;
const ERRORS = 2;
/** Further errors of the mean of few days, whose spread is hardly known; divided by their number. */
const FEW = 6;
const LEAST_GAIN = 0.01;
/** Spreads of a day that may be lost in days that follow each other before a leader has to prove itself anew. */
const MOST_HARM = 2;

/**
 * Has a leader made forecasts better that were made before their outcomes were known? Gains are what it saves of the pinball loss beside the
 * other leaders in use, relative to the pool's level; summed by day, since steps of a day are not independent. Data.
 */
export interface Proof {
  used: boolean;
  /** Of days with news, those long past counting less: weights and their squares, gains and their squares, losses without. */
  days: number;
  daysSquared: number;
  gains: number;
  gainsSquared: number;
  losses: number;
  /** What was lost in the last days and not made good since. */
  harm: number;
  /** Of the day that is not over. */
  today: { count: number; gain: number; loss: number };
}

export function beginProof(): Proof {
  return {
    used: false,
    days: 0,
    daysSquared: 0,
    gains: 0,
    gainsSquared: 0,
    losses: 0,
    harm: 0,
    today: { count: 0, gain: 0, loss: 0 },
  };
}

/** @param loss without the leader; `gain` of it was saved with it */
export function noteGain({ today }: Proof, gain: number, loss: number): void {
  today.count++;
  today.gain += gain;
  today.loss += loss;
}

/** Ends a day, and says whether the leader is used from now on. */
export function closeDay(proof: Proof): void {
  const { count, gain, loss } = proof.today;
  proof.today = { count: 0, gain: 0, loss: 0 };
  if (count === 0) return;
  proof.days = KEEP * proof.days + 1;
  proof.daysSquared = KEEP ** 2 * proof.daysSquared + 1;
  proof.gains = KEEP * proof.gains + gain;
  proof.gainsSquared = KEEP * proof.gainsSquared + gain ** 2;
  proof.losses = KEEP * proof.losses + loss;
  proof.harm = Math.max(0, proof.harm - gain);
  const { mean, spread, error, number } = momentsOf(proof);
  if (!proof.used) {
    // Half a day less: of five days that count nearly alike the number is just below five.
    const enough = number > LEAST_DAYS - 0.5 && mean > (ERRORS + FEW / number) * error;
    proof.used = enough && proof.gains > LEAST_GAIN * proof.losses;
    proof.harm = 0;
  } else if (mean < 0 || proof.harm > MOST_HARM * spread) {
    // What it was worth once is no reason to trust it again.
    Object.assign(proof, beginProof());
  }
}

/** Mean gain of a day, spread of the days, error of the mean, and the days that it is of. */
function momentsOf({ days, daysSquared, gains, gainsSquared }: Proof): { mean: number; spread: number; error: number; number: number } {
  const mean = gains / days;
  const number = days ** 2 / daysSquared;
  const variance = Math.max(0, gainsSquared / days - mean ** 2) * (number > 1 ? number / (number - 1) : 1);
  return { mean, spread: Math.sqrt(variance), error: Math.sqrt(variance / number), number };
}
